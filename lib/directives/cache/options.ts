import type { MissMemory } from '../../worker/shared-misses.js';

/** Bounds for answers of one kind, in seconds. */
export interface TtlBounds {
  most: number;
  least: number;
}

/** The options of `cache`. They can be cloned into a worker. Times are in seconds. */
export interface CacheOptions {
  /** Zones whose names are cached; each as a query's `key`. */
  zones: readonly string[];
  /** The number of answers that there is room for. */
  capacity: number;
  success: TtlBounds;
  denial: TtlBounds;
  /** How long failures are cached; 0: not at all. */
  servfail: number;
  /** `hits` 0: nothing is renewed before its end. */
  prefetch: { hits: number; gap: number; percent: number };
  /** How long after its end an answer may still be returned; 0: not at all. */
  staleFor: number;
  /** Whether it is returned only if no new one arrives. */
  verify: boolean;
  /** Milliseconds to wait for a new one with `verify`; 0: no limit. */
  verifyTimeout: number;
  /** The largest TTL of such an answer. */
  staleTtl: number;
  /** How long after a failed renewal no other one is tried. */
  recheck: number;
  /** Whether a denial does not replace data that may still be returned. */
  preferData: boolean;
  keepTtl: boolean;
  /** Zones without cached answers of a kind. */
  disabled: { success: readonly string[]; denial: readonly string[] };
  /** The number of the native cache once a worker has opened it, a 32-bit integer. */
  shared: SharedArrayBuffer;
  /** Undefined: misses are not shared. */
  misses: MissMemory | undefined;
}
