import { invalidValue } from '../errors.js';
import { networks } from './networks.js';
import { flag, integer, type OptionsOf, type ResolvedOf } from './option.js';
import { group } from './table.js';

const MAX_RATE = 100_000;

/** Options of `rateLimit`. */
export const rateLimit = {
  /** Responses to the same question: name and type. 0 to 100,000; default 0. */
  responsesPerSecond: integer({ min: 0, max: MAX_RATE, default: 0 }),
  /**
   * Response codes other than NOERROR and NXDOMAIN, whatever was asked. 0 to 100,000; default: `responsesPerSecond`.
   */
  errorsPerSecond: integer({ min: 0, max: MAX_RATE, sameAs: 'responsesPerSecond' }),
  /** NXDOMAIN, whatever the name. 0 to 100,000; default: `responsesPerSecond`. */
  nxdomainsPerSecond: integer({ min: 0, max: MAX_RATE, sameAs: 'responsesPerSecond' }),
  /** Responses of any kind, whatever was asked. 0 to 100,000; default 0. */
  allPerSecond: integer({ min: 0, max: MAX_RATE, default: 0 }),
  /** Seconds. A flood must pause for this time before its network is answered normally. 1 to 3,600; default 15. */
  window: integer({ min: 1, max: 3600, default: 15 }),
  /**
   * One in `slip` excess responses, chosen at random, is sent in a short form, so that real clients come back by TCP:
   * truncated (TC), BADCOOKIE with a valid cookie for clients that sent one, errors unchanged. 0: no excess response is
   * sent; 1: all are. 0 to 10; default 2.
   */
  slip: integer({ min: 0, max: 10, default: 2 }),
  /** Length of the IPv4 prefix that defines a network in bits. 1 to 32; default 24. */
  ipv4PrefixLength: integer({ min: 1, max: 32, default: 24 }),
  /** Length of the IPv6 prefix that defines a network in bits. 1 to 128; default 56. */
  ipv6PrefixLength: integer({ min: 1, max: 128, default: 56 }),
  /** Addresses and networks (`'192.0.2.0/24'`, `'2001:db8::/32'`) that are not limited, at most 256. Default: none. */
  exempt: networks(),
  /** The size of the table of accounts, rounded up to a power of two, 8 bytes each. 8 to 16,777,216; default 131,072. */
  maxTableSize: integer({ min: 8, max: 16_777_216, default: 131_072 }),
  /** Whether excess responses are counted and still sent, to find suitable rates. Default false. */
  reportOnly: flag(false),
};

/**
 * Response rate limiting: the number of answers to datagrams is limited, so that this server is of little use for
 * floods of replies to forged addresses. Rates are responses a second to one network; 0 is no limit, and at least one
 * must be above 0. A network can save up one second's worth, and owe up to `window` seconds' worth, since suppressed
 * responses are counted as well.
 *
 * Not limited: TCP and what builds on it, networks that are `exempt`, and clients with a valid cookie (`cookies`).
 */
export interface RateLimitOptions extends OptionsOf<typeof rateLimit> {}
type RateLimitConfig = ResolvedOf<typeof rateLimit>;

/** The options of {@link rateLimit}. */
export const rateLimitGroup = group<RateLimitOptions, RateLimitConfig>(rateLimit, (checked, path, given) => {
  const { responsesPerSecond, errorsPerSecond, nxdomainsPerSecond, allPerSecond } = checked;
  if (responsesPerSecond + errorsPerSecond + nxdomainsPerSecond + allPerSecond > 0) return checked;
  throw invalidValue(path, 'must have a rate above 0', given);
});
