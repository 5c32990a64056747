import { optSize, writeOpt, type EdnsOption } from '../dns/edns.js';
import { FLAG, HEADER_SIZE, OPCODE_MASK, OPT_FIXED_SIZE, OPTION, OPTION_FIXED_SIZE, RCODE } from '../dns/numbers.js';
import { MessageWriter } from '../dns/writer.js';
import type { Query } from './query.js';
import type { ReplyRecords } from './reply-records.js';
import type { WrittenSections } from './reply-sections.js';

const { QR, AA, TC, RD, CD } = FLAG;
/** What a reply keeps of the flags of its query. */
const KEPT = OPCODE_MASK | RD | CD;
const NO_OPTIONS: readonly EdnsOption[] = [];

/** One a thread: encoding is never interrupted. */
const writer = new MessageWriter();

/** The contents of a reply. */
export interface ReplyParts {
  query: Query;
  /** With its extension (RFC 6891 s.6.1.3). */
  rcode: number;
  /** The header's flags other than QR, TC, RD and CD. */
  flags: number;
  records: ReplyRecords;
  /** EDNS options; a client that did not use EDNS does not see them. */
  options: readonly EdnsOption[] | undefined;
}

/**
 * The room for a reply: at most `limit` octets from `offset` of `target` on. `payloadSize`: announced in its OPT
 * record.
 */
export interface ReplyRoom {
  target: Buffer;
  offset: number;
  limit: number;
  payloadSize: number;
}

/** The result of {@link encodeReply}. */
export interface EncodedReply {
  /** In octets. */
  length: number;
  /** Offset of the OPT record from the message's start; 0: none. */
  optStart: number;
  /** Whether required records were left out. */
  truncated: boolean;
}

/** Writes a reply. Throws the errors of `writeRecord`; the contents of `target` are then undefined. */
export function encodeReply(parts: ReplyParts, { target, offset, limit, payloadSize }: ReplyRoom): EncodedReply {
  const { query, flags } = parts;
  const { hasEdns } = query;
  const end = offset + limit;
  let options = hasEdns ? (parts.options ?? NO_OPTIONS) : NO_OPTIONS;
  // Room for OPT is reserved from the start: the sections end before it.
  let written = writeBody(parts, target, offset, end - (hasEdns ? optSize(options) : 0));
  const { truncated } = written;
  if (truncated && options.length > 0) {
    // Extended errors are left out before any record is, and TC reports it (RFC 8914 s.3).
    options = essential(options, limit - query.questionEnd - OPT_FIXED_SIZE);
    written = writeBody(parts, target, offset, end - optSize(options));
  }
  // Without OPT there is no place for the upper bits.
  const rcode = parts.rcode > 0x0f && !hasEdns ? RCODE.SERVFAIL : parts.rcode;
  writer.extend(end);
  const optStart = hasEdns ? writer.at - offset : 0;
  if (hasEdns) writeOpt(writer, payloadSize, rcode, query.dnssecOk, options);
  const length = writer.at - offset;
  writer.at = offset;
  writer.u16(query.id);
  writer.u16(QR | flags | (truncated ? TC : 0) | (query.flags & KEPT) | (rcode & 0x0f));
  writer.u16(1);
  writer.u16(written.answers);
  writer.u16(written.authorities);
  writer.u16(written.additionals + (hasEdns ? 1 : 0));
  return { length, optStart, truncated };
}

/** The options without Extended DNS Errors, as far as there is room for them. */
function essential(options: readonly EdnsOption[], room: number): readonly EdnsOption[] {
  let left = room;
  return options.filter(({ code, data }) => {
    const size = OPTION_FIXED_SIZE + data.length;
    if (code === OPTION.EXTENDED_ERROR || size > left) return false;
    left -= size;
    return true;
  });
}

/** Writes the question and the records at their place in a message that starts at `offset`. */
function writeBody(
  { query, flags, records }: ReplyParts,
  target: Buffer,
  offset: number,
  end: number,
): WrittenSections {
  writer.begin(target, offset, end, query.key);
  writer.at = offset + HEADER_SIZE;
  writer.bytes(query.bytes, query.offset + HEADER_SIZE, query.offset + query.questionEnd);
  return records.write(writer, query.classNumber, (flags & AA) !== 0);
}
