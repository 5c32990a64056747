/** Has the upstreams of one use of `forward` answer queries: which one, how often, for how long. */
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { rcodeName } from '../../dns/registry.js';
import type { EncodedSections } from '../../dns/encoded-message.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { ForwardCounts } from './counts.js';
import { Lookup } from './lookup.js';
import type { ForwardOptions } from './options.js';
import { chooseRandom, createPolicy, type Policy } from './policy.js';
import { UdpCarrier } from './udp-carrier.js';
import { Upstream } from './upstream.js';

/** Milliseconds that an upstream has for its answer. */
const READ_TIMEOUT = 2000;
/** Milliseconds that a query has in all: less than the 5 s of a server's `handlerTimeout`. */
const QUERY_TIMEOUT = 4800;
/** How often a query goes round all upstreams when they fail at once. */
const MAX_ROUNDS = 3;
/** RFC 8914 s.4.23. */
const NO_REACHABLE_AUTHORITY = 22;

/** Has the next `forward` answer, where there is one. */
export type AskNext = (query: Query, reply: Reply) => void | Promise<void>;

/** See the file's head. */
export class Forwarder {
  readonly #options: ForwardOptions;
  readonly #udp: UdpCarrier | undefined;
  readonly #upstreams: readonly Upstream[];
  readonly #policy: Policy;
  readonly #maxAttempts: number;
  readonly #askNext: AskNext | undefined;
  readonly #watchRcodes: boolean;
  #concurrent = 0;
  readonly #counts = new ForwardCounts();

  /** `askNext`: for `next`. */
  constructor(options: ForwardOptions, askNext: AskNext | undefined) {
    this.#options = options;
    this.#askNext = askNext;
    this.#watchRcodes = options.failover.length > 0 || options.next.length > 0 || options.nextOnNodata;
    this.#policy = createPolicy(options.policy);
    this.#maxAttempts = options.maxConnectAttempts || MAX_ROUNDS * options.to.length;
    const udp = options.to.some(({ transport }) => transport === 'dns') ? new UdpCarrier() : undefined;
    this.#udp = udp;
    this.#upstreams = options.to.map(
      (to) => new Upstream(to, options, to.transport === 'dns' ? udp?.add(to.address, to.port) : undefined),
    );
  }

  /** Datagrams that answered no query that was waited for. */
  get unmatched(): number {
    return this.#udp?.unmatched ?? 0;
  }

  /** What has been counted since this was last called. */
  metrics(): MetricSample[] {
    return [this.#counts, ...this.#upstreams.map(({ counts }) => counts)].flatMap((counts) => counts.take());
  }

  /** Answers; resolves when the reply is ready. */
  forward(query: Query, reply: Reply): void | Promise<void> {
    const { maxConcurrent, forceTcp, preferUdp } = this.#options;
    if (maxConcurrent > 0 && this.#concurrent >= maxConcurrent) {
      this.#counts.rejects++;
      reply.rcode = 'REFUSED';
      return;
    }
    this.#concurrent++;
    const stream = forceTcp || (!preferUdp && query.transport !== 'udp');
    const now = performance.now();
    return new Promise((resolve) => {
      this.#ask(new Lookup(this, query, reply, stream, now + QUERY_TIMEOUT, resolve), now);
    });
  }

  /** @internal An upstream has answered. */
  answered(lookup: Lookup, sections: EncodedSections): void {
    lookup.upstream?.counts.answered(sections.rcode, performance.now() - lookup.asked);
    try {
      if (this.#watchRcodes && this.#passOn(lookup, sections)) return;
      lookup.accept(sections);
    } catch {
      // A response code that has no name: nobody could make use of it.
      this.failed(lookup);
      return;
    }
    this.#settle(lookup);
  }

  /** @internal The answer did not fit: the same upstream is asked by TCP (RFC 2181 s.9). */
  truncated(lookup: Lookup): void {
    lookup.stream = true;
    const now = performance.now();
    lookup.asked = now;
    lookup.upstream?.ask(lookup, Math.min(now + READ_TIMEOUT, lookup.deadline), true);
  }

  /** @internal An upstream has not answered. */
  failed(lookup: Lookup): void {
    lookup.upstream?.check();
    this.#ask(lookup, performance.now());
  }

  close(): void {
    for (const upstream of this.#upstreams) upstream.close();
    this.#udp?.close();
  }

  #ask(lookup: Lookup, now: number): void {
    const upstream = now < lookup.deadline && lookup.attempts < this.#maxAttempts ? this.#choose(lookup) : undefined;
    if (upstream === undefined) {
      lookup.reply.rcode = 'SERVFAIL';
      lookup.reply.ede(NO_REACHABLE_AUTHORITY);
      this.#settle(lookup);
      return;
    }
    lookup.attempts++;
    lookup.asked = now;
    lookup.upstream = upstream;
    upstream.ask(lookup, Math.min(now + READ_TIMEOUT, lookup.deadline), lookup.stream);
  }

  /** The policy's choice among those that are not down; when all are, any one, since then the checks may be at fault. */
  #choose(lookup: Lookup): Upstream | undefined {
    const count = this.#upstreams.length;
    while (lookup.failures < count) {
      if (lookup.tried === (1 << count) - 1) lookup.tried = lookup.failures = 0;
      const number = this.#policy(count, lookup.tried);
      lookup.tried |= 1 << number;
      const upstream = this.#upstreams[number];
      if (!upstream.down) return upstream;
      lookup.failures++;
    }
    if (this.#options.failfast || lookup.failures > count) return undefined;
    lookup.failures = count + 1; // once
    this.#counts.broken++;
    return this.#upstreams[chooseRandom(count, 0)];
  }

  /** Whether the answer is one that `failover` or `next` lets another server improve on, which is then asked. */
  #passOn(lookup: Lookup, sections: EncodedSections): boolean {
    const { failover, next, nextOnNodata } = this.#options;
    const rcode = rcodeName(sections.rcode) ?? '';
    if (failover.includes(rcode) && lookup.failures + 1 < this.#upstreams.length) {
      lookup.failures++;
      this.#ask(lookup, performance.now());
      return true;
    }
    const askNext = this.#askNext;
    if (askNext === undefined) return false;
    const nodata = nextOnNodata && rcode === 'NOERROR' && sections.counts.answers === 0;
    if (!next.includes(rcode) && !nodata) return false;
    this.#concurrent--;
    lookup.settle(Promise.resolve().then(() => askNext(lookup.query, lookup.reply)));
    return true;
  }

  #settle(lookup: Lookup): void {
    this.#concurrent--;
    lookup.settle();
  }
}
