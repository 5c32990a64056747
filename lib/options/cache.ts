import { invalidType } from '../errors.js';
import { integer, required, type Option, type OptionsOf } from './option.js';
import { MAX_INT32 } from './numbers.js';
import { group } from './table.js';

/** Options of `cache.prefetch`. */
export const prefetch = {
  /** How often an answer must have been returned. 1 to 4,294,967,295. */
  hits: required(integer({ min: 1, max: 0xffffffff })),
  /** The part of its life that is left, in percent. 1 to 90. */
  percent: required(integer({ min: 1, max: 90 })),
};

/** When an answer is renewed early. */
export interface PrefetchOptions extends OptionsOf<typeof prefetch> {}

/** The longest wait for the answer to another query, in milliseconds. */
export const MAX_SHARE_MISSES = 60_000;

/** Options of `cache`. */
export const cache = {
  /**
   * The most memory for the whole cache, bookkeeping included. The cache has less if the system refuses so much. 64 KiB
   * to 64 GiB.
   */
  maxBytes: required(integer({ min: 1 << 16, max: 2 ** 36, unit: 'bytes' })),
  /**
   * Seconds after its expiry that an answer is still returned, with TTLs of at most 30 s (RFC 8767). Meanwhile one query
   * every 30 s goes to the handler to renew it. 0 to 2,147,483,647; default 0.
   */
  serveStale: integer({ min: 0, max: MAX_INT32, default: 0 }),
  /**
   * An answer that was returned `hits` times is renewed early: when less than `percent` of its life is left, one client's
   * query goes to the handler. `false`: no early renewal. Default false.
   */
  prefetch: orFalse(group<PrefetchOptions>(prefetch)),
  /**
   * Milliseconds that a query may wait if a handler, in any worker, is answering the same question: it then gets that
   * answer, so that a popular name that is not in the cache costs one call. If there is no answer in time, or it is not
   * kept for all who ask the same, the query goes to the handler, and the same question is not shared for the next 5 s.
   * The wait is part of `handlerTimeout` and counts for `maxInFlight`. 0: never. 0 to 60,000; default 0.
   */
  shareMisses: integer({ min: 0, max: MAX_SHARE_MISSES, default: 0 }),
};

/**
 * The answer cache. Replies are kept for the TTL of their records (RFC 1035 s.3.2.1), negative ones for the time in
 * their SOA (RFC 2308 s.5), and returned with the remaining TTLs. Only queries that agree in name, type, class, all
 * flags, DO, payload size, EDNS Client Subnet and transport (UDP or not) share an answer; `reply.cache()` says what
 * else it depends on. NSID, TCP keepalive, padding and cookies (`cookies`) are added to a kept answer; queries that are
 * signed or have other EDNS options always go to the handler.
 */
export interface CacheOptions extends OptionsOf<typeof cache> {}

function orFalse<Given, Resolved>(option: Option<Given, Resolved>): Option<Given | false, Resolved | false> {
  const expected = `${option.expected} or false`;
  return {
    ...option,
    expected,
    default: false,
    check: (path, given) => {
      if (given === false) return false;
      if (typeof given !== 'object' || given === null) throw invalidType(path, expected, given);
      return option.check(path, given);
    },
  };
}
