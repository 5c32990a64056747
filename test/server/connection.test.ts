/** `query.connection` on each transport. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import {
  createServer,
  type Handler,
  type Query,
  type QueryConnection,
  type Server,
  type ServerOptions,
} from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { ask, framed, queryBytes, TcpClient } from '../support/clients.js';
import { dnsParameter, doh, HTTP_VERSIONS } from '../support/doh.js';
import { until } from '../support/server.js';

/** The connection of the last query. */
let seen: QueryConnection | undefined;
/** Without what the compiler believes to know. */
const lastSeen = (): QueryConnection | undefined => seen;

describe('query.connection', () => {
  let certificate: Certificate;
  let clients: Certificate;
  let server: Server | undefined;
  let port: number;
  const note: Handler = (query, reply) => {
    seen = query.connection;
    reply.rcode = 'NOERROR';
  };
  const start = async (listen: ServerOptions['listen'], options: Partial<ServerOptions> = {}): Promise<void> => {
    const tls = { cert: certificate.cert, key: certificate.key, ca: clients.cert, requestCert: 'if-given' as const };
    server = createServer({ listen, sockets: 1, workers: 0, handler: note, tls, ...options });
    await server.listen();
    port = server.addresses()[0].port;
  };
  /** Asks by TLS on a connection of its own. */
  const askTls = async (options: ConnectionOptions = {}): Promise<void> => {
    const socket = connect({ port, host: '127.0.0.1', ca: certificate.cert, ALPNProtocols: ['dot'], ...options });
    socket.write(framed(queryBytes('a.test')));
    await once(socket, 'data');
    socket.destroy();
  };
  const get = (path = '/dns-query', version: '1.1' | '2' = '2'): Promise<unknown> =>
    doh(`https://localhost:${port}${path}${dnsParameter()}`, { version, tls: { ca: certificate.cert } });

  before(async () => {
    certificate = await makeCertificate();
    clients = await makeCertificate('client.example');
  });
  beforeEach(() => (seen = undefined));
  afterEach(() => server?.close());

  it('is empty for a datagram and for TCP', async () => {
    await start('127.0.0.1:0');
    await ask(port, 'a.test');
    assert.deepEqual(lastSeen(), {});
    seen = undefined;
    const client = await TcpClient.connect(port);
    client.socket.write(framed(queryBytes('a.test')));
    await client.next();
    client.socket.destroy();
    assert.deepEqual(lastSeen(), {});
  });

  it('has version, cipher, server name and ALPN of TLS', async () => {
    await start('tls://127.0.0.1:0');
    await askTls({ servername: 'LocalHost', minVersion: 'TLSv1.3' });
    const { protocol, cipher, serverName, alpn, certificate: shown, authorized, http, proxy } = seen ?? {};
    assert.deepEqual([protocol, serverName, alpn], ['TLSv1.3', 'LocalHost', 'dot']);
    assert.match(String(cipher), /^TLS_[A-Z0-9_]+$/);
    assert.deepEqual([shown, authorized, http, proxy], [undefined, undefined, undefined, undefined]);
    await askTls({ maxVersion: 'TLSv1.2', ALPNProtocols: [] });
    assert.deepEqual([seen?.protocol, seen?.serverName, seen?.alpn], ['TLSv1.2', undefined, undefined]);
    assert.match(String(seen?.cipher), /^TLS_ECDHE_ECDSA_/);
  });

  it("has the client's certificate, and whether the server trusts it", async () => {
    await start('tls://127.0.0.1:0');
    await askTls({ cert: clients.cert, key: clients.key });
    assert.equal(seen?.certificate?.subject, 'CN=client.example');
    assert.equal(seen.authorized, true);
    await server?.close();
    await start('tls://127.0.0.1:0', { tls: { ...certificate, ca: clients.cert, requestCert: 'any' } });
    const stranger = await makeCertificate('stranger.example');
    await askTls({ cert: stranger.cert, key: stranger.key });
    assert.deepEqual([lastSeen()?.certificate?.subject, lastSeen()?.authorized], ['CN=stranger.example', false]);
  });

  it('is the same in a resumed session; OpenSSL has no server name there before TLS 1.3', async () => {
    await start('tls://127.0.0.1:0');
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const of = { cert: clients.cert, key: clients.key, minVersion: version, maxVersion: version };
      const socket = connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost', ...of });
      const session = once(socket, 'session') as Promise<[Buffer]>;
      socket.write(framed(queryBytes('a.test')));
      await once(socket, 'data');
      const first = seen;
      const [kept] = await session;
      socket.destroy();
      const again = connect({
        port,
        host: '127.0.0.1',
        ca: certificate.cert,
        servername: 'localhost',
        ...of,
        session: kept,
      });
      again.write(framed(queryBytes('a.test')));
      await once(again, 'data');
      assert.equal(again.isSessionReused(), true);
      again.destroy();
      assert.equal(seen?.certificate?.fingerprint256, first?.certificate?.fingerprint256);
      assert.deepEqual(
        [seen?.protocol, seen?.serverName, seen?.authorized, seen?.certificate?.subject],
        [version, version === 'TLSv1.3' ? 'localhost' : undefined, true, 'CN=client.example'],
      );
    }
  });

  it('stays the same after the client has gone, for an asynchronous handler', async () => {
    let query: Query | undefined;
    const handler: Handler = async (asked, reply) => {
      query = asked;
      await wait(200);
      reply.rcode = 'NOERROR';
    };
    await start('tls://127.0.0.1:0', { handler });
    const socket = connect({
      ...{ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' },
      ...{ cert: clients.cert, key: clients.key },
    });
    socket.write(framed(queryBytes('a.test')));
    await until(() => query !== undefined, 'the query to come');
    socket.destroy();
    await until(() => server?.stats().totals.tcpOpen === 0, 'the connection to be closed');
    assert.equal(query?.connection.serverName, 'localhost');
    assert.equal(query.connection.certificate?.subject, 'CN=client.example');
    assert.equal(query.connection.authorized, true);
    assert.match(String(query.connection.protocol), /^TLSv1\.[23]$/);
  });

  for (const version of HTTP_VERSIONS) {
    it(`has the request, HTTP/${version}`, async () => {
      await start('https://127.0.0.1:0');
      await doh(`https://localhost:${port}/dns-query${dnsParameter()}&x=%2F`, {
        version,
        tls: { ca: certificate.cert },
        headers: [
          ['X-Note', 'one'],
          ['accept', 'application/dns-message'],
          ['x-note', 'two, three'],
          ...(version === '1.1' ? [['__proto__', 'text'] as const] : []),
        ],
      });
      const { protocol, serverName, alpn, http } = seen ?? {};
      assert.match(String(protocol), /^TLSv1\.[23]$/);
      assert.deepEqual([serverName, alpn], ['localhost', version === '2' ? 'h2' : undefined]);
      assert.deepEqual(
        [http?.version, http?.method, http?.path, http?.target, http?.params],
        [version, 'GET', '/dns-query', `/dns-query${dnsParameter()}&x=%2F`, {}],
      );
      assert.equal(http?.headers['x-note'], 'one, two, three');
      assert.equal(http.headers.accept, 'application/dns-message');
      assert.equal(http.headers.host, `localhost:${port}`);
      const odd: unknown = Object.getOwnPropertyDescriptor(http.headers, '__proto__')?.value;
      assert.equal(odd, version === '1.1' ? 'text' : undefined);
    });
  }

  it('has the call of gRPC', async () => {
    await start({ transport: 'grpc', address: '127.0.0.1', port: 0, tls: null });
    const { connect: connectHttp2 } = await import('node:http2');
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const message = queryBytes('a.test');
    const packet = Buffer.concat([Buffer.of(0x0a, message.length), message]);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(packet.length, 1);
    const call = session.request({
      ':method': 'POST',
      ':path': '/coredns.dns.DnsService/Query',
      'content-type': 'application/grpc',
      'user-agent': 'test',
    });
    call.end(Buffer.concat([prefix, packet]));
    await once(call, 'response');
    session.destroy();
    assert.deepEqual(
      [seen?.http?.version, seen?.http?.method, seen?.http?.path, seen?.http?.headers['user-agent'], seen?.alpn],
      ['2', 'POST', '/coredns.dns.DnsService/Query', 'test', undefined],
    );
  });

  it('belongs to the questions that a handler asks its own server, too', async () => {
    const handler: Handler = async (query, reply) => {
      if (query.key === 'a.test') await query.lookup('b.test');
      else seen = query.connection;
      reply.rcode = 'NOERROR';
    };
    await start('https://127.0.0.1:0', { handler });
    await get();
    assert.equal(seen?.serverName, 'localhost');
    assert.equal(seen.http?.path, '/dns-query');
  });

  it('is one object, however often it is read', async () => {
    const handler: Handler = (query, reply) => {
      assert.equal(query.connection, query.connection);
      return note(query, reply);
    };
    await start('https://127.0.0.1:0', { handler });
    await get();
    assert.notEqual(seen, undefined);
  });

  describe('and the answer cache', () => {
    const answering =
      (choose: (query: Query) => string): Handler =>
      (query, reply) => {
        reply.answer({ type: 'A', name: query.name, ttl: 300, data: choose(query) });
      };
    const paths = { https: { paths: ['/dns-query', '/dns-query/:client'] }, cache: { maxBytes: 65_536 } };
    const hitsAfter = async (...asked: string[]): Promise<unknown> => {
      for (const path of asked) await get(path);
      return server?.stats().cache?.hits;
    };

    before(function () {
      if (process.env.MULTISOCKET_NATIVE === '0') this.skip();
    });

    it('replies whose handler has read it are not kept: no client gets what is meant for another', async () => {
      const handler = answering(({ connection }) =>
        connection.http?.params.client === 'a' ? '192.0.2.1' : '192.0.2.2',
      );
      await start('https://127.0.0.1:0', { handler, ...paths });
      assert.equal(await hitsAfter('/dns-query/a', '/dns-query/b', '/dns-query', '/dns-query/a'), 0);
    });

    it('other replies are, and those for which the handler has chosen', async () => {
      await start('https://127.0.0.1:0', { handler: answering(() => '192.0.2.1'), ...paths });
      assert.equal(await hitsAfter('/dns-query/a', '/dns-query/b', '/dns-query'), 2);
      await server?.close();
      const chosen: Handler = (query, reply) => {
        reply.cache({ ttl: 60 });
        void answering(({ connection }) => (connection.serverName === 'localhost' ? '192.0.2.1' : '192.0.2.2'))(
          query,
          reply,
        );
      };
      await start('https://127.0.0.1:0', { handler: chosen, ...paths });
      assert.equal(await hitsAfter('/dns-query', '/dns-query', '/dns-query'), 2);
    });
  });
});
