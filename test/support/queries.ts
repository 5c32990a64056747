/** Queries as transports make them, without a transport, and the replies to them. */
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import { addon } from '../../dist/native/addon.js';
import type { Origin, QueryBatch } from '../../dist/message/batch.js';
import { replyLimit } from '../../dist/message/reply-limit.js';
import * as queries from '../../dist/message/query.js';
import * as replies from '../../dist/message/reply.js';
import { CheckedStream } from './stream-admission.js';
import { framed, opt, queryBytes } from './clients.js';

const { layout } = addon;

// The declarations leave out what only the library itself is to use.

/** A query with what the library keeps to itself. */
export interface Query extends queries.Query {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly questionEnd: number;
  detach(): void;
}
export const Query = queries.Query as unknown as new (batch: QueryBatch, index: number) => Query;

/** A reply, likewise. */
export interface Reply extends replies.Reply {
  readonly answered: boolean;
  readonly dropped: boolean;
  readonly truncated: boolean;
  fail(rcode: replies.Reply['rcode']): void;
  encode(target: Buffer, offset: number, limit: number, payloadSize: number): number;
}
export const Reply = replies.Reply as unknown as new (query: Query) => Reply;

/** The length that stands before each message of a stream, which tests take for the envelope. */
const ENVELOPE_SIZE = 2;

/** Memory as a transport has it, with messages in it. */
export interface Received {
  queries: Query[];
  input: Buffer;
  words: Uint32Array;
  text: Buffer;
}

/** Has native code check messages, and makes a query of each. Fails when one is no query. */
export function receive(messages: readonly Uint8Array[], origin: Partial<Origin> = {}): Received {
  const input = Buffer.concat(messages.map(framed));
  const stream = new CheckedStream();
  const { queries: words, text } = stream;
  const count = stream.check(input);
  const endpoint = { address: '192.0.2.53', port: 53, family: 'IPv4' } as const;
  const whole: Origin = {
    transport: 'udp',
    envelopeSize: ENVELOPE_SIZE,
    client: () => endpoint,
    local: () => endpoint,
    ...origin,
  };
  const queries = Array.from({ length: count }, (_, i) => {
    const verdict = words[i * layout.queryWords + layout.query.verdict];
    if (verdict !== layout.verdict.query) throw new Error(`message ${i} is no query`);
    return new Query({ input, words, text, origin: whole }, i);
  });
  return { queries, input, words, text };
}

/** One query. */
export function receiveOne(message: Uint8Array, origin: Partial<Origin> = {}): Query {
  return receive([message], origin).queries[0];
}

/** How {@link exchange} asks. */
export interface Asked {
  name?: string;
  type?: packet.RecordType;
  class?: packet.RecordClass;
  id?: number;
  flags?: number;
  transport?: 'udp' | 'tcp';
  /** The client's payload size; without it no OPT. */
  size?: number | undefined;
  dnssecOk?: boolean;
  /** The server's payload size. */
  maxPayloadSize?: number;
}

/** A query for a test, by default for `example.org` A by UDP with EDNS and 1,232 bytes. */
export function asked(how: Asked = {}): Query {
  const { name = 'example.org', type = 'A', transport = 'udp', dnssecOk = false } = how;
  const size = 'size' in how ? how.size : 1232;
  const more: Packet = {
    id: how.id ?? 0x1234,
    flags: how.flags ?? packet.RECURSION_DESIRED,
    questions: [{ name, type, class: how.class ?? 'IN' }],
  };
  if (size !== undefined) more.additionals = [opt(size, { flags: dnssecOk ? packet.DNSSEC_OK : 0 })];
  return receiveOne(queryBytes(name, type, more), { transport });
}

/** Octets around a reply that must be as they were. */
const GUARD = 64;

/**
 * Encodes a reply as a transport does, at some offset of a larger buffer filled with 0xee; fails when it is longer than
 * it may be.
 */
export function encoded(query: Query, reply: Reply, maxPayloadSize = 1232): Buffer {
  const limit = replyLimit(query, maxPayloadSize);
  const target = Buffer.alloc(GUARD + 0x20000, 0xee);
  const length = reply.encode(target, GUARD, limit, maxPayloadSize);
  if (length > limit) throw new Error(`a reply of ${length} bytes, and ${limit} are allowed`);
  if (!target.subarray(0, GUARD).every((octet) => octet === 0xee)) throw new Error('the reply begins too early');
  return Buffer.from(target.subarray(GUARD, GUARD + length));
}

/** What dns-packet reads in a reply; it must read all of it. */
export function decoded(message: Buffer): DecodedPacket & { rcode: string } {
  const read = packet.decode(message) as DecodedPacket & { rcode: string };
  if (packet.decode.bytes !== message.length) throw new Error(`${message.length - packet.decode.bytes} bytes too many`);
  return read;
}

/** Asks, has `handle` answer, and reads what the client gets. */
export function exchange(how: Asked, handle: (reply: Reply, query: Query) => void) {
  const query = asked(how);
  const reply = new Reply(query);
  handle(reply, query);
  const bytes = encoded(query, reply, how.maxPayloadSize);
  const message = decoded(bytes);
  const own = (message.additionals ?? []).filter((record) => record.type === 'OPT');
  return { bytes, message, opt: own.length === 1 ? own[0] : undefined, opts: own.length };
}
