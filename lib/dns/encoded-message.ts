/** An encoded message whose records are taken over as they stand. */
import { HEADER_SIZE, MAX_TTL, TYPE } from './numbers.js';

/** Octets of an OPT record before its options. */
const OPT_FIXED_SIZE = 11;

/** How many records each section has. */
export interface SectionCounts {
  answers: number;
  authorities: number;
  additionals: number;
}

/** A message's records without its OPT: the octets from `start` to `end`, with pointers that count from `offset`. */
export interface EncodedSections {
  /** What the message stands in. */
  bytes: Buffer;
  /** Where in {@link bytes} it starts; all that follows is counted from the beginning of {@link bytes}, too. */
  offset: number;
  start: number;
  end: number;
  /** The options of its OPT; both are equal where there are none. */
  optionsStart: number;
  optionsEnd: number;
  counts: SectionCounts;
  /** The header's flags. */
  flags: number;
  /** RCODE with its extension from OPT. */
  rcode: number;
}

/**
 * Finds the records of a message. Undefined when they cannot be moved behind `question`, the question section of another
 * message: its own is not the same, but for upper and lower case, or its OPT is not the last record of all.
 *
 * Throws `Error` when the message ends before its records do.
 */
export function findSections(message: Buffer, question: Buffer): EncodedSections | undefined {
  if (message.length < HEADER_SIZE) throw new Error('the message is shorter than a header');
  const counts = {
    answers: message.readUInt16BE(6),
    authorities: message.readUInt16BE(8),
    additionals: message.readUInt16BE(10),
  };
  let at = HEADER_SIZE;
  for (let left = message.readUInt16BE(4); left > 0; left--) at = nameEnd(message, at) + 4;
  const start = at;
  let end: number | undefined;
  let extendedRcode = 0;
  for (let left = counts.answers + counts.authorities + counts.additionals; left > 0; left--) {
    const recordStart = at;
    at = nameEnd(message, at);
    if (at + 10 > message.length) throw new Error('the message ends within a record');
    const type = message.readUInt16BE(at);
    if (type === TYPE.OPT) {
      if (left > 1 || counts.additionals === 0) return undefined;
      end = recordStart;
      extendedRcode = message[at + 4];
      counts.additionals--;
    }
    at += 10 + message.readUInt16BE(at + 8);
  }
  if (at > message.length) throw new Error('the message ends within a record');
  if (!sameQuestion(message.subarray(HEADER_SIZE, start), question)) return undefined;
  const flags = message.readUInt16BE(2);
  return {
    bytes: message,
    offset: 0,
    start,
    end: end ?? at,
    optionsStart: end === undefined ? at : end + OPT_FIXED_SIZE,
    optionsEnd: at,
    counts,
    flags,
    rcode: (flags & 0x0f) | (extendedRcode << 4),
  };
}

/** Whether two question sections of one question are the same, but for the case of the name (RFC 4343 s.3). */
function sameQuestion(one: Buffer, other: Buffer): boolean {
  const nameLength = one.length - 4;
  return (
    one.length === other.length &&
    one.subarray(nameLength).equals(other.subarray(nameLength)) &&
    one.toString('latin1', 0, nameLength).toLowerCase() === other.toString('latin1', 0, nameLength).toLowerCase()
  );
}

/**
 * How long HTTP may keep a message, in seconds (RFC 8484 s.5.1): the smallest TTL of its records, OPT aside, and no longer
 * than the MINIMUM of an SOA in the authority section; 0 when there are none. A TTL above 2^31 - 1 counts as 0 (RFC 2181
 * s.8). Throws `Error` when the message ends before its records do.
 */
export function freshnessLifetime(message: Buffer): number {
  let smallest = Infinity;
  let at = HEADER_SIZE;
  for (let left = message.readUInt16BE(4); left > 0; left--) at = nameEnd(message, at) + 4;
  const answers = message.readUInt16BE(6);
  const authorities = answers + message.readUInt16BE(8);
  const records = authorities + message.readUInt16BE(10);
  for (let i = 0; i < records; i++) {
    at = nameEnd(message, at);
    const type = message.readUInt16BE(at);
    const end = at + 10 + message.readUInt16BE(at + 8);
    const ttl = message.readUInt32BE(at + 4);
    if (type !== TYPE.OPT) smallest = Math.min(smallest, ttl > MAX_TTL ? 0 : ttl);
    if (type === TYPE.SOA && i >= answers && i < authorities) {
      smallest = Math.min(smallest, message.readUInt32BE(end - 4));
    }
    at = end;
  }
  return smallest === Infinity ? 0 : smallest;
}

/**
 * Brings the TTLs of a message's records, OPT aside, between `least` and `most` seconds; a TTL above 2^31 - 1 counts as 0
 * (RFC 2181 s.8). Throws `Error` when the message ends before its records do.
 */
export function clampTtls(message: Buffer, least: number, most: number): void {
  let at = HEADER_SIZE;
  for (let left = message.readUInt16BE(4); left > 0; left--) at = nameEnd(message, at) + 4;
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let left = records; left > 0; left--) {
    at = nameEnd(message, at);
    const ttl = message.readUInt32BE(at + 4);
    const bounded = Math.min(most, Math.max(least, ttl > MAX_TTL ? 0 : ttl));
    if (message.readUInt16BE(at) !== TYPE.OPT) message.writeUInt32BE(bounded, at + 4);
    at += 10 + message.readUInt16BE(at + 8);
  }
}

/** The offset behind the name at `at`. */
function nameEnd(message: Buffer, at: number): number {
  while (at < message.length) {
    const length = message[at];
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
  throw new Error('the message ends within a name');
}
