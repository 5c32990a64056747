/** Reads the row in which native code describes an upstream's answer. */
import { addon } from '../native/addon.js';
import type { EncodedSections } from '../dns/encoded-message.js';

const { answer: word } = addon.layout;

/** The sections of an answer in `bytes`, whose row starts at the word `row` of `rows`. */
export function sectionsOf(bytes: Buffer, rows: Uint32Array, row: number): EncodedSections {
  const offset = rows[row + word.offset];
  const flagsAndRcode = rows[row + word.flagsAndRcode];
  const optionsStart = offset + rows[row + word.optionsOffset];
  return {
    bytes,
    offset,
    start: offset + rows[row + word.questionEnd],
    end: offset + rows[row + word.recordsEnd],
    optionsStart,
    optionsEnd: optionsStart + rows[row + word.optionsLength],
    counts: {
      answers: rows[row + word.answers],
      authorities: rows[row + word.authorities],
      additionals: rows[row + word.additionals],
    },
    flags: flagsAndRcode >>> 16,
    rcode: flagsAndRcode & 0xffff,
  };
}
