import { addon, type AnswerCache } from '../../native/addon.js';
import type { CacheOptions } from './options.js';

/** The memory for an answer of usual length, bookkeeping included. */
const BYTES_PER_ANSWER = 512;
const NUMBER = 0;
const USERS = 1;

/**
 * A worker's reference to the native cache of a server block. The first worker opens the cache, and the last one closes
 * it.
 */
export class SharedCache {
  readonly answers: AnswerCache;
  readonly #shared: Int32Array;

  /** `payloadSize`: the longest UDP reply of the server in octets. */
  constructor(options: CacheOptions, payloadSize: number) {
    this.#shared = new Int32Array(options.shared);
    Atomics.add(this.#shared, USERS, 1);
    this.answers = new addon.AnswerCache(this.#open(options, payloadSize));
  }

  close(): void {
    if (Atomics.sub(this.#shared, USERS, 1) !== 1) return;
    addon.closeCache(Atomics.exchange(this.#shared, NUMBER, 0));
  }

  #open(options: CacheOptions, payloadSize: number): number {
    const { capacity, staleFor, staleTtl, recheck, verify, preferData, prefetch, keepTtl } = options;
    const there = Atomics.load(this.#shared, NUMBER);
    if (there !== 0) return there;
    const number = addon.openCache({
      maxBytes: capacity * BYTES_PER_ANSWER,
      serveStale: staleFor,
      staleTtl,
      refreshInterval: Math.max(1, recheck), // of several that ask at once, one renews
      preferData,
      prefetchHits: prefetch.hits,
      prefetchGap: prefetch.gap,
      prefetchPercent: prefetch.percent,
      keepTtl,
      payloadSize,
      lookedUpAgain: true,
      staleFirst: !verify,
      ignoreNsid: true, // the directive nsid adds it to what this cache answers
    });
    const other = Atomics.compareExchange(this.#shared, NUMBER, 0, number);
    if (other === 0) return number;
    // Another worker was faster.
    addon.closeCache(number);
    return other;
  }
}
