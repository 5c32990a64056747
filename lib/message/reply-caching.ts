import type { Query } from './query.js';
import { cacheChoice, DEFAULT_CACHING, type CacheChoice, type Dependency, type VaryBy } from './cache-choice.js';

const NO_DEPENDENCIES: readonly Dependency[] = [];

/** How a reply may be cached: what its handler chooses, and what the reply depends on. */
export class ReplyCaching {
  /** @internal What the directives after the last `cache` that had the query, or else all of them, may depend on. */
  dependencies: readonly Dependency[] = NO_DEPENDENCIES;
  /** @internal The same for all directives since the query was asked. */
  allDependencies: readonly Dependency[] = NO_DEPENDENCIES;
  /** @internal The generation of the server's cache when the handler began: see `AnswerCache.generation`. */
  cacheGeneration = 0;
  /** @internal Whether a cache has answered. */
  fromCache = false;
  /** @internal Bits of the client's subnet that it is for (RFC 7871); undefined: the handler has not said. */
  scope: number | undefined;
  readonly #asked: Query;
  #choice: CacheChoice = DEFAULT_CACHING;

  /** @internal `query`: what it replies to. */
  constructor(query: Query) {
    this.#asked = query;
  }

  /** @internal For how long it may be kept, and what it varies by. */
  get caching(): CacheChoice {
    return this.#asked.cachingOf(this.#choice);
  }

  set caching(choice: CacheChoice) {
    this.#choice = choice;
  }

  /**
   * Chooses how the server's answer cache keeps this reply: for `ttl` seconds at most, 0 to 2^31 - 1, default its
   * smallest TTL; 0: not at all. `varyBy`: what the answer depends on besides the question; queries that differ in it
   * do not get this reply. Without a call, a handler that has read `query.connection` chooses 0. Has no effect without a
   * cache. Throws `RangeError` or `TypeError`.
   */
  cache({ ttl, varyBy = [] }: { ttl?: number; varyBy?: readonly VaryBy[] }): this {
    this.caching = cacheChoice(ttl, varyBy);
    return this;
  }

  /** @internal Adds dependencies of the reply. */
  dependOn(dependencies: readonly Dependency[]): void {
    const { dependencies: own, allDependencies: all } = this;
    this.dependencies = own.length === 0 ? dependencies : own.concat(dependencies);
    this.allDependencies = all.length === 0 ? dependencies : all.concat(dependencies);
  }

  /** @internal Limits the caching to that of a dependency: the reply lives no longer, and varies by as much. */
  restrictCaching({ ttl, varyBy }: CacheChoice): void {
    this.#choice = { ...this.#choice, ttl: Math.min(this.#choice.ttl, ttl), varyBy: this.#choice.varyBy | varyBy };
  }
}
