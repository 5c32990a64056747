/** The upstreams of an engine. */
import type { ForwarderConfig } from '../options/forwarder.js';
import type { EngineCounts } from './counts.js';
import { chooseRandom, createPolicy, type Policy } from './policy.js';
import { UdpCarrier } from './udp-carrier.js';
import { Upstream } from './upstream.js';

/** The upstreams, and the policy by which one is chosen. */
export class Upstreams {
  readonly all: readonly Upstream[];
  readonly failfast: boolean;
  readonly policy: Policy;
  readonly counts: EngineCounts;
  readonly #udp: UdpCarrier | undefined;

  constructor(options: ForwarderConfig, counts: EngineCounts) {
    this.counts = counts;
    this.failfast = options.failfast;
    this.policy = createPolicy(options.policy);
    const udp = options.upstreams.some(({ transport }) => transport === 'dns') ? new UdpCarrier() : undefined;
    this.#udp = udp;
    this.all = options.upstreams.map((to) => {
      const carrier = to.transport === 'dns' ? udp?.add(to.address, to.port, options.sourceAddress) : undefined;
      return new Upstream(to, options, carrier);
    });
  }

  /** Datagrams that answered no pending query. */
  get unmatched(): number {
    return this.#udp?.unmatched ?? 0;
  }

  close(): void {
    this.#udp?.close();
    for (const upstream of this.all) upstream.close();
  }
}

/** The way of one question through the upstreams. */
export class Tour {
  readonly #upstreams: Upstreams;
  /** Those that were asked, or found down, in this round; bits by their numbers. */
  #tried = 0;
  /** The number that count as failed in this round: down, or with an answer that `failover` names. */
  #failures = 0;

  constructor(upstreams: Upstreams) {
    this.#upstreams = upstreams;
  }

  /**
   * The policy's choice among those that are not down. If all are down, a random one, once, since the checks may be
   * wrong; undefined if `failfast` is set or it was asked already.
   */
  next(): Upstream | undefined {
    const { all, policy, failfast, counts } = this.#upstreams;
    const count = all.length;
    while (this.#failures < count) {
      if (this.#tried === (1 << count) - 1) this.#tried = this.#failures = 0;
      const number = policy(count, this.#tried);
      this.#tried |= 1 << number;
      const upstream = all[number];
      if (!upstream.down) return upstream;
      this.#failures++;
    }
    if (failfast || this.#failures > count) return undefined;
    this.#failures = count + 1; // once
    counts.broken++;
    return all[chooseRandom(count, 0)];
  }

  /** Whether another upstream can be asked in place of the one whose answer `failover` names. */
  hasOther(): boolean {
    if (this.#failures + 1 >= this.#upstreams.all.length) return false;
    this.#failures++;
    return true;
  }
}
