import { cacheChoice, type CacheChoice, type Dependency, type VaryBy } from './cache-choice.js';

/**
 * How a reply may be cached: what its handler chooses, and what the reply depends on. `Reply` has the fields: to make them
 * in one place costs least.
 */
export abstract class ReplyCaching {
  /** @internal What the directives after the last `cache` that had the query, or else all of them, may depend on. */
  abstract dependencies: readonly Dependency[];
  /** @internal The same for all directives since the query was asked. */
  abstract allDependencies: readonly Dependency[];
  /** @internal The generation of the server's cache when the handler began: see `AnswerCache.generation`. */
  abstract cacheGeneration: number;
  /** @internal Bits of the client's subnet that it is for (RFC 7871); undefined: the handler has not said. */
  abstract scope: number | undefined;
  /** @internal For how long it may be kept, and what it varies by. */
  abstract caching: CacheChoice;

  /**
   * Chooses how the server's answer cache keeps this reply: for `ttl` seconds at most, 0 to 2^31 - 1, default its
   * smallest TTL; 0: not at all. `varyBy`: what the answer depends on besides the question; queries that differ in it
   * do not get this reply. Has no effect without a cache. Throws `RangeError` or `TypeError`.
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
    this.caching = { ttl: Math.min(this.caching.ttl, ttl), varyBy: this.caching.varyBy | varyBy };
  }
}
