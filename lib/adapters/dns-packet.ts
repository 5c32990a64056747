/** Adapter for handlers that take a packet of dns-packet and return one. */
import { inspect } from 'node:util';
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import type { DecodedRecord } from '../dns/decode.js';
import type { RawRecord, ResourceRecord } from '../dns/record.js';
import { rcodeNumber, type Rcode } from '../dns/registry.js';
import type { Endpoint } from '../message/batch.js';
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { readRecord, sendEncoded, sendRecords, type Opt, type Sections } from './encoded-reply.js';
import { presentation, QuestionName, readName } from './question-name.js';

/**
 * A packet of dns-packet, whose records may also have the types that only this library knows. `rcode` is the response
 * code if `flags` has none; dns-packet itself reads `flags` only.
 */
export type AnsweredPacket = Omit<Packet, keyof Sections> &
  Partial<Record<keyof Sections, readonly DecodedRecord[] | undefined>> & { rcode?: Rcode };

/** Answers a decoded query with a packet, or an encoded one; undefined: the client gets nothing. */
export type DnsPacketHandler = (
  packet: DecodedPacket,
  client: Endpoint,
) => AnsweredPacket | Uint8Array | undefined | Promise<AnsweredPacket | Uint8Array | undefined>;

/** The parts of dns-packet that its types omit: its codecs of records, names and RDATA. */
const {
  answer: recordCodec,
  name: nameCodec,
  record: codecOf,
} = packet as unknown as {
  answer: { encode: { (record: DecodedRecord): Buffer; bytes: number } };
  name: { encode(name: string): Buffer };
  record: (type: string) => unknown;
};
const unknownCodec = codecOf('TYPE0');

/**
 * Makes a handler from one that works as programs with `dgram` and dns-packet do: decode, answer, encode. dns-packet
 * encodes the records, so that it accepts the same records as elsewhere. This library sets ID, question, EDNS and
 * truncation.
 *
 * A client gets SERVFAIL if dns-packet throws while it decodes or encodes.
 */
export function fromDnsPacket(answer: DnsPacketHandler): Handler {
  return async (query, reply) => {
    const question = new QuestionName(query.question, 'utf8');
    const answered = await answer(decodeQuery(query, question), query.client);
    if (answered === undefined) reply.drop();
    else if (answered instanceof Uint8Array) sendEncoded(query, reply, Buffer.from(answered), question);
    else sendPacket(reply, answered, question);
  };
}

/** A query as dns-packet decodes it, with the name of its question as dns-packet can encode it again. */
export function decodeQuery({ raw }: Query, question: QuestionName): DecodedPacket {
  const decoded = packet.decode(raw);
  const first = decoded.questions?.[0];
  if (first !== undefined && !question.exact) first.name = question.shown;
  return decoded;
}

/** Answers with a packet of dns-packet. Throws dns-packet's error for a record that it cannot encode. */
export function sendPacket(reply: Reply, answered: AnsweredPacket, question: QuestionName): void {
  const opts: Opt[] = [];
  const convert = (records: readonly DecodedRecord[] = []): ResourceRecord[] =>
    records.flatMap((record) => {
      if (codecOf(record.type) === unknownCodec) return [unknownRecord(record, question)];
      const read = readRecord(recordCodec.encode(record), 0, question);
      // dns-packet writes an empty label as the end of a name.
      if (read.end !== recordCodec.encode.bytes) throw new Error(`the record ${inspect(record)} has a malformed name`);
      if ('record' in read) return [read.record];
      opts.push(read.opt);
      return [];
    });
  const sections = {
    answers: convert(answered.answers),
    authorities: convert(answered.authorities),
    additionals: convert(answered.additionals),
  };
  sendRecords(reply, flagsOf(answered), sections, opts);
}

/** dns-packet sends the response code in `flags`. `rcode` counts if `flags` has none. */
function flagsOf({ flags = 0, rcode }: AnsweredPacket): number {
  if ((flags & 0x0f) !== 0 || rcode === undefined) return flags;
  const number = rcodeNumber(rcode);
  if (number === undefined || number > 0x0f) throw new RangeError(`invalid response code ${inspect(rcode)}`);
  return flags | number;
}

/** A record of a type that this library writes, and dns-packet does not. */
function unknownRecord(record: DecodedRecord, question: QuestionName): ResourceRecord {
  const { name, type, ...rest } = record as RawRecord;
  const { labels } = readName(nameCodec.encode(name), 0);
  const ttl = Math.trunc(rest.ttl ?? 0);
  return { ...rest, ttl, name: presentation(question.restore(labels)), type: type.toUpperCase() };
}
