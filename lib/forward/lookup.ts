import type { EncodedSections } from '../dns/encoded-message.js';
import { rcodeName } from '../dns/registry.js';
import type { Query } from '../message/query.js';
import type { Detour, Exchange } from './exchange.js';
import { queryLength, writeQuery } from '../message/upstream-query.js';
import type { Upstream } from './upstream.js';
import { CLOSED, DEADLINE_EXCEEDED, NO_HEALTHY, UpstreamError } from './upstream-error.js';
import type { TableEntry } from './lookup-table.js';
import type { Tour } from './upstreams.js';

/** What servers that do not know EDNS answer to it. They are asked without it (RFC 6891 s.6.2.2, s.7). */
const NO_EDNS: readonly string[] = ['FORMERR', 'NOTIMP'];

/** The answer, or the reason why there is none, and the upstream that was asked last, if any. */
export type Settle = (outcome: EncodedSections | UpstreamError, upstream: string | undefined) => void;

/** A query that waits for the answer. */
export interface Waiter {
  /** When it stops waiting, by `performance.now()`. A later waiter has no earlier deadline. */
  deadline: number;
  /** The attempt whose failure fails the query; set by {@link Lookup.join}. */
  lastAttempt: number;
  /** Called once. */
  settle: Settle;
}

/** The options of a lookup, from its engine. */
export interface LookupOptions {
  /** Milliseconds that an upstream may take to answer. */
  readTimeout: number;
  /** The most times that a waiter's query is sent. */
  maxAttempts: number;
  /** RCODEs after which the next upstream is asked. */
  failover: readonly string[];
  /** Called when a query waits no longer, before its `settle`. */
  settled: () => void;
  /** Called when none waits any more. */
  end: (lookup: Lookup) => void;
}

/**
 * A question on its way: upstreams are asked one after the other until one answers the waiting clients. A client that
 * joins late has as much time and as many attempts as one with a lookup of its own.
 */
export class Lookup implements Exchange, TableEntry {
  readonly query: Query;
  readonly stream: boolean;
  readonly hash: number;
  /** Of the server's cache when it began, which a client that joins must have too: {@link Reply.cacheGeneration}. */
  readonly generation: number;
  after: TableEntry | undefined;
  readonly questionEnd: number;
  length: number;
  readonly #tour: Tour;
  readonly #options: LookupOptions;
  /** In the order in which they joined, which is that of their deadlines. */
  readonly #waiters: Waiter[] = [];
  #byStream = false;
  #lowerCase: boolean;
  #edns: boolean;
  #upstream: Upstream | undefined;
  /** The upstream that was asked last. */
  #asking: Upstream | undefined;
  #attempts = 0;
  #asked = 0;
  #error: UpstreamError | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `key`: `stream`: do not use UDP; `hash`: the question's `hashQuestion`. */
  constructor(query: Query, key: Pick<Lookup, 'stream' | 'hash' | 'generation'>, tour: Tour, options: LookupOptions) {
    this.query = query;
    this.stream = key.stream;
    this.hash = key.hash;
    this.generation = key.generation;
    this.#tour = tour;
    this.#options = options;
    this.#lowerCase = query.isLowerCase;
    this.#edns = query.hasEdns;
    this.questionEnd = query.questionEnd;
    this.length = queryLength(query, this.#edns);
  }

  /** Adds a client that waits for the answer. */
  join(waiter: Waiter): void {
    // The attempt in progress is its first.
    waiter.lastAttempt = Math.max(0, this.#attempts - 1) + this.#options.maxAttempts;
    this.#waiters.push(waiter);
  }

  /** Asks the first upstream; at least one client waits. `now`: by `performance.now()`. */
  start(now: number): void {
    this.#askNext(now);
  }

  write(target: Buffer, at: number): void {
    writeQuery(this.query, target, at, this.#lowerCase, this.#edns);
  }

  answered(sections: EncodedSections, now: number): void {
    this.#upstream?.counts.answered(sections.rcode, now - this.#asked);
    const rcode = rcodeName(sections.rcode);
    if (rcode === undefined) {
      this.failed(new UpstreamError(`dns: unknown response code ${sections.rcode}`));
    } else if (this.#edns && NO_EDNS.includes(rcode)) {
      this.#edns = false;
      this.length = queryLength(this.query, false);
      this.#ask(now);
    } else if (this.#options.failover.includes(rcode) && this.#tour.hasOther()) {
      this.#askNext(now);
    } else {
      this.#end(sections);
    }
  }

  detour(why: Detour): void {
    // An upstream that does not preserve the case of a name mostly returns lower case. A stream settles the rest:
    // nobody can forge or cut there (RFC 5452 s.9.3), and everything fits (RFC 2181 s.9).
    if (why === 'misspelt' && !this.#lowerCase) this.#lowerCase = true;
    else this.#byStream = true;
    this.#ask(performance.now());
  }

  failed(error: UpstreamError): void {
    this.#error = error;
    if (error === CLOSED) {
      this.#end(error);
      return;
    }
    this.#upstream?.check();
    const now = performance.now();
    this.#settleExpired(now);
    if (this.#waiters.length === 0) this.#end(error);
    else this.#askNext(now);
  }

  #askNext(now: number): void {
    this.#upstream = this.#tour.next();
    this.#asking = this.#upstream ?? this.#asking;
    this.#byStream = this.stream;
    this.#edns = this.query.hasEdns;
    this.length = queryLength(this.query, this.#edns);
    this.#attempts++;
    if (this.#upstream === undefined) this.#end(this.#error ?? NO_HEALTHY);
    else this.#ask(now);
  }

  #ask(now: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    const { deadline: first } = this.#waiters[0];
    const { deadline: last } = this.#waiters[this.#waiters.length - 1];
    const deadline = Math.min(now + this.#options.readTimeout, last);
    this.#asked = now;
    if (first < deadline) this.#timer = setTimeout(this.#expire, Math.ceil(first - now));
    this.#upstream?.ask(this, deadline, this.#byStream);
  }

  /** Some clients stop waiting while an upstream is asked for the others. */
  readonly #expire = (): void => {
    const now = performance.now();
    this.#settleExpired(now);
    const next = this.#waiters.at(0);
    if (next !== undefined) this.#timer = setTimeout(this.#expire, Math.max(1, Math.ceil(next.deadline - now)));
  };

  #settleExpired(now: number): void {
    for (let first = this.#waiters.at(0); first !== undefined; first = this.#waiters.at(0)) {
      if (first.deadline > now && first.lastAttempt > this.#attempts) return;
      this.#waiters.shift();
      this.#settle(first, this.#error ?? DEADLINE_EXCEEDED);
    }
  }

  #end(outcome: EncodedSections | UpstreamError): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#options.end(this);
    for (const waiter of this.#waiters) this.#settle(waiter, outcome);
    this.#waiters.length = 0;
  }

  #settle(waiter: Waiter, outcome: EncodedSections | UpstreamError): void {
    this.#options.settled();
    waiter.settle(outcome, this.#asking?.name);
  }
}
