import type { Query } from '../message/query.js';
import { isSameQuestion } from './question.js';

/** Buckets of an empty table, a power of two. */
const BUCKETS = 256;

/** What is in a {@link LookupTable}. */
export interface TableEntry {
  readonly query: Query;
  /** Whether it is asked over a stream, not by UDP. */
  readonly stream: boolean;
  /** The `hashQuestion` of both. */
  readonly hash: number;
  /** The next one in its bucket. The table sets this. */
  after: TableEntry | undefined;
}

/**
 * Lookups by their question.
 *
 * A Map is unsuitable: a Map that grows or is compacted points from its old memory to its new one, so that the memory
 * of all of them, with their contents, survives until the next full garbage collection. A removed entry of this table
 * points nowhere.
 */
export class LookupTable<T extends TableEntry> {
  #buckets = new Array<T | undefined>(BUCKETS).fill(undefined);
  #size = 0;

  /** Returns the entry with the same question; `hash`: the question's `hashQuestion`. */
  find(query: Query, stream: boolean, hash: number): T | undefined {
    let entry = this.#buckets[hash & (this.#buckets.length - 1)];
    while (entry !== undefined) {
      if (entry.hash === hash && entry.stream === stream && isSameQuestion(entry.query, query)) return entry;
      entry = entry.after as T | undefined;
    }
    return undefined;
  }

  /** Adds an entry. Its question must not be in the table. */
  add(entry: T): void {
    if (++this.#size > this.#buckets.length) this.#grow();
    this.#put(entry);
  }

  /** Removes an entry, if it is in the table. */
  delete(entry: T): void {
    const bucket = entry.hash & (this.#buckets.length - 1);
    let before = this.#buckets[bucket];
    if (before === entry) {
      this.#buckets[bucket] = entry.after as T | undefined;
    } else {
      while (before !== undefined && before.after !== entry) before = before.after as T | undefined;
      if (before === undefined) return;
      before.after = entry.after;
    }
    entry.after = undefined;
    this.#size--;
  }

  #grow(): void {
    const before = this.#buckets;
    this.#buckets = new Array<T | undefined>(2 * before.length).fill(undefined);
    for (let entry of before) {
      while (entry !== undefined) {
        const after = entry.after as T | undefined;
        this.#put(entry);
        entry = after;
      }
    }
  }

  #put(entry: T): void {
    const bucket = entry.hash & (this.#buckets.length - 1);
    entry.after = this.#buckets[bucket];
    this.#buckets[bucket] = entry;
  }
}
