/** How the server's answer cache keeps a reply, as its handler chooses. */
import { MAX_TTL } from '../dns/numbers.js';

/** As bits, which native code reads. */
const VARY_BY = { localAddress: 1, clientNetwork: 2, client: 4 } as const;

/** What a reply can vary by: our address, the client's /24 or /56, or the client's address. */
export type VaryBy = keyof typeof VARY_BY;

/**
 * What a reply can depend on besides the question: the client's address or port, the address of ours that was asked, the
 * transport, the client's EDNS (flags, payload size and options), or something else in the query's message.
 */
export type Dependency = 'clientAddress' | 'clientPort' | 'localAddress' | 'transport' | 'edns' | 'message';

/** How a reply is cached: for how many seconds at most, and what it varies by, as bits. */
export interface CacheChoice {
  ttl: number;
  varyBy: number;
  /** Whether the handler said so. */
  chosen: boolean;
}

/** No limit but that of the records: longer than any TTL. */
export const DEFAULT_CACHING: CacheChoice = { ttl: 0xffffffff, varyBy: 0, chosen: false };

/**
 * Checks the arguments of `Reply.cache`. Throws `RangeError` for an invalid TTL, `TypeError` for an invalid `varyBy`.
 */
export function cacheChoice(ttl: number | undefined, varyBy: readonly VaryBy[]): CacheChoice {
  if (ttl !== undefined && !(ttl >= 0 && ttl <= MAX_TTL))
    throw new RangeError(`the TTL ${ttl} is not from 0 to ${MAX_TTL}`);
  let bits = 0;
  for (const name of varyBy) {
    if (!Object.hasOwn(VARY_BY, name)) throw new TypeError(`replies cannot vary by ${JSON.stringify(name)}`);
    bits |= VARY_BY[name];
  }
  return { ttl: ttl ?? DEFAULT_CACHING.ttl, varyBy: bits, chosen: true };
}
