import type { Rcode } from '../dns/registry.js';

/** The outcome of a reply. */
export interface ReplyOutcome {
  rcode: Rcode;
  /** In octets; 0 if nothing was sent. */
  length: number;
  truncated: boolean;
  /** Whether the server's own answer cache now has it. */
  kept: boolean;
}

/** Receives the outcome of a reply (`Reply.observe`). Other queries wait while it runs. It must not throw. */
export type ReplyObserver = (outcome: ReplyOutcome) => void;
