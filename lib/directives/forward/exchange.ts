/** What passes between a question that is forwarded and the carriers that ask it. */
import type { EncodedSections } from '../../dns/encoded-message.js';
import type { UpstreamError } from './upstream-error.js';

/**
 * Why UDP did not bring the answer though the upstream is there: it did not fit; its question is spelt in another case
 * than it was sent; or somebody guesses at the answer.
 */
export type Detour = 'truncated' | 'misspelt' | 'guessed';

/** A query to an upstream. A carrier calls one of `answered`, `detour` and `failed`, once for each time that it asks. */
export interface Exchange {
  /** Octets from the query's start to the end of its question. */
  readonly questionEnd: number;
  /** Octets that {@link write} writes. */
  readonly length: number;
  /** Writes the query at `at`. Its ID, of any value, is the carrier's to set. */
  write(target: Buffer, at: number): void;
  /** There is an answer to the question; native code has checked all of it. Its bytes stay as they are. */
  answered(sections: EncodedSections): void;
  /** The question has to be asked in another way. */
  detour(why: Detour): void;
  failed(error: UpstreamError): void;
}

/** Carries queries to one upstream. */
export interface Carrier {
  /** Asks. `deadline`: when it has failed, by `performance.now()`. */
  ask(exchange: Exchange, deadline: number): void;
  /** Fails what waits, and all that is asked from now on, with `CLOSED`. */
  close(): void;
}

/** Milliseconds between looks at whose time is up. */
export const SWEEP_INTERVAL = 50;
