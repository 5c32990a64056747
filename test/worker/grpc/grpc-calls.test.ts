/** Calls of gRPC as HTTP/2 carries them: what a client of another library may send, and what it gets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import packet from 'dns-packet';
import type { Server, ServerOptions } from 'multisocket';
import { decodePacket, encodePacket } from '../../../dist/worker/grpc/grpc-packet.js';
import { queryBytes } from '../../support/clients.js';
import { serve } from '../../support/server.js';

const PATH = '/coredns.dns.DnsService/Query';
const [DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL] = ['4', '8', '12', '13'];

/** What a call ends with. */
interface Outcome {
  headers: IncomingHttpHeaders & { ':status'?: number };
  trailer: IncomingHttpHeaders | undefined;
  body: Buffer;
}

/** A message with its prefix. */
function message(octets: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(octets.length, 1);
  return Buffer.concat([prefix, octets]);
}

describe('calls of gRPC', () => {
  let server: Server;
  let session: ClientHttp2Session;

  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    const made = await serve({ listen: 'grpc://127.0.0.1:0', workers: 0, sockets: 1, ...options });
    server = made.server;
    session = connect(`http://127.0.0.1:${made.port}`);
    session.on('error', () => undefined);
  };
  const call = async (body: Uint8Array, fields: Record<string, string> = {}): Promise<Outcome> => {
    const type = { 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ':method': 'POST', ':path': PATH, ...type, ...fields });
    stream.on('error', () => undefined);
    let trailer: IncomingHttpHeaders | undefined;
    stream.on('trailers', (received: IncomingHttpHeaders) => (trailer = received));
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const answered = once(stream, 'response') as Promise<[Outcome['headers']]>;
    const closed = once(stream, 'close');
    stream.end(body);
    const [headers] = await answered;
    await closed;
    return { headers, trailer, body: Buffer.concat(chunks) };
  };
  const ask = (name: string, fields: Record<string, string> = {}): Promise<Outcome> =>
    call(message(encodePacket(queryBytes(name))), fields);
  const statusOf = ({ headers, trailer }: Outcome): unknown => (trailer ?? headers)['grpc-status'];

  afterEach(async () => {
    session.destroy();
    await server.close();
  });

  it('are answered by a message and a trailer with the status', async () => {
    await start();
    const { headers, trailer, body } = await ask('example.org');
    assert.deepEqual([headers[':status'], headers['content-type']], [200, 'application/grpc']);
    assert.equal(headers['grpc-status'], undefined);
    assert.equal(trailer?.['grpc-status'], '0');
    assert.equal(body[0], 0);
    assert.equal(body.readUInt32BE(1), body.length - 5);
    assert.equal(packet.decode(decodePacket(body.subarray(5))).answers?.length, 1);
  });

  it("are answered in full however small the client's window is", async () => {
    await start();
    session.settings({ initialWindowSize: 10 });
    await once(session, 'localSettings');
    const { trailer, body } = await ask('big.example.org');
    assert.equal(trailer?.['grpc-status'], '0');
    assert.equal(packet.decode(decodePacket(body.subarray(5))).answers?.length, 100);
  });

  const faults: readonly [what: string, status: string, body: Buffer, fields?: Record<string, string>][] = [
    [
      'a compression that the server does not know',
      UNIMPLEMENTED,
      message(Buffer.of(1, 2), 1),
      { 'grpc-encoding': 'gzip' },
    ],
    ['a compressed message of no compression', INTERNAL, message(Buffer.of(1, 2), 1)],
    [
      'a compressed message of the compression "identity"',
      INTERNAL,
      message(Buffer.of(1), 1),
      { 'grpc-encoding': 'identity' },
    ],
    ['no message', INTERNAL, Buffer.alloc(0)],
    ['half a prefix', INTERNAL, Buffer.alloc(3)],
    ['half a message', INTERNAL, message(encodePacket(queryBytes('a'))).subarray(0, 20)],
    ['two messages', INTERNAL, Buffer.concat([message(encodePacket(queryBytes('a'))), message(Buffer.alloc(0))])],
    ['no DnsPacket', INTERNAL, message(Buffer.of(0x0a, 0xff))],
    ['a body that is too long', RESOURCE_EXHAUSTED, message(Buffer.alloc(70_000))],
    ['another method', UNIMPLEMENTED, message(Buffer.alloc(0)), { ':path': '/coredns.dns.DnsService/Other' }],
    ['another service', UNIMPLEMENTED, message(Buffer.alloc(0)), { ':path': '/grpc.health.v1.Health/Check' }],
    ['a timeout without a unit', INTERNAL, message(encodePacket(queryBytes('a'))), { 'grpc-timeout': '10' }],
    ['a timeout of nine digits', INTERNAL, message(encodePacket(queryBytes('a'))), { 'grpc-timeout': '123456789S' }],
  ];
  for (const [what, status, body, fields] of faults) {
    it(`end with status ${status} for ${what}`, async () => {
      await start();
      const outcome = await call(body, fields);
      assert.deepEqual([outcome.headers[':status'], statusOf(outcome)], [200, status]);
      assert.match(String(outcome.headers['grpc-message']), /^[a-z][\x20-\x7e]+$/i);
      assert.equal(outcome.headers['content-type'], 'application/grpc');
      assert.equal(outcome.headers['grpc-accept-encoding'], 'identity');
      assert.equal(statusOf(await ask('example.org')), '0', 'the next call');
    });
  }

  it('are refused by a status of HTTP where they are no calls of gRPC', async () => {
    await start();
    assert.equal((await call(Buffer.alloc(0), { 'content-type': 'application/json' })).headers[':status'], 415);
    assert.equal((await call(Buffer.alloc(0), { 'content-type': 'application/grpc-web' })).headers[':status'], 415);
    assert.equal((await call(Buffer.alloc(0), { 'content-type': 'application/grpc+json' })).headers[':status'], 415);
    assert.equal((await call(Buffer.alloc(0), { ':method': 'PUT' })).headers[':status'], 405);
    assert.equal(statusOf(await ask('example.org', { 'content-type': 'application/grpc+proto' })), '0');
    assert.equal(statusOf(await ask('example.org', { 'content-type': 'application/grpc; charset=utf-8' })), '0');
  });

  it('end with DEADLINE_EXCEEDED when the answer is late, and count until the handler is done', async () => {
    await start({ handlerTimeout: 500, tcp: { maxPipelined: 5 } });
    assert.equal(statusOf(await ask('async.example.org', { 'grpc-timeout': '5m' })), DEADLINE_EXCEEDED);
    for (const timeout of ['99999999H', '10S', '5M', '2000m', '2000000u'])
      assert.equal(statusOf(await ask('async.example.org', { 'grpc-timeout': timeout })), '0', timeout);
    const late = await Promise.all(Array.from({ length: 5 }, () => ask('never.example.org', { 'grpc-timeout': '1n' })));
    assert.deepEqual(late.map(statusOf), Array(5).fill(DEADLINE_EXCEEDED));
    assert.equal(server.stats().totals.inFlight, 0);
  });
});
