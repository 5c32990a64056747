import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import packet from 'dns-packet';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { framed, queryBytes, run } from '../support/clients.js';
import { atMost, until } from '../support/server.js';
import { dnsperf } from '../support/dnsperf.js';

const fixture = new URL('../fixtures/addresses.js', import.meta.url);

describe('DNS over TLS (RFC 7858)', () => {
  let certificate: Certificate;
  let server: Server;
  let port: number;

  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    const listen = { transport: 'tls' as const, address: '127.0.0.1', port: 0 };
    server = createServer({ listen, sockets: atMost(4), workers: 2, filename: fixture, tls: certificate, ...options });
    await server.listen();
    port = server.addresses()[0].port;
  };
  const open = async (options: object = {}): Promise<TLSSocket> => {
    const socket = connect({ port, host: '127.0.0.1', ca: certificate.cert, ALPNProtocols: ['dot'], ...options });
    await once(socket, 'secureConnect');
    return socket;
  };
  const exchange = async (socket: TLSSocket, message: Buffer): Promise<packet.DecodedPacket> => {
    socket.write(framed(message));
    const [frame] = (await once(socket, 'data')) as [Buffer];
    return packet.decode(frame.subarray(2));
  };

  before(async () => (certificate = await makeCertificate()));
  afterEach(() => server.close());

  it('answers kdig +tls, with the certificate checked', async () => {
    await start();
    const args = ['-p', String(port), `+tls-ca=${certificate.file}`, '+tls-hostname=localhost'];
    const output = await run('kdig', ['@127.0.0.1', ...args, 'example.org', 'A']);
    assert.match(output, /status: NOERROR/);
    assert.match(output, /192\.0\.2\.1/);
    assert.match(output, /TLS session \(TLS1\.3\)/);
    assert.deepEqual(server.addresses()[0].transport, 'tls');
  });

  it('answers dnsperf -m dot, pipelined, on every socket', async () => {
    await start();
    const output = await dnsperf(port, ['-m', 'dot', '-l', '1', '-c', '20']);
    assert.match(output, /Queries lost:\s+0 /);
    assert.match(output, /NOERROR \d+ \(100\.00%\)/);
    // By hash a few connections may miss a socket: over a few runs each has its share.
    const idle = (): boolean => server.stats().sockets.some(({ queries }) => queries === 0);
    for (let i = 0; idle() && i < 10; i++) await dnsperf(port, ['-m', 'dot', '-n', '1', '-c', '20']);
    assert.ok(!idle());
  });

  it('agrees on dot, tells handlers that it is TLS, and counts', async () => {
    await start();
    const socket = await open();
    assert.equal(socket.alpnProtocol, 'dot');
    assert.equal((await exchange(socket, queryBytes('example.org'))).answers?.length, 1);
    socket.destroy();
    const { tcpQueries, tcpReplies, tcpAccepted } = server.stats().totals;
    assert.deepEqual({ tcpQueries, tcpReplies, tcpAccepted }, { tcpQueries: 1, tcpReplies: 1, tcpAccepted: 1 });
    assert.deepEqual(
      new Set(server.stats().sockets.map(({ protocol, transport }) => `${protocol} ${transport}`)),
      new Set(['tcp tls']),
    );
  });

  it('answers the queries of many records in one, when they come together', async () => {
    await start();
    const tcp = createConnection(port, '127.0.0.1');
    await once(tcp, 'connect');
    // Between TLS and TCP: what TLS writes one by one may leave in one segment.
    const between = new Duplex({
      read: () => undefined,
      write: (chunk, _, done) => {
        tcp.write(chunk as Buffer);
        done();
      },
    });
    tcp.on('data', (chunk: Buffer) => between.push(chunk)).on('close', () => between.push(null));
    const socket = await open({ socket: between });
    const records: Buffer[] = [];
    socket.on('data', (record: Buffer) => records.push(record));
    await exchange(socket, queryBytes('example.org'));
    records.length = 0;
    tcp.cork();
    for (let id = 1; id <= 5; id++) {
      socket.write(framed(queryBytes('example.org', 'A', { id })));
      await setImmediate();
    }
    tcp.uncork();
    await until(() => records.length > 0, 'the answers');
    assert.equal(records.length, 1);
    const ids: number[] = [];
    for (let rest = records[0]; rest.length > 0; rest = rest.subarray(2 + rest.readUInt16BE(0)))
      ids.push(rest.readUInt16BE(2));
    assert.deepEqual(ids, [1, 2, 3, 4, 5]);
    tcp.destroy();
  });

  it('resumes a session with any worker', async () => {
    await start();
    const first = await open();
    // The ticket comes after the handshake; the answer shows that it has come.
    const ticket = once(first, 'session') as Promise<[Buffer]>;
    await exchange(first, queryBytes('example.org'));
    const [session] = await ticket;
    first.destroy();
    for (let i = 0; i < 8; i++) {
      const again = await open({ session });
      assert.equal(again.isSessionReused(), true);
      again.destroy();
    }
    assert.ok(
      server.stats().workers.every(({ tcpAccepted }) => tcpAccepted > 0) || server.stats().totals.tcpAccepted === 9,
    );
  });

  it('shows a new certificate after secure(), and keeps the old one if the new one is invalid', async () => {
    await start();
    const renewed = await makeCertificate('renewed.example');
    await assert.rejects(server.secure({ cert: 'no certificate', key: renewed.key }));
    (await open()).destroy();
    const kept = await open();
    await server.secure(renewed);
    const socket = await open({ ca: renewed.cert });
    assert.equal(socket.getPeerCertificate().subject.CN, 'renewed.example');
    assert.equal((await exchange(kept, queryBytes('example.org'))).answers?.length, 1);
    for (const each of [socket, kept]) each.destroy();
  });

  it('admits only clients with a certificate if requestCert says so', async () => {
    const client = await makeCertificate('client.example');
    await start({ tls: { ...certificate, ca: client.cert, requestCert: true } });
    const stranger = connect({ port, host: '127.0.0.1', ca: certificate.cert });
    await assert.rejects(once(stranger, 'data'));
    const known = await open({ cert: client.cert, key: client.key });
    assert.equal((await exchange(known, queryBytes('example.org'))).answers?.length, 1);
    known.destroy();
  });

  it('counts handshakes that fail, and serves on', async () => {
    await start();
    const plain = connect({
      port,
      host: '127.0.0.1',
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    await assert.rejects(once(plain, 'secureConnect'));
    const socket = await open();
    assert.equal((await exchange(socket, queryBytes('example.org'))).answers?.length, 1);
    socket.destroy();
    assert.equal(server.stats().totals.tlsHandshakeFailures, 1);
  });

  it('needs a certificate', async () => {
    await start();
    assert.throws(() => createServer({ listen: 'tls://127.0.0.1:0', filename: fixture }), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
    assert.throws(() => createServer({ listen: 'quic://127.0.0.1:0', filename: fixture }), {
      code: 'ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT',
    });
  });
});
