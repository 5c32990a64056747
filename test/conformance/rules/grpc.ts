/** DNS over gRPC, as CoreDNS has it; asked by HTTP/2, octet for octet. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { createServer } from 'multisocket';
import { answerTest } from '../handler.js';
import { holds, type Rule } from '../rule.js';
import { header, hex, queryOf, readReply } from '../wire.js';

/** Its file with the service. */
const SERVICE = 'CoreDNS pb/dns.proto';
/** `doc/PROTOCOL-HTTP2.md` of gRPC. */
const PROTOCOL = 'gRPC over HTTP/2';
const ENCODING = 'Protocol Buffers encoding';
const PATH = '/coredns.dns.DnsService/Query';

/** The codes of `grpc-status`. */
const INVALID_ARGUMENT = '3';
const UNIMPLEMENTED = '12';
const INTERNAL = '13';

interface Called {
  httpStatus: number;
  type: string;
  /** `grpc-status`. */
  status: string;
  body: Buffer;
}

/** Calls with these octets, in hexadecimal, as the body. */
type Call = (body: string, headers?: Record<string, string>) => Promise<Called>;

/** A rule for calls on one connection. */
function calls(source: string, section: string, rule: string, check: (call: Call) => Promise<void>): Rule {
  return holds(source, section, rule, async () => {
    const handler = { handler: answerTest, handlerTimeout: 200 };
    const server = createServer({ listen: 'grpc://127.0.0.1:0', sockets: 1, workers: 0, ...handler });
    server.on('warning', () => undefined); // handlers that fail on purpose
    await server.listen();
    const session = connect(`http://127.0.0.1:${server.addresses()[0].port}`);
    try {
      await check((body, headers = {}) => callBy(session, body, headers));
    } finally {
      session.destroy();
      await server.close();
    }
  });
}

async function callBy(session: ClientHttp2Session, body: string, headers: Record<string, string>): Promise<Called> {
  const own = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...own, ...headers });
  let trailers: Record<string, unknown> = {};
  stream.on('trailers', (received: Record<string, unknown>) => (trailers = received));
  stream.end(Buffer.from(body, 'hex'));
  const [received] = (await once(stream, 'response')) as [Record<string, unknown>];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return {
    httpStatus: Number(received[':status']),
    type: String(received['content-type']),
    status: String(trailers['grpc-status'] ?? received['grpc-status']),
    body: Buffer.concat(chunks),
  };
}

/** A message as gRPC frames it: not compressed, its length, its octets. */
const framed = (message: string): string => `00${hex(message.length / 2, 4)}${message}`;
/** A `DnsPacket` with a DNS message of less than 128 octets. */
const packetOf = (message: Buffer): string => `0a${hex(message.length, 1)}${message.toString('hex')}`;

/** A rule for a call that has no reply, but a status. */
function refuses(source: string, section: string, rule: string, body: string, status: string, headers = {}): Rule {
  return calls(source, section, rule, async (call) => {
    const called = await call(body, headers);
    assert.deepEqual([called.status, called.body.length], [status, 0]);
  });
}

const X = queryOf({ name: 'x.test' });
const ANSWER =
  header(0x1234, 0x8500, 1, 1) + '01780474657374000001' + '0001' + 'c00c00010001' + '0000003c' + '0004c0000201';

export const rules: readonly Rule[] = [
  calls(SERVICE, 'Query', 'a DnsPacket with a query gets a DnsPacket with the reply', async (call) => {
    const { httpStatus, status, body } = await call(framed(packetOf(X)));
    assert.deepEqual([httpStatus, status], [200, '0']);
    assert.equal(body.toString('hex'), framed(packetOf(Buffer.from(ANSWER, 'hex'))));
  }),
  calls(PROTOCOL, 'Responses', 'the media type is that of gRPC', async (call) => {
    assert.match((await call(framed(packetOf(X)))).type, /^application\/grpc(\+proto)?$/);
  }),
  calls(PROTOCOL, 'Requests', 'another media type is 415', async (call) => {
    assert.equal((await call(framed(packetOf(X)), { 'content-type': 'application/json' })).httpStatus, 415);
  }),
  calls(
    PROTOCOL,
    'Requests',
    'calls of one connection are answered in the order in which their replies are ready',
    async (call) => {
      const order: string[] = [];
      const ask = async (name: string): Promise<void> => {
        const { body } = await call(framed(packetOf(queryOf({ name }))));
        order.push(readReply(body.subarray(7)).question);
      };
      await Promise.all([ask('late.test'), ask('x.test')]);
      assert.deepEqual(order, ['x.test IN A', 'late.test IN A']);
    },
  ),
  calls(ENCODING, 'Base 128 Varints', 'the length of a reply of more than 127 octets has two octets', async (call) => {
    const { body } = await call(framed(packetOf(queryOf({ name: 'rrset-20.test' }))));
    const length = (body[6] & 0x7f) | (body[7] << 7);
    assert.deepEqual([body[5], body[6] >> 7, body[7] >> 7, length], [0x0a, 1, 0, body.length - 8]);
    assert.equal(readReply(body.subarray(8)).answer.length, 20);
  }),
  calls(ENCODING, 'Unknown Fields', 'unknown fields are ignored', async (call) => {
    const others = '1096011a03616263' + '250000000029' + '00'.repeat(8);
    const { status, body } = await call(framed(others + packetOf(X)));
    assert.deepEqual([status, body.toString('hex', 7)], ['0', ANSWER]);
  }),
  calls(ENCODING, 'Last One Wins', 'if there are several messages, the last one counts', async (call) => {
    const { body } = await call(framed(packetOf(queryOf({ name: 'y.test' })) + packetOf(X)));
    assert.equal(body.toString('hex', 7), ANSWER);
  }),
  calls(SERVICE, 'Query', 'an error in a query is a DNS message', async (call) => {
    const { status, body } = await call(framed(packetOf(Buffer.from(header(1, 0x0100, 1), 'hex'))));
    assert.deepEqual([status, body.toString('hex', 7)], ['0', '000181010000000000000000']);
  }),
  calls(SERVICE, 'Query', 'a handler that fails or takes too long is SERVFAIL', async (call) => {
    for (const name of ['throw.test', 'never.test']) {
      const { status, body } = await call(framed(packetOf(queryOf({ name }))));
      assert.deepEqual([status, readReply(body.subarray(7)).rcode], ['0', 2]);
    }
  }),
  refuses(
    SERVICE,
    'Query',
    'a response is INVALID_ARGUMENT',
    framed(packetOf(Buffer.from(ANSWER, 'hex'))),
    INVALID_ARGUMENT,
  ),
  refuses(
    SERVICE,
    'Query',
    'a message shorter than a header is INVALID_ARGUMENT',
    framed(packetOf(Buffer.alloc(11))),
    INVALID_ARGUMENT,
  ),
  refuses(SERVICE, 'Query', 'an empty message is INVALID_ARGUMENT', framed(''), INVALID_ARGUMENT),
  refuses(ENCODING, 'Message Structure', 'a field that ends too early is INTERNAL', framed('0a05aabb'), INTERNAL),
  refuses(ENCODING, 'Message Structure', 'an unknown wire type is INTERNAL', framed('0f'), INTERNAL),
  refuses(PROTOCOL, 'Requests', 'another method is UNIMPLEMENTED', framed(packetOf(X)), UNIMPLEMENTED, {
    ':path': '/coredns.dns.DnsService/Watch',
  }),
];
