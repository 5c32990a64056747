/** How an upstream behaves, and what its client should then get. */
import type { Asked } from '../../support/upstream.js';
import type { Random } from '../coredns/random.js';

/** What a client gets. `answer`: the record that was asked for; `other`: NOERROR without it, or more than it. */
export type Outcome =
  'answer' | 'truncated' | 'other' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED' | 'none';

/** Answers a query, or does not. `nth`: 0 for the first query of all. */
export type Respond = (asked: Asked, nth: number, random: Random) => void;

/** A way in which an upstream behaves. */
export interface Behaviour {
  name: string;
  respond: Respond;
  /** The outcomes that are right. */
  right: readonly Outcome[];
  /** Milliseconds in which the client must have it; default: 5,000, as long as a stub resolver waits (resolv.conf(5)). */
  within?: number;
  /** Why they are right. */
  reference: string;
  /** The upstream's port is closed. */
  gone?: true;
}

export const NO_ANSWER: readonly Outcome[] = ['SERVFAIL'];
export const ANSWER: readonly Outcome[] = ['answer'];

export const FORGED = 'RFC 5452 s.9.1';
export const TRUNCATED = 'RFC 2181 s.9, RFC 7766 s.5';
export const MALFORMED = 'RFC 1035 s.4.1, RFC 9267';
