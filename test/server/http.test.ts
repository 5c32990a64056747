/** `http://`: DNS over HTTPS without TLS, for a proxy in front of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import packet from 'dns-packet';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { makeCertificate } from '../support/certificate.js';
import { findProgram } from '../support/find-program.js';
import { queryBytes, run } from '../support/clients.js';
import { dnsParameter, doh, HTTP_VERSIONS } from '../support/doh.js';
import { atMost, serve, until } from '../support/server.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe('DNS over HTTPS without TLS (http://)', () => {
  let server: Server;
  let port: number;
  const open: Socket[] = [];
  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    ({ server, port } = await serve({ listen: 'http://127.0.0.1:0', sockets: 1, workers: 1, ...options }));
  };
  /** A connection, and all that comes by it until it is closed. */
  const speak = async (): Promise<{ socket: Socket; heard: () => string; closed: Promise<unknown> }> => {
    const socket = connect(port, '127.0.0.1');
    open.push(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await once(socket, 'connect');
    return { socket, heard: () => text, closed };
  };
  const totals = (): ReturnType<Server['stats']>['totals'] => server.stats().totals;

  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    await server.close();
  });

  for (const version of HTTP_VERSIONS) {
    it(`answers, HTTP/${version}`, async () => {
      await start({ sockets: atMost(2), workers: 2 });
      const { status, headers, body } = await doh(`http://127.0.0.1:${port}/dns-query${dnsParameter('example.org')}`, {
        version,
      });
      assert.deepEqual([status, headers['content-type']], [200, 'application/dns-message']);
      assert.equal(packet.decode(body).answers?.length, 1);
      assert.deepEqual(
        server.addresses().map(({ transport }) => transport),
        ['http'],
      );
    });
  }

  for (const [program, ...args] of [
    ['curl', '-sS', '--http1.1'],
    ['curl', '-sS', '--http2-prior-knowledge'],
    ['nghttp'],
  ]) {
    it(`answers ${program} ${args.join(' ')}`, async function () {
      if (findProgram(program) === undefined) this.skip();
      await start();
      const url = `http://127.0.0.1:${port}/dns-query${dnsParameter('example.org')}`;
      assert.ok((await run(program, [...args, url])).includes('example\x03org'));
    });
  }

  it('answers h2load, each request of each connection', async function () {
    if (findProgram('h2load') === undefined) this.skip();
    await start();
    const url = `http://127.0.0.1:${port}/dns-query${dnsParameter('example.org')}`;
    for (const http1 of [[], ['--h1']]) {
      const output = await run('h2load', ['-n', '400', '-c', '4', '-m', '10', ...http1, url]);
      assert.match(output, /400 succeeded, 0 failed, 0 errored/);
    }
  });

  it('the preface may come in pieces, and with all that follows it', async () => {
    await start();
    const settings = '\0\0\0\x04\0\0\0\0\0';
    const { socket, heard } = await speak();
    for (const octet of PREFACE + settings) {
      socket.write(octet, 'latin1');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(() => heard().includes('\0\0\0\x04\x01\0\0\0\0'), 'the acknowledgement of the settings');
    const whole = await speak();
    whole.socket.write(PREFACE + settings, 'latin1');
    await until(() => whole.heard().includes('\0\0\0\x04\x01\0\0\0\0'), 'the acknowledgement of the settings');
  });

  it('what begins like the preface and is none is HTTP/1.1', async () => {
    await start();
    for (const [start, status] of [
      ['P', /^HTTP\/1\.1 405 /],
      ['PRI * HTTP/1.1', /^HTTP\/1\.1 (400|404|405|501) /],
    ] as const) {
      const { socket, heard } = await speak();
      socket.write(start);
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.write(start === 'P' ? 'UT /dns-query HTTP/1.1\r\nhost: a\r\n\r\n' : '\r\nhost: a\r\n\r\n');
      await until(() => heard() !== '', 'an answer');
      assert.match(heard(), status);
    }
  });

  it('a client that stops within the preface, or says nothing, is given up', async () => {
    await start({ tcp: { messageTimeout: 100, idleTimeout: 400 } });
    for (const text of ['P', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r']) {
      const { socket, closed, heard } = await speak();
      socket.write(text);
      await closed;
      assert.equal(heard(), '');
    }
    assert.equal(totals().tcpMessageTimeout, 2);
    const quiet = await speak();
    await quiet.closed;
    assert.equal(totals().tcpIdle, 1);
  });

  it('has the caps on connections and on requests at a time', async () => {
    await start({ tcp: { maxConnections: 1, maxPipelined: 2 } });
    const first = await speak();
    await until(() => totals().tcpOpen === 1, 'the connection to be accepted');
    const second = await speak();
    await second.closed;
    assert.equal(totals().tcpRefused, 1);
    first.socket.destroy();
    await until(() => totals().tcpOpen === 0, 'the connection to be closed');
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const [{ maxConcurrentStreams }] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams: number }];
    session.destroy();
    assert.equal(maxConcurrentStreams, 2);
  });

  it('drains: answers what has come, and closes connections that have said nothing yet', async () => {
    await start();
    const quiet = await speak();
    const half = await speak();
    half.socket.write('PRI');
    const http1 = await speak();
    const get = `GET /dns-query${dnsParameter('async.example.org')} HTTP/1.1\r\nhost: a\r\n\r\n`;
    http1.socket.write(get);
    const http2 = doh(`http://127.0.0.1:${port}/dns-query${dnsParameter('async.example.org')}`, { version: '2' });
    await until(() => totals().inFlight === 2, 'the queries to come');
    assert.deepEqual(await server.close(), { queries: 0, connections: 0 });
    assert.equal((await http2).status, 200);
    await Promise.all([quiet.closed, half.closed, http1.closed]);
    assert.match(http1.heard(), /^HTTP\/1\.1 200 /);
  });

  it('an address of https without TLS speaks both versions as well', async () => {
    await start({ listen: { transport: 'https', address: '127.0.0.1', port: 0, tls: null } });
    for (const version of HTTP_VERSIONS) {
      const url = `http://127.0.0.1:${port}/dns-query${dnsParameter('example.org')}`;
      assert.equal((await doh(url, { version })).status, 200);
    }
  });

  it('several entries, beside encrypted ones, keep their settings; TLS for one is an error', async () => {
    await start({ listen: ['http://127.0.0.1:0', 'http://127.0.0.1:0', '127.0.0.1:0'] });
    const handler = (): undefined => undefined;
    const listen = { transport: 'http' as const, address: '::', tls: await makeCertificate() };
    assert.throws(() => createServer({ listen, workers: 0, handler }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /"listen\.tls" option is for the transports tls, https and grpc; this one is http/,
    });
  });

  it('answers a question of 65,535 octets', async () => {
    await start();
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/dns-query',
      'content-type': 'application/dns-message',
    });
    const question = queryBytes('example.org');
    stream.end(Buffer.concat([question, Buffer.alloc(65_535 - question.length)]));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    session.destroy();
    assert.equal(headers[':status'], 200);
  });
});
