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
  /**
   * Whether the handler looks up again what an {@link AnswerFront} did not find: then it is the handler's look-up that is
   * told to renew an answer, and the front's leaves no trace where it finds nothing.
   */
  lookedUpAgain: boolean;
  /** Whether a front may give what is past its end. */
  staleFirst: boolean;
  /** The most that the TTLs of an answer past its end say, in seconds. */
  staleTtl: number;
  /** Seconds between two tries to renew an answer. */
  refreshInterval: number;
  /** Whether a denial does not replace data that may still be given. */
  preferData: boolean;
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
   * Writes the reply to a query to `out` and returns its length; 0: there is none that does not vary by who asks. -1: there
   * is one, and whoever asks here is to have it renewed; the next look-up gets it. `transport`: its place in `transports`.
   * `allowStale`: one past its end will do.
   */
  lookUp(query: Uint8Array, transport: number, allowStale: boolean, out: Uint8Array): number;
  /**
   * Keeps a reply for queries like this one. `keeping`: how, with the words of `layout.keeping`. `origin`: where the query
   * came from and went, which a reply that varies needs. False when such a reply is not kept, or the cache was cleared since
   * `keeping.generation`.
   */
  store(query: Uint8Array, reply: Uint8Array, keeping: Uint32Array, origin?: Uint8Array): boolean;
  /** A number that changes with each clear. */
  generation(): number;
  /** Removes all, or what is known of a name in wire format, or of it and all below; returns how many. */
  clear(name?: Uint8Array, subtree?: boolean): number;
  counters(): CacheCounters;
}

declare const nothingToCall: unique symbol;

/** The caches that are asked before a handler, in turn: of use to native code alone. */
export interface AnswerFront {
  readonly [nothingToCall]: never;
}
