import { addon, type AnswerCache, type CacheCounters, type NativeCacheOptions } from '../native/addon.js';
import { invalidValue } from '../errors.js';
import { wireName } from '../dns/wire-name.js';
import type { CacheOptions } from '../options/cache.js';
import { missMemory, type MissMemory } from '../worker/shared-misses.js';

/** In seconds: the TTLs of answers past their end, and the time between two tries to renew one (RFC 8767 s.4, s.5). */
const STALE_TTL = 30;
const REFRESH_INTERVAL = 30;

/** The answer cache of a server, shared by all its workers: `server.cache` of a server with the option `cache`. */
export class ServerCache {
  readonly #cache: AnswerCache;
  /** @internal For the workers; undefined: they do not share misses. */
  readonly misses: MissMemory | undefined;

  /** @internal `added`: see `NativeCacheOptions`; what is false there is left to the handler. */
  constructor(
    { maxBytes, serveStale, prefetch, shareMisses }: Required<CacheOptions>,
    payloadSize: number,
    added: Pick<NativeCacheOptions, 'ignoreNsid'>,
  ) {
    const { hits, percent } = prefetch === false ? { hits: 0, percent: 10 } : prefetch;
    const prefetching = { prefetchHits: hits, prefetchGap: 0, prefetchPercent: percent };
    const stale = { staleFirst: true, staleTtl: STALE_TTL, refreshInterval: REFRESH_INTERVAL, preferData: false };
    const given = { keepTtl: false, lookedUpAgain: false, ...stale, ...added };
    this.misses = shareMisses > 0 ? missMemory(shareMisses) : undefined;
    this.#cache = new addon.AnswerCache(0, { maxBytes, payloadSize, serveStale, ...prefetching, ...given });
  }

  /** @internal The workers find it by this number. */
  get number(): number {
    return this.#cache.number();
  }

  /**
   * Removes all answers, or those to questions for a name; with `subtree` also those for all names below it. Returns
   * the number removed. Answers that handlers are working on at this moment, for any name, are not kept. Throws
   * TypeError `ERR_INVALID_ARG_VALUE` for an invalid name.
   */
  clear(name?: string, { subtree = false }: { subtree?: boolean } = {}): number {
    if (name === undefined) return this.#cache.clear();
    let octets: Uint8Array;
    try {
      octets = wireName(name);
    } catch (error) {
      throw invalidValue('name', `is not a valid name: ${(error as Error).message}`, name);
    }
    return this.#cache.clear(octets, subtree);
  }

  /** @internal */
  counters(): CacheCounters {
    return this.#cache.counters();
  }
}
