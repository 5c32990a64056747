/** What {@link Addon.openCache} takes. */
export interface NativeCacheOptions {
  /** In all, bookkeeping included. */
  maxBytes: number;
  /** The longest UDP reply, and what OPT records say, in bytes. */
  payloadSize: number;
  /** Seconds that an answer may be given after its end; 0: none. */
  serveStale: number;
  /** Answers asked for that often are refreshed before their end; 0: none. */
  prefetchHits: number;
  /** Seconds without a query after which that count starts again; 0: never. */
  prefetchGap: number;
  /** How near to its end, in percent of its life. */
  prefetchPercent: number;
  /** Whether queries that ask for NSID have a part in the cache: whoever gives an answer to one then adds it. */
  ignoreNsid: boolean;
  /** Whether answers are given with the TTLs that they came with, and not what is left of these. */
  keepTtl: boolean;
  /** Whether cookies are no part of questions, because a {@link Guard} answers them. */
  ignoreCookies: boolean;
  /**
   * Whether the handler looks up again what an {@link AnswerFront} did not find: then it is the handler's look-up that is
   * told to renew an answer, and the front's leaves no trace where it finds nothing.
   */
  lookedUpAgain: boolean;
  /** Whether a front may give what is past its end. */
  staleFirst: boolean;
}

/** What a cache has done, and what it holds. */
export interface CacheCounters {
  /** Queries answered, {@link staleHits} among them. */
  hits: number;
  /** Answered with what was past its end. */
  staleHits: number;
  /** Queries that were not, {@link contended} among them. */
  misses: number;
  /** Not answered because another thread was busy in that part of the cache. */
  contended: number;
  /** Answers that were kept. */
  stores: number;
  /** Answers that had to make room. */
  evictions: number;
  /** Memory in use. */
  bytes: number;
  /** Answers that are there. */
  entries: number;
}

/** A process's answer cache, as one thread holds it. */
export interface AnswerCache {
  /**
   * Writes the reply to the query of `length` bytes at `offset` of `input` to `out` and returns its length; 0: there is
   * none that does not vary by who asks. -1: there is one, and whoever asks here is to have it renewed; the next look-up
   * gets it. `allowStale`: one past its end will do.
   */
  lookUp(
    input: Uint8Array,
    offset: number,
    length: number,
    transport: number,
    allowStale: boolean,
    out: Uint8Array,
  ): number;
  /**
   * Keeps the reply of `replyLength` bytes at `replyOffset` of `target` for queries like the one in `input`. `opt`:
   * where its OPT record begins, from the reply's start; 0 without one. `maxTtl` in seconds, `varyBy` the sum of 1 (local
   * address), 2 (client's network) and 4 (client). False when such a reply is not kept.
   */
  store(
    input: Uint8Array,
    offset: number,
    length: number,
    transport: number,
    origin: Uint8Array | undefined,
    target: Uint8Array,
    replyOffset: number,
    replyLength: number,
    opt: number,
    maxTtl: number,
    varyBy: number,
  ): boolean;
  /** Removes all, or what is known of a name in wire format, or of it and all below; returns how many. */
  clear(name?: Uint8Array, subtree?: boolean): number;
  counters(): CacheCounters;
}

declare const nothingToCall: unique symbol;

/** The caches that are asked before a handler, in turn: of use to native code alone. */
export interface AnswerFront {
  readonly [nothingToCall]: never;
}
