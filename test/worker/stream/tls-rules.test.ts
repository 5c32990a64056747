/** What TLS is like on every transport: versions, cipher suites, and no renegotiation. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Server, TlsSettings } from 'multisocket';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { serve, until } from '../../support/server.js';

const TRANSPORTS = [
  { name: 'TLS', transport: 'tls', protocol: 'dot' },
  { name: 'HTTPS by HTTP/1', transport: 'https', protocol: 'http/1.1' },
  { name: 'HTTPS by HTTP/2', transport: 'https', protocol: 'h2' },
  { name: 'gRPC', transport: 'grpc', protocol: 'h2' },
] as const;

describe('TLS', () => {
  let own: Certificate;
  let server: Server;
  let port: number;

  const start = async (transport: string, tls: Partial<TlsSettings> = {}): Promise<void> => {
    const listen = `${transport}://127.0.0.1:0`;
    ({ server, port } = await serve({ listen, workers: 1, sockets: 1, tls: { ...own, ...tls } }));
  };
  /** A connection; rejects when the handshake fails. */
  const open = async (options: ConnectionOptions): Promise<TLSSocket> => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: own.cert, ...options });
    try {
      await once(socket, 'secureConnect');
      return socket;
    } finally {
      socket.on('error', () => undefined);
    }
  };

  before(async () => (own = await makeCertificate()));
  afterEach(() => server.close({ timeout: 0 }));

  for (const { name, transport, protocol } of TRANSPORTS) {
    it(`${name}: the first renegotiation closes the connection`, async () => {
      await start(transport);
      const client = spawn('openssl', [
        ...['s_client', '-connect', `127.0.0.1:${port}`, '-alpn', protocol],
        ...['-tls1_2', '-legacy_renegotiation'],
      ]);
      const exited = once(client, 'exit');
      let said = '';
      for (const stream of [client.stdout, client.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await until(() => said.includes('Verify return code'), 'the handshake');
      assert.match(said, /Protocol\s*: TLSv1\.2/);
      client.stdin.write('R\n'); // its order to renegotiate
      await until(() => server.stats().totals.tcpOpen === 0, 'the connection to be closed');
      await exited;
      assert.match(said, /RENEGOTIATING/);
    });

    it(`${name}: TLS 1.2 has suites with authenticated encryption alone`, async () => {
      await start(transport);
      const old = { maxVersion: 'TLSv1.2', ALPNProtocols: [protocol] } as const;
      for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-SHA256'])
        await assert.rejects(open({ ...old, ciphers }), ciphers);
      for (const ciphers of [
        'ECDHE-ECDSA-AES128-GCM-SHA256',
        'ECDHE-ECDSA-AES256-GCM-SHA384',
        'ECDHE-ECDSA-CHACHA20-POLY1305',
      ]) {
        const socket = await open({ ...old, ciphers });
        assert.equal(socket.getCipher().name, ciphers);
        socket.destroy();
      }
      await assert.rejects(open({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }));
    });
  }

  it('has other suites, and another lowest version, if configured', async () => {
    await start('tls', { ciphers: 'ECDHE-ECDSA-AES128-SHA:TLS_AES_128_GCM_SHA256' });
    const old = await open({ maxVersion: 'TLSv1.2', ciphers: 'ALL' });
    assert.equal(old.getCipher().name, 'ECDHE-ECDSA-AES128-SHA');
    old.destroy();
    await server.secure({ minVersion: 'TLSv1.3' });
    await assert.rejects(open({ maxVersion: 'TLSv1.2', ciphers: 'ALL' }));
    const current = await open({});
    assert.deepEqual([current.getProtocol(), current.getCipher().name], ['TLSv1.3', 'TLS_AES_128_GCM_SHA256']);
    current.destroy();
  });
});
