/** The records of a reply, as far as there is room for them. */
import { writeRecord, type ResourceRecord } from '../dns/record.js';
import type { EncodedSections } from '../dns/encoded-message.js';
import type { SectionCounts } from '../dns/record-walk.js';
import type { MessageWriter } from '../dns/writer.js';

/** The records of a reply, by section. */
export interface Sections {
  answers: readonly ResourceRecord[];
  authorities: readonly ResourceRecord[];
  additionals: readonly ResourceRecord[];
}

/** The number of records written in each section; `truncated`: required records were left out. */
export interface WrittenSections extends SectionCounts {
  truncated: boolean;
}

const NOTHING: WrittenSections = { answers: 0, authorities: 0, additionals: 0, truncated: true };

/** Writes encoded records that follow the same question: all of them, or none. */
export function writeEncoded(writer: MessageWriter, { bytes, start, end, counts }: EncodedSections): WrittenSections {
  const before = writer.at;
  writer.bytes(bytes, start, end);
  const { answers, authorities, additionals } = counts;
  // Not spread: that costs more than the copy of the records.
  if (!writer.overflowed) return { answers, authorities, additionals, truncated: false };
  writer.at = before;
  return NOTHING;
}

/**
 * Writes the sections; `classNumber` is the class of records that have none, `authoritative` whether AA is set. Throws
 * what `writeRecord` throws.
 */
export function writeSections(
  writer: MessageWriter,
  { answers, authorities, additionals }: Sections,
  classNumber: number,
  authoritative: boolean,
): WrittenSections {
  const start = writer.at;
  for (const record of answers) writeRecord(writer, record, classNumber);
  for (const record of authorities) writeRecord(writer, record, classNumber);
  if (writer.overflowed) {
    // Required records do not fit: the client has to come back by TCP, and part of an RRset is useless to it.
    writer.at = start;
    return NOTHING;
  }
  const written = writeAdditionals(writer, additionals, classNumber);
  // A referral needs its glue (RFC 9471 s.3.1).
  const isReferral = answers.length === 0 && !authoritative;
  const truncated = written < additionals.length && isReferral && authorities.some(({ type }) => type === 'NS');
  return { answers: answers.length, authorities: authorities.length, additionals: written, truncated };
}

/** Writes the records that fit, whole RRsets only; the rest is optional (RFC 2181 s.9). Returns their number. */
function writeAdditionals(writer: MessageWriter, records: readonly ResourceRecord[], classNumber: number): number {
  let set = 0;
  let setStart = writer.at;
  for (let i = 0; i < records.length; i++) {
    if (records[i].name !== records[set].name || records[i].type !== records[set].type) {
      set = i;
      setStart = writer.at;
    }
    writeRecord(writer, records[i], classNumber);
    if (writer.overflowed) {
      writer.at = setStart;
      return set;
    }
  }
  return records.length;
}
