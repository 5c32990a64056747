import type { Rcode } from '../dns/registry.js';

/** The outcome of a reply. `length`: in octets; 0 if nothing was sent. */
export interface ReplyOutcome {
  rcode: Rcode;
  length: number;
  truncated: boolean;
}

/** Receives the outcome of a reply (`Reply.observe`). Other queries wait while it runs. It must not throw. */
export type ReplyObserver = (outcome: ReplyOutcome) => void;
