/**
 * Compares the questions that queries ask of upstreams. They are equal if {@link writeQuery} writes the same message,
 * except for the case of the name, and if the transport is the same: UDP or a stream.
 */
import type { Query } from '../message/query.js';
import { keyedHash } from './keyed-hash.js';
import { queryLength, writeQuery } from '../message/upstream-query.js';

/** Octets that most messages fit into. */
const SIZE = 512;

/** A message as words: its octets, zeros up to a whole word, and a word with its length and transport. */
class Canonical {
  words = new Int32Array(SIZE / 4);
  #bytes = Buffer.from(this.words.buffer);

  /** Writes a query with its name in lower case and ID 0. Returns the number of words. */
  write(query: Query, stream: boolean): number {
    const length = queryLength(query, query.hasEdns);
    const count = ((length + 3) >> 2) + 1;
    if (count > this.words.length) {
      this.words = new Int32Array(2 * count);
      this.#bytes = Buffer.from(this.words.buffer);
    }
    this.words[count - 2] = 0;
    this.words[count - 1] = (length << 1) | (stream ? 1 : 0);
    writeQuery(query, this.#bytes, 0, true, query.hasEdns);
    return count;
  }
}

const one = new Canonical();
const other = new Canonical();

/** Returns a keyed hash of a question. */
export function hashQuestion(query: Query, stream: boolean): number {
  return keyedHash(one.words, one.write(query, stream));
}

/** Whether two queries for the same transport ask the same question. */
export function isSameQuestion(a: Query, b: Query): boolean {
  const count = one.write(a, false);
  if (other.write(b, false) !== count) return false;
  for (let i = 0; i < count; i++) {
    if (one.words[i] !== other.words[i]) return false;
  }
  return true;
}
