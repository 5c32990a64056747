import type { EncodedSections } from '../../dns/encoded-message.js';
import { rcodeName } from '../../dns/registry.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { takeOver } from '../../message/take-over.js';
import { ForwardCounts } from './counts.js';
import { Lookup, type LookupOptions, type Waiter } from './lookup.js';
import type { ForwardOptions } from './options.js';
import { LookupTable } from './lookup-table.js';
import { hashQuestion } from './question.js';
import { TOO_MANY, UpstreamError } from './upstream-error.js';
import { Tour, Upstreams } from './upstreams.js';

/** Milliseconds that a query may take in total: less than the 5 s of a server's `handlerTimeout`. */
const QUERY_TIMEOUT = 4800;
/** Queries of clients that wait at a time, whatever `max_concurrent` says. */
const MAX_WAITING = 32_768;

/** RFC 8914 s.4.23. */
const NO_REACHABLE_AUTHORITY = 22;

/** Passes a query to the next `forward`, if there is one. */
export type AskNext = (query: Query, reply: Reply) => void | Promise<void>;

/**
 * The worker side of one use of `forward`: answers queries by its upstreams. Equal questions that wait at the same time
 * are asked once: forged answers to many queries with the same question soon hit one of their IDs (RFC 5452 s.5), those
 * to one query do not.
 */
export class Forwarder {
  readonly #options: ForwardOptions;
  readonly #askNext: AskNext | undefined;
  readonly #counts = new ForwardCounts();
  readonly #upstreams: Upstreams;
  readonly #lookupOptions: LookupOptions;
  readonly #lookups = new LookupTable<Lookup>();
  #waiting = 0;

  /** `askNext`: for `next`. */
  constructor(options: ForwardOptions, askNext: AskNext | undefined) {
    this.#options = options;
    this.#askNext = askNext;
    this.#upstreams = new Upstreams(options, this.#counts);
    const { readTimeout, maxAttempts, failover } = options;
    this.#lookupOptions = {
      readTimeout,
      maxAttempts,
      failover,
      settle: (waiter, outcome) => {
        this.#settle(waiter, outcome);
      },
      end: (lookup) => {
        this.#lookups.delete(lookup);
      },
    };
  }

  /** Datagrams that answered no pending query. */
  get unmatched(): number {
    return this.#upstreams.unmatched;
  }

  /** Returns the counts since the last call. */
  metrics(): MetricSample[] {
    return [this.#counts, ...this.#upstreams.all.map(({ counts }) => counts)].flatMap((counts) => counts.take());
  }

  /** Answers; resolves when the reply is ready. */
  forward(query: Query, reply: Reply): void | Promise<void> {
    const { maxConcurrent, forceTcp, preferUdp } = this.#options;
    if (maxConcurrent > 0 && this.#waiting >= maxConcurrent) {
      this.#counts.rejects++;
      reply.fail('REFUSED', new Error(`concurrent queries exceeded maximum ${maxConcurrent}`));
      return;
    }
    if (this.#waiting >= MAX_WAITING) {
      fail(reply, TOO_MANY);
      return;
    }
    this.#waiting++;
    const stream = forceTcp || (!preferUdp && query.transport !== 'udp');
    return new Promise((resolve) => {
      const now = performance.now();
      const waiter = { query, reply, resolve, deadline: now + QUERY_TIMEOUT, lastAttempt: 0 };
      const hash = hashQuestion(query, stream);
      const generation = reply.cacheGeneration;
      const known = this.#lookups.find(query, stream, hash);
      if (known?.generation === generation) {
        known.join(waiter);
        return;
      }
      // What was asked before a clear of the cache may be what the clear was meant to remove.
      if (known !== undefined) this.#lookups.delete(known);
      const lookup = new Lookup(query, { stream, hash, generation }, new Tour(this.#upstreams), this.#lookupOptions);
      lookup.join(waiter);
      this.#lookups.add(lookup);
      lookup.start(now);
    });
  }

  close(): void {
    this.#upstreams.close();
  }

  #settle({ query, reply, resolve }: Waiter, outcome: EncodedSections | UpstreamError): void {
    this.#waiting--;
    if (outcome instanceof UpstreamError) {
      fail(reply, outcome);
      resolve();
    } else if (this.#askNext !== undefined && this.#isForNext(outcome)) {
      const askNext = this.#askNext;
      resolve(Promise.resolve().then(() => askNext(query, reply)));
    } else {
      takeOver(reply, outcome);
      resolve();
    }
  }

  /** Whether the next `forward` may have a better answer. */
  #isForNext({ rcode, counts }: EncodedSections): boolean {
    const name = rcodeName(rcode) ?? '';
    return this.#options.next.includes(name) || (this.#options.nextOnNodata && rcode === 0 && counts.answers === 0);
  }
}

function fail(reply: Reply, error: UpstreamError): void {
  reply.fail('SERVFAIL', error);
  reply.ede(NO_REACHABLE_AUTHORITY);
}
