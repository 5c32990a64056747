/** The caps on connections hold over all transports, whether native code or Node accepts a connection. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import type { Server } from 'multisocket';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { serve, until } from '../../support/server.js';

const CAP = 4;

describe('caps on connections', () => {
  let own: Certificate;
  let server: Server;
  let ports: { tcp: number; tls: number };
  let sockets: Socket[];

  const start = async (
    host: string,
    tcp: { maxConnections?: number; maxConnectionsPerClient?: number },
  ): Promise<void> => {
    const listen = ['dns', 'tls'].map((scheme) => `${scheme}://${host}:0`);
    ({ server } = await serve({ listen, sockets: 1, workers: 1, tls: own, tcp }));
    const [plain, encrypted] = server.addresses();
    ports = { tcp: plain.port, tls: encrypted.port };
  };
  const open = async (transport: keyof typeof ports, host: string): Promise<Socket> => {
    const socket = connect(ports[transport], host);
    socket.on('error', () => undefined);
    sockets.push(socket);
    // A reset may come before the client knows that it is connected.
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
    return socket;
  };

  const isClosed = async (socket: Socket): Promise<void> => {
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  };

  before(async () => (own = await makeCertificate()));
  beforeEach(() => (sockets = []));
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await server.close({ timeout: 0 });
  });

  // Both have to find the same client by the same key.
  for (const host of ['127.0.0.1', '::1']) {
    it(`of one client, ${host}: by TCP and by TLS together`, async () => {
      await start(host === '::1' ? '[::1]' : host, { maxConnectionsPerClient: CAP });
      for (let i = 0; i < CAP; i++) await open(i % 2 === 0 ? 'tcp' : 'tls', host);
      await until(() => server.stats().totals.tcpOpen === CAP, 'the connections');
      for (const transport of ['tcp', 'tls'] as const) await isClosed(await open(transport, host));
      const { tcpRefused, tcpRefusedClient } = server.stats().totals;
      assert.deepEqual({ tcpRefused, tcpRefusedClient }, { tcpRefused: 0, tcpRefusedClient: 2 });
      sockets[0].destroy();
      await until(() => server.stats().totals.tcpOpen === CAP - 1, 'one to go');
      await open('tls', host);
      await until(() => server.stats().totals.tcpOpen === CAP, 'its successor');
    });
  }

  it('of all clients: by TCP and by TLS together', async () => {
    await start('127.0.0.1', { maxConnections: CAP });
    for (let i = 0; i < CAP; i++) await open(i % 2 === 0 ? 'tls' : 'tcp', '127.0.0.1');
    await until(() => server.stats().totals.tcpOpen === CAP, 'the connections');
    await isClosed(await open('tcp', '127.0.0.1'));
    assert.equal(server.stats().totals.tcpRefused, 1);
  });
});
