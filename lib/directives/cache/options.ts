/** What `cache` says. It can be cloned into a worker. */

/** Bounds for answers of one kind, in seconds. */
export interface TtlBounds {
  most: number;
  least: number;
}

/** See the file's head; times are in seconds. */
export interface CacheOptions {
  /** Zones whose names are cached; each as a query's `key`. */
  zones: readonly string[];
  /** Answers that there is room for. */
  capacity: number;
  success: TtlBounds;
  denial: TtlBounds;
  /** How long failures are kept; 0: not at all. */
  servfail: number;
  /** `hits` 0: nothing is renewed before its end. */
  prefetch: { hits: number; gap: number; percent: number };
  /** How long after its end an answer may still be given; 0: not at all. */
  staleFor: number;
  /** Whether it is given only when there is no new one to be had. */
  verify: boolean;
  /** Milliseconds that a new one is waited for with `verify`; 0: as long as it takes. */
  verifyTimeout: number;
  /** The most that its TTLs say. */
  staleTtl: number;
  /** How long after a renewal that failed no other one is tried. */
  recheck: number;
  /** Whether a denial does not replace data that may still be given. */
  preferData: boolean;
  keepTtl: boolean;
  /** Zones without answers of a kind. */
  disabled: { success: readonly string[]; denial: readonly string[] };
  /** The number of the native cache once a worker has opened it, then how many workers use it: two 32-bit integers. */
  shared: SharedArrayBuffer;
}
