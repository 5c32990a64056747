/** A client's query on its way through the upstreams of a `forward`. */
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import type { EncodedSections } from '../../dns/encoded-message.js';
import type { Exchange } from './exchange.js';
import type { Forwarder } from './forwarder.js';
import { takeOver } from '../take-over.js';
import { queryLength, writeQuery } from './query-message.js';
import type { Upstream } from './upstream.js';

/** See the file's head. What is to be done next is the {@link Forwarder}'s decision. */
export class Lookup implements Exchange {
  readonly query: Query;
  readonly reply: Reply;
  /** By `performance.now()`. */
  readonly deadline: number;
  /** Upstreams that were asked, or found down, in this round through all of them; bits by their numbers. */
  tried = 0;
  /** Upstreams that count as failed for good in this round: down, or with an answer that `failover` names. */
  failures = 0;
  /** When it was last sent, by `performance.now()`. */
  asked = 0;
  /** How often it was sent. */
  attempts = 0;
  /** Not over UDP. */
  stream: boolean;
  upstream: Upstream | undefined;
  readonly #forwarder: Forwarder;
  readonly #resolve: (more: void | Promise<void>) => void;

  constructor(
    forwarder: Forwarder,
    query: Query,
    reply: Reply,
    stream: boolean,
    deadline: number,
    resolve: (more: void | Promise<void>) => void,
  ) {
    this.#forwarder = forwarder;
    this.query = query;
    this.reply = reply;
    this.stream = stream;
    this.deadline = deadline;
    this.#resolve = resolve;
  }

  get questionEnd(): number {
    return this.query.questionEnd;
  }

  get length(): number {
    return queryLength(this.query);
  }

  write(target: Buffer, at: number): void {
    writeQuery(this.query, target, at);
  }

  answered(sections: EncodedSections): void {
    this.#forwarder.answered(this, sections);
  }

  truncated(): void {
    this.#forwarder.truncated(this);
  }

  failed(): void {
    this.#forwarder.failed(this);
  }

  /** Gives the client what an upstream answered. Throws `RangeError` for a response code that is none. */
  accept(sections: EncodedSections): void {
    takeOver(this.reply, sections);
  }

  /** The reply is ready, or is when `more` resolves. */
  settle(more: void | Promise<void>): void {
    this.#resolve(more);
  }
}
