/** When a secondary asks its primaries. All results are in milliseconds. */
import { MAX_INT32 } from '../../options/numbers.js';
import type { CopiedZone } from '../../authority/copied-zone.js';

/** Without a zone: the first delay, which doubles, and the longest, as in CoreDNS. */
const FIRST = 250;
const LONGEST = 10_000;
/** The part of a delay by which it is shortened at random, so that secondaries do not ask all at once. */
const JITTER = 0.1;

/**
 * Until the next check after one that has succeeded: REFRESH of the zone, at least a second. A zone that expires earlier is
 * checked after half of EXPIRE.
 */
export function afterSuccess({ refresh, expire }: CopiedZone, random = Math.random): number {
  return inSeconds(Math.min(refresh, expire / 2), random);
}

/** Until the next check after one that has failed: RETRY, at least a second. `failures`: in turn, from 1. */
export function afterFailure(zone: CopiedZone | undefined, failures: number, random = Math.random): number {
  if (zone === undefined) return shortened(Math.min(LONGEST, FIRST * 2 ** (failures - 1)), random);
  return inSeconds(Math.min(zone.retry, zone.refresh), random);
}

function inSeconds(seconds: number, random: () => number): number {
  return shortened(Math.min(MAX_INT32, 1000 * Math.max(1, seconds)), random);
}

function shortened(delay: number, random: () => number): number {
  return Math.floor(delay * (1 - JITTER * random()));
}
