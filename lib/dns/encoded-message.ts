/** Encoded messages whose records are used without decoding them. */
import { HEADER_SIZE, MAX_TTL, OPT_FIXED_SIZE, QUESTION_FIXED_SIZE, TYPE } from './numbers.js';
import { RecordWalk, type SectionCounts } from './record-walk.js';

/** The records of a message without its OPT: the octets from `start` to `end`, in which pointers count from `offset`. */
export interface EncodedSections {
  /** The memory of the message. */
  bytes: Buffer;
  /** The offset of the message in {@link bytes}. All other offsets count from the start of {@link bytes}, too. */
  offset: number;
  start: number;
  end: number;
  /** The options of the message's OPT; both offsets are equal if there are none. */
  optionsStart: number;
  optionsEnd: number;
  counts: SectionCounts;
  /** The header's flags. */
  flags: number;
  /** The response code, with its upper eight bits from OPT. */
  rcode: number;
}

/**
 * Finds the records of a message. Undefined if they cannot be moved behind `question`, the question section of another
 * message: the message has another question (upper and lower case are equal), or its OPT is not its last record.
 *
 * Throws `Error` if the message ends before its records do.
 */
export function findSections(message: Buffer, question: Buffer): EncodedSections | undefined {
  const walk = new RecordWalk(message);
  const { answers, authorities } = walk.counts;
  let { additionals } = walk.counts;
  let opt: number | undefined;
  let extendedRcode = 0;
  while (walk.next()) {
    if (walk.type !== TYPE.OPT) continue;
    if (walk.left > 0 || additionals === 0) return undefined;
    opt = walk.start;
    extendedRcode = message[walk.fields + 4];
    additionals--;
  }
  const { first, end } = walk;
  if (!sameQuestion(message.subarray(HEADER_SIZE, first), question)) return undefined;
  const flags = message.readUInt16BE(2);
  return {
    bytes: message,
    offset: 0,
    start: first,
    end: opt ?? end,
    optionsStart: opt === undefined ? end : opt + OPT_FIXED_SIZE,
    optionsEnd: end,
    counts: { answers, authorities, additionals },
    flags,
    rcode: (flags & 0x0f) | (extendedRcode << 4),
  };
}

/** Whether two question sections of one question are equal, apart from the case of the name (RFC 4343 s.3). */
function sameQuestion(one: Buffer, other: Buffer): boolean {
  const nameLength = one.length - QUESTION_FIXED_SIZE;
  return (
    one.length === other.length &&
    one.subarray(nameLength).equals(other.subarray(nameLength)) &&
    one.toString('latin1', 0, nameLength).toLowerCase() === other.toString('latin1', 0, nameLength).toLowerCase()
  );
}

/**
 * The seconds for which HTTP may keep a message (RFC 8484 s.5.1): the smallest TTL of its records, without OPT, and at most
 * the MINIMUM of an SOA in the authority section; 0 if there are none. A TTL above 2^31 - 1 counts as 0 (RFC 2181 s.8).
 *
 * Throws `Error` if the message ends before its records do.
 */
export function freshnessLifetime(message: Buffer): number {
  const walk = new RecordWalk(message);
  let smallest = Infinity;
  while (walk.next()) {
    const { type, ttl } = walk;
    if (type !== TYPE.OPT) smallest = Math.min(smallest, ttl > MAX_TTL ? 0 : ttl);
    if (type === TYPE.SOA && walk.section === 'authorities') {
      smallest = Math.min(smallest, message.readUInt32BE(walk.end - 4));
    }
  }
  return smallest === Infinity ? 0 : smallest;
}

/**
 * Lowers the TTLs of a message's records, without OPT, by the `age` of the message in seconds, at most to 0. A TTL above 2^31 -
 * 1 counts as 0 (RFC 2181 s.8). Throws `Error` if the message ends before its records do.
 */
export function ageTtls(message: Buffer, age: number): void {
  changeTtls(message, (ttl) => Math.max(0, ttl - age));
}

/**
 * Brings the TTLs of a message's records, without OPT, between `least` and `most` seconds. A TTL above 2^31 - 1 counts as 0
 * (RFC 2181 s.8). Throws `Error` if the message ends before its records do.
 */
export function clampTtls(message: Buffer, least: number, most: number): void {
  changeTtls(message, (ttl) => Math.min(most, Math.max(least, ttl)));
}

function changeTtls(message: Buffer, change: (ttl: number) => number): void {
  const walk = new RecordWalk(message);
  while (walk.next()) {
    const { type, ttl } = walk;
    if (type !== TYPE.OPT) message.writeUInt32BE(change(ttl > MAX_TTL ? 0 : ttl), walk.fields + 4);
  }
}
