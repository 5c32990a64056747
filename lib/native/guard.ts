import type { Network } from '../dns/networks.js';

/** Options of {@link Addon.Guard}. */
export interface NativeGuardOptions {
  /** The size announced in our OPT records, in bytes. */
  payloadSize: number;
  /** `secrets`: 1 to 4, of 16 bytes each; the first one makes cookies. */
  cookies: { secrets: readonly Uint8Array[]; require: boolean } | undefined;
  rateLimit: NativeRateLimit | undefined;
}

/** Rates are responses a second, 0 to 100,000; 0: no limit. */
export interface NativeRateLimit {
  responsesPerSecond: number;
  errorsPerSecond: number;
  nxdomainsPerSecond: number;
  allPerSecond: number;
  /** Seconds, 1 to 3,600. */
  window: number;
  /** One in this number of excess responses is sent in a short form; 0: none is. */
  slip: number;
  ipv4PrefixLength: number;
  ipv6PrefixLength: number;
  /** Accounts. */
  maxTableSize: number;
  reportOnly: boolean;
  /** Numeric addresses. */
  exempt: readonly Network[];
}

/** Cookies and rate limits of the process, for use on one thread. */
export interface Guard {
  /** By which other threads attach to them. */
  number(): number;
  /** Changes the secrets for all threads: 1 to 4, of 16 bytes each. */
  setCookieSecrets(secrets: readonly Uint8Array[]): void;
}
