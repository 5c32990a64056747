/** The interface between a forwarded question and its carriers. */
import type { EncodedSections } from '../dns/encoded-message.js';
import type { UpstreamError } from './upstream-error.js';

/**
 * Why UDP brought no answer though the upstream is reachable: the answer did not fit; its question differs in case from
 * the one sent; an attacker may be guessing; or the answer is malformed, such as one that was cut on its way.
 */
export type Detour = 'truncated' | 'misspelt' | 'guessed' | 'malformed';

/**
 * A query to an upstream. A carrier calls one of `answered`, `detour` and `failed`, once for each time that it asks.
 */
export interface Exchange {
  /** Octets from the query's start to the end of its question. */
  readonly questionEnd: number;
  /** Octets that {@link write} writes. */
  readonly length: number;
  /** Writes the query at `at`. The carrier sets its ID. */
  write(target: Buffer, at: number): void;
  /**
   * Takes the answer, which native code has checked completely, and when it came, by `performance.now()`. Its bytes stay
   * unchanged.
   */
  answered(sections: EncodedSections, now: number): void;
  /** The question must be asked in another way. */
  detour(why: Detour): void;
  failed(error: UpstreamError): void;
}

/** Carries queries to one upstream. */
export interface Carrier {
  /** Sends a query. `deadline`: when it has failed, by `performance.now()`. */
  ask(exchange: Exchange, deadline: number): void;
  /** Fails the waiting queries, and all later ones, with `CLOSED`. */
  close(): void;
}

/** Milliseconds between checks for expired queries. */
export const SWEEP_INTERVAL = 50;
