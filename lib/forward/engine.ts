import type { EncodedSections } from '../dns/encoded-message.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { takeOver } from '../message/take-over.js';
import type { ForwarderConfig } from '../options/forwarder.js';
import { EngineCounts } from './counts.js';
import { Lookup, type LookupOptions, type Settle } from './lookup.js';
import { LookupTable } from './lookup-table.js';
import { hashQuestion } from './question.js';
import { NO_OPCODES, NO_TRANSFERS, TOO_MANY, tooManyAtATime, UpstreamError } from './upstream-error.js';
import type { Upstream } from './upstream.js';
import { Tour, Upstreams } from './upstreams.js';

/** Queries that wait at a time, whatever `maxConcurrent` says. */
const MAX_WAITING = 32_768;
/** The number of rounds through all upstreams for a query; CoreDNS's value. */
const ROUNDS = 2;
/** Zone transfers may be many messages (RFC 5936 s.2.2), and a query is forwarded for one. */
const TRANSFERS: ReadonlySet<string> = new Set(['AXFR', 'IXFR']);

/** RFC 8914 s.4.23. */
const NO_REACHABLE_AUTHORITY = 22;

/**
 * Asks upstreams for a worker, or for a program. Equal questions that wait at the same time are asked once: forged answers
 * to many queries with the same question soon hit one of their IDs (RFC 5452 s.5), those to one query do not.
 */
export class Engine {
  readonly #options: ForwarderConfig;
  readonly #counts = new EngineCounts();
  readonly #upstreams: Upstreams;
  readonly #lookupOptions: LookupOptions;
  readonly #lookups = new LookupTable<Lookup>();
  #waiting = 0;

  /** The addresses of the upstreams must be numeric. */
  constructor(options: ForwarderConfig) {
    this.#options = options;
    this.#upstreams = new Upstreams(options, this.#counts);
    const { readTimeout, maxAttempts = ROUNDS * options.upstreams.length, failover } = options;
    this.#lookupOptions = {
      readTimeout,
      maxAttempts,
      failover,
      settled: () => {
        this.#waiting--;
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

  /** The number of queries that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  get counts(): EngineCounts {
    return this.#counts;
  }

  get upstreams(): readonly Upstream[] {
    return this.#upstreams.all;
  }

  /** Why a query cannot be asked now; undefined if it can. */
  refusal(query: Query): UpstreamError | undefined {
    const { maxConcurrent } = this.#options;
    if (query.opcode !== 'QUERY') return NO_OPCODES;
    if (TRANSFERS.has(query.type)) return NO_TRANSFERS;
    if (maxConcurrent > 0 && this.#waiting >= maxConcurrent) {
      this.#counts.rejects++;
      return tooManyAtATime(maxConcurrent);
    }
    return this.#waiting >= MAX_WAITING ? TOO_MANY : undefined;
  }

  /**
   * Asks a query that has no {@link refusal}. Calls `settle` later, once. `generation`: of the cache that may keep the
   * answer ({@link Reply.cacheGeneration}).
   */
  ask(query: Query, generation: number, settle: Settle): void {
    const { forceTcp, preferUdp, timeout } = this.#options;
    this.#waiting++;
    const stream = forceTcp || (!preferUdp && query.transport !== 'udp');
    const now = performance.now();
    const waiter = { settle, deadline: now + timeout, lastAttempt: 0 };
    const hash = hashQuestion(query, stream);
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
  }

  /** Fails the waiting queries, and all later ones. */
  close(): void {
    this.#upstreams.close();
  }
}

/** Fills in the reply to a query. `cause`: the error in other words. */
export function settleReply(query: Query, reply: Reply, outcome: EncodedSections | UpstreamError, cause?: Error): void {
  if (!(outcome instanceof UpstreamError)) {
    takeOver(query, reply, outcome);
    return;
  }
  reply.fail(outcome.rcode, cause ?? outcome);
  if (outcome.rcode === 'SERVFAIL') reply.ede(NO_REACHABLE_AUTHORITY);
}
