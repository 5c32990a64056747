/** DNS over gRPC, with the client of grpc-js. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import packet, { type DecodedPacket } from 'dns-packet';
import fc from 'fast-check';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { decodePacket, encodePacket } from '../../dist/worker/grpc/grpc-packet.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { queryBytes } from '../support/clients.js';
import { readOpt, withOpt } from '../support/edns.js';
import { serveCorefile } from '../support/corefile-server.js';
import { atMost, fixture, until } from '../support/server.js';

const PATH = '/coredns.dns.DnsService/Query';

/** A client on a connection of its own. */
class DnsClient {
  readonly #client: grpc.Client;

  constructor(port: number, certificate?: Certificate) {
    const credentials =
      certificate === undefined
        ? grpc.credentials.createInsecure()
        : grpc.credentials.createSsl(Buffer.from(certificate.cert));
    this.#client = new grpc.Client(`127.0.0.1:${port}`, credentials, {
      'grpc.use_local_subchannel_pool': 1, // a connection of its own
      'grpc.ssl_target_name_override': 'localhost',
    });
  }

  /** Asks with octets of a packet. */
  raw(octets: Buffer, path = PATH): Promise<Buffer> {
    const same = (value: Buffer): Buffer => value;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, same, same, octets, { deadline: Date.now() + 5000 }, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error('neither an error nor an answer'));
      });
    });
  }

  async exchange(message: Buffer): Promise<Buffer> {
    return decodePacket(await this.raw(encodePacket(message)));
  }

  async ask(name: string, type: packet.RecordType = 'A'): Promise<DecodedPacket> {
    return packet.decode(await this.exchange(queryBytes(name, type)));
  }

  close(): void {
    this.#client.close();
  }
}

describe('DNS over gRPC', () => {
  let certificate: Certificate;
  let server: Server;
  let port: number;
  const clients: DnsClient[] = [];

  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    const listen = { transport: 'grpc' as const, address: '127.0.0.1', port: 0 };
    server = createServer({ listen, sockets: atMost(4), workers: 2, filename: fixture, ...options });
    server.on('warning', () => undefined);
    await server.listen();
    port = server.addresses()[0].port;
  };
  const open = (secure?: Certificate): DnsClient => {
    const client = new DnsClient(port, secure);
    clients.push(client);
    return client;
  };

  before(async () => (certificate = await makeCertificate()));
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await server.close();
  });

  it('answers a client of grpc-js, and tells handlers that it is gRPC', async () => {
    await start({
      workers: 0,
      filename: undefined as never,
      handler: ({ name, transport, client, local }, reply) => {
        reply.answer({ type: 'TXT', name, data: [transport, client.address, `${local.address} ${local.port}`] });
      },
    });
    const { answers } = await open().ask('example.org', 'TXT');
    const data = (answers as unknown as { data: Buffer[] }[])[0].data.map(String);
    assert.deepEqual(data, ['grpc', '127.0.0.1', `127.0.0.1 ${port}`]);
    const { grpcQueries, grpcReplies, tcpAccepted } = server.stats().totals;
    assert.deepEqual({ grpcQueries, grpcReplies, tcpAccepted }, { grpcQueries: 1, grpcReplies: 1, tcpAccepted: 1 });
    assert.equal(server.addresses()[0].transport, 'grpc');
  });

  it('answers many queries of a connection at a time, each with its own reply', async () => {
    await start();
    const client = open();
    const names = Array.from({ length: 200 }, (_, i) => `${i % 2 === 0 ? 'async.' : ''}n${i}.example.org`);
    const replies = await Promise.all(names.map((name) => client.ask(name)));
    assert.deepEqual(
      replies.map(({ questions, answers }) => [questions?.[0].name, answers?.[0].name]),
      names.map((name) => [name, name]),
    );
  });

  it('is served on every socket, and by every worker', async () => {
    await start();
    for (let i = 0; i < 200 && server.stats().sockets.some(({ queries }) => queries === 0); i++) {
      const client = new DnsClient(port);
      await client.ask('example.org');
      client.close();
    }
    assert.ok(server.stats().sockets.every(({ queries, transport }) => queries > 0 && transport === 'grpc'));
    assert.ok(server.stats().workers.every(({ grpcReplies }) => grpcReplies > 0));
  });

  it('has cookies, with and without a cache', async () => {
    for (const cache of [{}, { cache: { maxBytes: 1 << 20 } }]) {
      await start({ cookies: true, workers: 1, ...cache });
      const client = open();
      for (let i = 0; i < 2; i++) {
        const { options } = readOpt(await client.exchange(withOpt([[10, Buffer.alloc(8, i)]])))!;
        assert.deepEqual([options.size, options.get(10)?.length], [1, 24]);
        assert.deepEqual(options.get(10)?.subarray(0, 8), Buffer.alloc(8, i));
      }
      assert.equal(server.stats().totals.handled, 'cache' in cache ? 1 : 2);
      if (!('cache' in cache)) await server.close();
    }
  });

  it('is encrypted with the option tls, and then pads', async () => {
    await start({ tls: certificate });
    const client = open(certificate);
    assert.equal((await client.ask('example.org')).answers?.length, 1);
    const reply = await client.exchange(withOpt([[12]]));
    assert.equal(reply.length, 468);
    assert.ok(readOpt(reply)!.options.has(12));
    const renewed = await makeCertificate('localhost');
    await server.secure(renewed);
    assert.equal((await open(renewed).ask('example.org')).answers?.length, 1);
    await assert.rejects(open().ask('example.org'), { code: grpc.status.UNAVAILABLE });
  });

  it('neither pads without tls, nor takes certificates later', async () => {
    await start();
    assert.equal(readOpt(await open().exchange(withOpt([[12]])))!.options.size, 0);
    await assert.rejects(server.secure(certificate), { code: 'ERR_MULTISOCKET_NO_TLS' });
  });

  it('answers from the cache', async () => {
    await start({ cache: { maxBytes: 1 << 20 }, nsid: 'x' });
    const client = open();
    await client.exchange(withOpt([]));
    const reply = await client.exchange(withOpt([[3]]));
    assert.equal(readOpt(reply)!.options.get(3)!.toString(), 'x');
    assert.equal(server.stats().totals.cacheHits, 1);
  });

  it('answers an error in a message by a DNS message if possible', async () => {
    await start();
    const client = open();
    const notify = queryBytes('example.org');
    notify[2] |= 0x20;
    assert.equal((await client.exchange(notify)).toString('hex', 2), 'a0040000000000000000');
    const twice = Buffer.concat([queryBytes('example.org'), Buffer.of(0)]);
    assert.equal((await client.exchange(twice)).toString('hex', 2), '81010000000000000000');
  });

  it('answers by a status what DNS has no answer to', async () => {
    await start();
    const client = open();
    const { INVALID_ARGUMENT, UNAVAILABLE, UNIMPLEMENTED, INTERNAL, RESOURCE_EXHAUSTED } = grpc.status;
    const response = queryBytes('example.org');
    response[2] |= 0x80;
    await assert.rejects(client.exchange(response), { code: INVALID_ARGUMENT, details: 'the message is not a query' });
    await assert.rejects(client.exchange(Buffer.alloc(0)), { code: INVALID_ARGUMENT });
    await assert.rejects(client.exchange(Buffer.alloc(65_536)), { code: INVALID_ARGUMENT });
    await assert.rejects(client.exchange(Buffer.alloc(70_000)), { code: RESOURCE_EXHAUSTED });
    await assert.rejects(client.exchange(queryBytes('drop.example.org')), { code: UNAVAILABLE });
    await assert.rejects(client.raw(Buffer.of(0x0a, 0xff)), { code: INTERNAL });
    await assert.rejects(client.raw(Buffer.alloc(0), '/coredns.dns.DnsService/Other'), { code: UNIMPLEMENTED });
    assert.equal(((await client.ask('throw.example.org')) as { rcode?: string }).rcode, 'SERVFAIL');
    assert.equal((await client.ask('example.org')).answers?.length, 1);
  });

  it('answers SERVFAIL where the handler takes too long', async () => {
    await start({ handlerTimeout: 50 });
    assert.equal(((await open().ask('never.example.org')) as { rcode?: string }).rcode, 'SERVFAIL');
  });

  it('cuts off connections that rest, and those that never speak HTTP/2', async () => {
    await start({ tcp: { idleTimeout: 100 } });
    const silent = connect(port, '127.0.0.1');
    const nonsense = connect(port, '127.0.0.1');
    nonsense.write('GET / HTTP/1.1\r\n\r\n'.repeat(100));
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    // A request that never ends.
    const request = session.request({ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc' });
    for (const each of [silent, nonsense, session, request]) each.on('error', () => undefined);
    for (const each of [silent, nonsense]) each.resume();
    await Promise.all([once(silent, 'close'), once(nonsense, 'close'), once(session, 'close')]);
    await until(() => server.stats().totals.tcpOpen === 0, 'all connections to be closed');
    assert.equal((await open().ask('example.org')).answers?.length, 1);
  });

  it('keeps the cap on connections of a client', async () => {
    await start({ tcp: { maxConnectionsPerClient: 1 } });
    assert.equal((await open().ask('example.org')).answers?.length, 1);
    await assert.rejects(open().ask('example.org'), { code: grpc.status.UNAVAILABLE });
    assert.equal(server.stats().totals.tcpRefusedClient > 0, true);
  });

  it('answers what has come before it closes', async () => {
    await start();
    const client = open();
    await client.ask('example.org');
    const asked = client.ask('async.example.org');
    await until(() => server.stats().totals.inFlight === 1, 'the query to come');
    const report = await server.close();
    assert.equal((await asked).answers?.length, 1);
    assert.deepEqual(report, { queries: 0, connections: 0 });
  });

  it('lets a client have no more than maxPipelined queries at a time', async () => {
    await start({ tcp: { maxPipelined: 7 } });
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const [{ maxConcurrentStreams }] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams: number }];
    assert.equal(maxConcurrentStreams, 7);
    session.destroy();
  });

  it('is served from a Corefile, with and without tls', async () => {
    await start();
    for (const tls of ['', `tls ${certificate.file} ${certificate.file.replace('cert', 'key')}`]) {
      const served = await serveCorefile(`grpc://.:0 {\n${tls}\nwhoami\n}`);
      port = served.port;
      const { additionals } = await open(tls === '' ? undefined : certificate).ask('example.org');
      assert.deepEqual(
        additionals?.map(({ type }) => type),
        ['A', 'SRV'],
      );
      await served.server.close();
    }
  });
});

describe('the packets of DNS over gRPC', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (message) => {
        assert.deepEqual(decodePacket(encodePacket(message)), Buffer.from(message));
      }),
    );
  });

  it('may have other fields, which are passed over; of several messages the last one counts', () => {
    const fields = ['0a0101', '1001', '11' + '00'.repeat(8), '1a0102', '1d00000000', '0a020304', '9801ff01'].join('');
    assert.deepEqual(decodePacket(Buffer.from(fields, 'hex')), Buffer.of(3, 4));
    assert.deepEqual(decodePacket(Buffer.alloc(0)), Buffer.alloc(0));
  });

  it('that end too early, or have an unknown type, are refused; other octets do no harm', () => {
    for (const octets of [
      '0a',
      '0a02ff',
      '0affffffff',
      '0affffffffffff00',
      '08ff',
      '09',
      '0d000000',
      '0b',
      '0c',
      'ff',
    ]) {
      assert.throws(() => decodePacket(Buffer.from(octets, 'hex')), Error, octets);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        try {
          assert.ok(decodePacket(Buffer.from(octets)).length <= octets.length);
        } catch (error) {
          assert.match((error as Error).message, /^(the packet ends|a number|a field)/);
        }
      }),
    );
  });
});
