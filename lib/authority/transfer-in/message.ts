/** The queries to a primary, and the headers of its answers. */
import {
  CLASS,
  FLAG,
  HEADER_SIZE,
  MAX_NAME,
  OPCODE_MASK,
  QUESTION_FIXED_SIZE,
  RECORD_FIXED_SIZE,
  TYPE,
} from '../../dns/numbers.js';
import { WireReader } from '../../dns/reader.js';
import { rcodeName } from '../../dns/registry.js';
import { MessageWriter } from '../../dns/writer.js';

const RCODE_MASK = 0x0f;
/** Two names and five numbers, the longest RDATA of SOA. */
const MAX_SOA = 2 * MAX_NAME + 20;
const SIZE = HEADER_SIZE + MAX_NAME + QUESTION_FIXED_SIZE + 2 + RECORD_FIXED_SIZE + MAX_SOA;

/** What is asked for. */
export interface Asked {
  /** The zone, in the form of `Query.key`. */
  origin: string;
  id: number;
  /** SOA, AXFR or IXFR. */
  type: number;
}

/** A query. `serial`: the serial number of the zone that is there, for IXFR (RFC 1995 s.3). */
export function writeQuery({ origin, id, type }: Asked, serial?: number): Buffer {
  const query = Buffer.alloc(SIZE);
  const writer = new MessageWriter();
  writer.begin(query, 0, query.length, origin);
  for (const word of [id, 0, 1, 0, serial === undefined ? 0 : 1, 0]) writer.u16(word);
  writer.name(origin, false);
  writer.u16(type);
  writer.u16(CLASS.IN);
  if (serial !== undefined) {
    writer.name(origin, true);
    writer.u16(TYPE.SOA);
    writer.u16(CLASS.IN);
    writer.u32(0);
    writer.sized(() => {
      // Only the serial number counts: the names are the root.
      writer.u16(0);
      for (const number of [serial, 0, 0, 0, 0]) writer.u32(number);
    });
  }
  return query.subarray(0, writer.at);
}

/** Checks that a message answers a query without an error. Returns the offset of its first record. Throws `Error`. */
export function checkHeader(message: Buffer, { origin, id, type }: Asked): number {
  if (message.length < HEADER_SIZE) throw new Error('a message is shorter than its header');
  const flags = message.readUInt16BE(2);
  if (message.readUInt16BE(0) !== id) throw new Error('a message has another ID than the query');
  if ((flags & FLAG.QR) === 0 || (flags & OPCODE_MASK) !== 0) throw new Error('a message is no answer to a query');
  const rcode = flags & RCODE_MASK;
  if (rcode !== 0) throw new Error(`the primary answers ${rcodeName(rcode) ?? `rcode ${rcode}`}`);
  if ((flags & FLAG.TC) !== 0) throw new Error('a message is truncated');
  // Knot sends transfers without AA.
  if (type === TYPE.SOA && (flags & FLAG.AA) === 0) throw new Error('the primary is not authoritative for the zone');
  const questions = message.readUInt16BE(4);
  if (questions > 1) throw new Error(`a message has ${questions} questions`);
  // RFC 5936 s.2.2.1: messages behind the first one may leave it out. Some servers leave it out everywhere.
  if (questions === 0) return HEADER_SIZE;
  const reader = new WireReader(message, HEADER_SIZE);
  if (reader.name().toLowerCase() !== origin || reader.u16() !== type || reader.u16() !== CLASS.IN) {
    throw new Error('a message has another question than the query');
  }
  return reader.at;
}
