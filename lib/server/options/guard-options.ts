/** The options of `createServer` that limit abuse: cookies and rate limits. */

/**
 * DNS Cookies (RFC 7873) in the format that servers share (RFC 9018). A client that sends a cookie gets one back with
 * each reply. With it the client shows from then on that it receives at its address. A cookie is replaced after half an
 * hour and expires after an hour (RFC 9018 s.4.3).
 */
export interface CookieOptions {
  /**
   * 1 to 4 secrets of 32 hexadecimal digits. The server makes cookies with the first one and accepts cookies made with
   * any of them. Servers at one anycast address need the same secrets. Default: one random secret.
   */
  secrets?: readonly string[];
  /**
   * Milliseconds after which a random secret is replaced by a fresh one. Cookies made with the previous one stay valid.
   * 0: never; otherwise 3,600,000 (the life of a cookie) to 2,147,483,647; default 86,400,000, a day (RFC 7873 s.7.1
   * allows at most 36 days). Secrets that are given change only by `server.rotateCookieSecrets()`.
   */
  rotation?: number;
  /**
   * Whether a datagram with an invalid cookie, or with only a client cookie, gets BADCOOKIE and a valid cookie in place
   * of an answer, so that the client can ask again (RFC 7873 s.5.2.3). For use during attacks. Clients that send no
   * cookie are not affected. Default false.
   */
  require?: boolean;
}

/**
 * Response rate limiting: the number of answers to datagrams is limited, so that this server is of little use for
 * floods of replies to forged addresses. Rates are responses a second to one network, 1 to 100,000, 0 for no limit; at
 * least one must be above 0. A network can save up one second's worth, and owe up to `window` seconds' worth, since
 * suppressed responses are counted as well.
 *
 * Not limited: TCP and what builds on it, networks that are `exempt`, and clients with a valid cookie (`cookies`).
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
  /** Seconds, 1 to 3,600; default 15. A flood must pause for this time before its network is answered normally. */
  window?: number;
  /**
   * One in `slip` excess responses, chosen at random, is sent in a short form, so that real clients come back by TCP:
   * truncated (TC), BADCOOKIE with a valid cookie for clients that sent one, errors unchanged. 0 to 10; 0: no excess
   * response is sent, 1: all are. Default 2.
   */
  slip?: number;
  /** Length of the IPv4 prefix that defines a network in bits, 1 to 32; default 24. */
  ipv4PrefixLength?: number;
  /** Length of the IPv6 prefix that defines a network in bits, 1 to 128; default 56. */
  ipv6PrefixLength?: number;
  /** Addresses and networks (`'192.0.2.0/24'`, `'2001:db8::/32'`) that are not limited, at most 256; default none. */
  exempt?: readonly string[];
  /**
   * The size of the table of accounts, 8 to 16,777,216, rounded up to a power of two, 8 bytes each; default 131,072.
   */
  maxTableSize?: number;
  /** Whether excess responses are counted and still sent, to find suitable rates. Default false. */
  reportOnly?: boolean;
}

/** {@link CookieOptions} after the check; `secrets` undefined: random ones. */
export interface CookieConfig {
  secrets: readonly Uint8Array[] | undefined;
  rotation: number;
  require: boolean;
}
