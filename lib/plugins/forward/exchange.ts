/** What passes between a query that is forwarded and the transports that carry it. */
import type { EncodedSections } from '../../dns/encoded-message.js';

/**
 * A query to an upstream. A transport calls one of {@link answered}, {@link truncated} and {@link failed}, once for each
 * time that it was asked.
 */
export interface Exchange {
  /** Octets from the query's start to the end of its question. */
  readonly questionEnd: number;
  /** Octets that {@link write} writes. */
  readonly length: number;
  /** Writes the query at `at`; its ID, of any value, is the transport's to set. */
  write(target: Buffer, at: number): void;
  /** The answer, checked to be the one to this question and to end where its records do. Its bytes stay as they are. */
  answered(sections: EncodedSections): void;
  /** There is an answer and it did not fit; only UDP says this. */
  truncated(): void;
  /** There is none. `reason`: for logs. */
  failed(reason: string): void;
}

/** Carries queries to one upstream. */
export interface Carrier {
  /** Asks; `deadline`, by `performance.now()`, is when it has failed. */
  ask(exchange: Exchange, deadline: number): void;
  /** What is waited for has failed, and so has what is asked from now on. */
  close(): void;
}

/** Why exchanges fail whose carrier is closed. */
export const CLOSED = 'the server closes';
/** Why exchanges fail whose time is up. */
export const TIMED_OUT = 'no answer in time';
/** Milliseconds between looks at whose time is up. */
export const SWEEP_INTERVAL = 50;
