/** How connections of DNS over HTTPS and the requests on them end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type TLSSocket } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import type { Server, ServerOptions } from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { queryBytes } from '../support/clients.js';
import { serve, until } from '../support/server.js';

const POST = { ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' };

describe('connections of DNS over HTTPS', () => {
  let certificate: Certificate;
  let server: Server;
  let port: number;
  const open: { destroy: () => void }[] = [];

  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    const listen = { transport: 'https' as const, address: '127.0.0.1', port: 0 };
    ({ server, port } = await serve({ listen, sockets: 1, workers: 1, tls: certificate, ...options }));
  };
  const connectSession = (): ClientHttp2Session => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: certificate.cert });
    session.on('error', () => undefined);
    open.push(session);
    return session;
  };
  /** The status of a request and its body; 0 when it broke off. */
  const ask = async (session: ClientHttp2Session, body: Uint8Array, more: object = {}): Promise<[number, Buffer]> => {
    const stream = session.request({ ...POST, ...more });
    stream.on('error', () => undefined);
    let status = 0;
    stream.on('response', (headers) => (status = Number(headers[':status'])));
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.end(body);
    await once(stream, 'close');
    return [status, Buffer.concat(chunks)];
  };
  const rcodeOf = ([, body]: [number, Buffer]): number => body[3] & 0x0f;
  /** A connection of HTTP/1.1, and all that comes by it until it is closed. */
  const speakHttp1 = async (): Promise<{ socket: TLSSocket; heard: () => string; closed: Promise<unknown> }> => {
    const socket = connect({ port, host: '127.0.0.1', ca: certificate.cert, ALPNProtocols: ['http/1.1'] });
    open.push(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await once(socket, 'secureConnect');
    return { socket, heard: () => text, closed };
  };

  before(async () => (certificate = await makeCertificate()));
  afterEach(async () => {
    for (const each of open.splice(0)) each.destroy();
    await server.close();
  });

  it('a handler that takes too long is SERVFAIL', async () => {
    await start({ handlerTimeout: 50 });
    const answer = await ask(connectSession(), queryBytes('never.example.org'));
    assert.deepEqual([answer[0], rcodeOf(answer)], [200, 2]);
  });

  it('a query that the handler drops has no answer, and others of its connection have theirs', async () => {
    await start();
    const session = connectSession();
    const answers = await Promise.all(['drop', 'www', 'async'].map((name) => ask(session, queryBytes(`${name}.test`))));
    assert.deepEqual(
      answers.map(([status]) => status),
      [0, 200, 200],
    );
  });

  it('a body may come in pieces', async () => {
    await start();
    const stream = connectSession().request(POST);
    for (const octet of queryBytes('example.org')) {
      stream.write(Buffer.of(octet));
      await wait(1);
    }
    stream.end();
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    assert.equal(headers[':status'], 200);
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    assert.equal(packet.decode(chunk).answers?.length, 1);
  });

  it('a body that never ends is given up, by both versions of HTTP', async () => {
    await start({ tcp: { messageTimeout: 100 } });
    const session = connectSession();
    const stream = session.request(POST);
    stream.on('error', () => undefined);
    stream.write(Buffer.of(0));
    await once(stream, 'close');
    assert.equal((await ask(session, queryBytes('example.org')))[0], 200, 'its connection is as good as before');
    const { socket, heard, closed } = await speakHttp1();
    const type = 'content-type: application/dns-message';
    socket.write(`POST /dns-query HTTP/1.1\r\nhost: a\r\n${type}\r\ncontent-length: 100\r\n\r\nabc`);
    await closed;
    assert.equal(heard(), '');
  });

  it('a request that the client breaks off is forgotten', async () => {
    await start();
    const session = connectSession();
    const streams = Array.from({ length: 20 }, () => session.request(POST));
    for (const stream of streams) {
      stream.on('error', () => undefined);
      stream.write(Buffer.of(0));
    }
    await ask(session, queryBytes('example.org'));
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    assert.equal((await ask(session, queryBytes('example.org')))[0], 200);
    session.close();
    assert.deepEqual(await server.close(), { queries: 0, connections: 0 });
  });

  it('a connection that rests is closed, by both versions of HTTP, and before its first request', async () => {
    await start({ tcp: { idleTimeout: 200 } });
    const session = connectSession();
    const ended = once(session, 'close');
    assert.equal((await ask(session, queryBytes('example.org')))[0], 200);
    const quiet = await speakHttp1();
    const slow = await speakHttp1();
    slow.socket.write('POST /dns-query HTTP/1.1\r\nhost: a\r\n');
    await Promise.all([ended, quiet.closed, slow.closed]);
    await until(() => server.stats().totals.tcpOpen === 0, 'all connections to be closed');
    assert.equal(server.stats().totals.tcpIdle, 3);
  });

  it('what has come is answered before the server closes, by both versions of HTTP', async () => {
    await start({ filename: new URL('./fixtures/faulty.js', import.meta.url) });
    const question = queryBytes('slow.2000', 'TXT');
    const asked = ask(connectSession(), question);
    const { socket, heard, closed } = await speakHttp1();
    socket.write(`GET /dns-query?dns=${question.toString('base64url')} HTTP/1.1\r\nhost: a\r\n\r\n`);
    await until(() => server.stats().totals.inFlight === 2, 'the queries to come');
    assert.deepEqual(await server.close(), { queries: 0, connections: 0 });
    assert.equal((await asked)[0], 200);
    await closed;
    assert.match(heard(), /^HTTP\/1\.1 200 OK\r\n/);
  });

  it('HTTP/1.1 has many requests on a connection, pipelined and with targets in any form (RFC 9112 s.3.2)', async () => {
    await start();
    const { socket, heard } = await speakHttp1();
    const dns = queryBytes('async.example.org', 'TXT').toString('base64url');
    const targets = [
      `/dns-query?dns=${dns}`,
      '/other',
      `https://localhost:1/dns-query?ct&dns=${dns}`,
      'https://localhost',
    ];
    socket.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
    const statuses = (): string[] => heard().match(/HTTP\/1\.1 \d+/g) ?? [];
    await until(() => statuses().length === targets.length, 'all answers');
    assert.deepEqual(statuses(), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200', 'HTTP/1.1 404']);
  });

  it('a client that expects 100 (Continue) gets it (RFC 9110 s.10.1.1)', async () => {
    await start();
    const stream = connectSession().request({ ...POST, expect: '100-continue' });
    await once(stream, 'continue');
    stream.end(queryBytes('example.org'));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    assert.equal(headers[':status'], 200);
    stream.resume();
  });

  it('a client that shuts down with requests under way is forgotten', async () => {
    await start();
    for (let i = 0; i < 10; i++) {
      const session = connectSession();
      for (let j = 0; j < 10; j++)
        session
          .request(POST)
          .on('error', () => undefined)
          .end(queryBytes('async.test', 'TXT'));
      await ask(session, queryBytes('example.org'));
      session.destroy();
    }
    await until(() => server.stats().totals.tcpOpen === 0, 'all connections to be closed');
    await until(() => server.stats().totals.inFlight === 0, 'all queries to be answered');
    assert.equal((await ask(connectSession(), queryBytes('example.org')))[0], 200);
  });
});
