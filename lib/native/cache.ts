/** Options of {@link Addon.AnswerCache}. */
export interface NativeCacheOptions {
  /** The most memory, bookkeeping included. The cache has less if the system refuses so much. */
  maxBytes: number;
  /** The longest UDP reply, also announced in OPT records, in bytes. */
  payloadSize: number;
  /** Seconds after its end that an answer may still be returned; 0: none. */
  serveStale: number;
  /** The number of queries after which an answer is renewed early; 0: never. Above 65,535 it counts as 65,535. */
  prefetchHits: number;
  /** Seconds without a query after which that count starts again; 0: never. */
  prefetchGap: number;
  /** The remaining life at which it is renewed, in percent. */
  prefetchPercent: number;
  /** Whether queries that ask for NSID use the cache: the caller then adds the NSID to the answer. */
  ignoreNsid: boolean;
  /** Whether answers keep their original TTLs instead of the remaining ones. */
  keepTtl: boolean;
  /**
   * Whether the handler repeats a look-up without result of an {@link AnswerFront}: then only the handler's look-up
   * asks for renewals, and the front's leaves no trace if it finds nothing.
   */
  lookedUpAgain: boolean;
  /** Whether a front may return expired answers. */
  staleFirst: boolean;
  /** The largest TTL of an expired answer, in seconds. */
  staleTtl: number;
  /** Seconds between two tries to renew an answer. */
  refreshInterval: number;
  /** Whether a denial does not replace data that may still be returned. */
  preferData: boolean;
}

/** The counts and the contents of a cache. */
export interface CacheCounters {
  /** Queries that the cache has answered, {@link staleHits} included. */
  hits: number;
  /** Queries that the cache has answered with an expired answer. */
  staleHits: number;
  /** Queries that the cache has not answered. */
  misses: number;
  /** Answers that were stored. */
  stores: number;
  /** Answers that were not stored, because the memory for them waited for a worker to finish its batch. */
  dropped: number;
  /** Answers that were removed to make room. */
  evictions: number;
  /** Bytes of removed answers that wait for a worker to finish its batch; part of {@link bytes}. */
  waiting: number;
  /** Bytes in use, at most `maxBytes`: answers, tables, and each worker's notes of what it has used. */
  bytes: number;
  /** Answers in the cache. */
  entries: number;
}

/** An answer cache of the process, for use on one thread. */
export interface AnswerCache {
  /**
   * Writes the reply to a query to `out` and returns its length; 0: a miss (entries that vary by client never match).
   * -1: there is a reply, and the caller should renew it; the next look-up gets it. `transport`: its index in
   * `transports`. `allowStale`: whether an expired one is acceptable.
   */
  lookUp(query: Uint8Array, transport: number, allowStale: boolean, out: Uint8Array): number;
  /**
   * Stores a reply for queries like this one. `keeping`: options, in the words of `layout.keeping`. `origin`: the ends
   * of the query's path, required for a reply that varies. False if such a reply is not stored, or the cache was
   * cleared since `keeping.generation`.
   */
  store(query: Uint8Array, reply: Uint8Array, keeping: Uint32Array, origin?: Uint8Array): boolean;
  /** By which other threads attach to the cache. */
  number(): number;
  /**
   * A number of 26 bits that queries with the same key have in common until the next {@link clear}; -1: the query cannot
   * use the cache. Different keys may have the same number. `transport`: its index in `transports`.
   */
  question(query: Uint8Array, transport: number): number;
  /** A number that changes with each clear. */
  generation(): number;
  /** Removes all answers, or those for a name in wire format, or for it and all names below; returns their number. */
  clear(name?: Uint8Array, subtree?: boolean): number;
  counters(): CacheCounters;
}

declare const nothingToCall: unique symbol;

/** The zones and caches that are asked before a handler, in turn; for native code only. */
export interface AnswerFront {
  readonly [nothingToCall]: never;
}
