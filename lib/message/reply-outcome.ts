import type { Rcode } from '../dns/registry.js';

/** What became of a reply: `length` in octets, 0 when nothing was sent. */
export interface ReplyOutcome {
  rcode: Rcode;
  length: number;
  truncated: boolean;
}

/** Is told what became of a reply (`Reply.observe`). It is called while other queries wait, and must not throw. */
export type ReplyObserver = (outcome: ReplyOutcome) => void;
