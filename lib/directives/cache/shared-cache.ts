import { addon, type AnswerCache } from '../../native/addon.js';
import type { CacheOptions } from './options.js';

/** The memory for an answer of usual length, bookkeeping included. */
const BYTES_PER_ANSWER = 512;

/**
 * Returns a worker's access to the native cache of a server block. The first worker opens it. It is freed with the last
 * worker that uses it, even if that one crashes. `payloadSize`: the longest UDP reply of the server in octets.
 */
export function sharedCache(options: CacheOptions, payloadSize: number): AnswerCache {
  const { capacity, staleFor, staleTtl, recheck, verify, preferData, prefetch, keepTtl } = options;
  const native = {
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
  };
  const shared = new Int32Array(options.shared);
  let number = Atomics.load(shared, 0);
  for (;;) {
    const cache = new addon.AnswerCache(number, native);
    const now = Atomics.compareExchange(shared, 0, number, cache.number());
    if (now === number) return cache;
    number = now; // another worker was faster
  }
}
