/** The options of `createServer` against abuse: cookies and rate limits. */

/**
 * DNS Cookies (RFC 7873) as other servers make them too (RFC 9018): clients that send one get one back with each reply, by
 * which they show from then on that they receive at their address. One that has been good for half an hour is replaced, and
 * it ends after an hour (RFC 9018 s.4.3).
 */
export interface CookieOptions {
  /**
   * 1 to 4 secrets of 32 hexadecimal digits. The first one makes cookies; those made with any of them are good. Servers at
   * one anycast address need the same ones. Default: one made at random.
   */
  secrets?: readonly string[];
  /**
   * Milliseconds after which a secret made at random is replaced by a fresh one, while cookies made with the last one stay
   * good; 0: never. 0 or 3,600,000 (the life of a cookie) to 2,147,483,647; default 86,400,000, a day (RFC 7873 s.7.1 wants
   * no more than 36 days). Secrets that are given are only changed by `server.rotateCookieSecrets()`.
   */
  rotation?: number;
  /**
   * Whether datagrams with a cookie that is not good, or not yet the server's, get BADCOOKIE in place of an answer, with a
   * good one to come again with (RFC 7873 s.5.2.3): for times of attack. Clients that know no cookies are not concerned.
   * Default false.
   */
  require?: boolean;
}

/**
 * Response rate limiting: datagrams are answered only so often, so that this server is of little use for floods of replies
 * to forged addresses. Rates are responses a second to one network, 1 to 100,000, 0 for no limit; at least one has to be
 * above 0. A network can save up one second's worth, and owe up to `window` seconds' worth, since what is held back is
 * counted as well.
 *
 * Not limited: TCP and what builds on it, networks that are `exempt`, and clients with a good cookie (`cookies`).
 */
export interface RateLimitOptions {
  /** Responses to the same question: name and type. Default 0. */
  responsesPerSecond?: number;
  /** Response codes other than NOERROR and NXDOMAIN, whatever was asked. Default: `responsesPerSecond`. */
  errorsPerSecond?: number;
  /** NXDOMAIN, whatever the name. Default: `responsesPerSecond`. */
  nxdomainsPerSecond?: number;
  /** Responses of any kind, whatever was asked. Default 0. */
  allPerSecond?: number;
  /** Seconds, 1 to 3,600; default 15. A flood has to pause for so long before its network is answered as before. */
  window?: number;
  /**
   * Of so many responses that are too many, by chance, one is sent short, so that real clients come back by TCP: truncated
   * (TC), BADCOOKIE with a good cookie for those who sent one, errors as they are. 0 to 10; 0: none, 1: all. Default 2.
   */
  slip?: number;
  /** Bits of an IPv4 address that make a network, 1 to 32; default 24. */
  ipv4PrefixLength?: number;
  /** Bits of an IPv6 address that make a network, 1 to 128; default 56. */
  ipv6PrefixLength?: number;
  /** Addresses and networks (`'192.0.2.0/24'`, `'2001:db8::/32'`) that are not limited, at most 256; default none. */
  exempt?: readonly string[];
  /** Accounts that are kept, 8 to 16,777,216, rounded up to a power of two, of 8 bytes each; default 131,072. */
  maxTableSize?: number;
  /** Whether what is too many is counted, and sent all the same: to find out about rates. Default false. */
  reportOnly?: boolean;
}

/** {@link CookieOptions} after the check; `secrets` undefined: made at random. */
export interface CookieConfig {
  secrets: readonly Uint8Array[] | undefined;
  rotation: number;
  require: boolean;
}
