import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { rewriteQuery } from '../../message/rewrite-query.js';
import { sendProbe, type Probe } from './probe.js';

/** The configuration of `loop`. */
export interface LoopOptions extends Probe {
  /** The zone that the probe's name is in. */
  zone: string;
  /** The address to send it to; empty: this host. */
  address: string;
  /** 0: the probe cannot be sent, and loops are not detected. */
  port: number;
}

/** Times, in milliseconds. */
export interface LoopTimes {
  /** How long an answer to the probe may take, and how long the server is watched after it. */
  wait: number;
  /** How long to try to reach the server. */
  giveUp: number;
}

/** CoreDNS's values. */
const TIMES: LoopTimes = { wait: 2000, giveUp: 30_000 };
/** The probe itself, and one more as in CoreDNS: a resolver without an answer may have asked again. */
const MAX_SEEN = 2;
/** An option for local use (RFC 6891 s.9), which other servers ignore. */
const COUNT_OPTION = 65_001;

/** Detects forwarding loops: a query that this server sent to itself comes back more often than it was sent. */
export class LoopHandler {
  readonly #options: LoopOptions;
  readonly #fatal: (error: Error) => void;
  readonly #seen: Int32Array;
  readonly #times: LoopTimes;
  #watching = true;
  #timer: NodeJS.Timeout | undefined;

  /** `probes`: whether this worker sends the probe. */
  constructor(options: LoopOptions, probes: boolean, fatal: (error: Error) => void, times = TIMES) {
    this.#options = options;
    this.#fatal = fatal;
    this.#seen = new Int32Array(options.seen);
    this.#times = times;
    this.#timer = setTimeout(() => {
      this.#watching = false;
    }, times.giveUp).unref();
    if (probes) void this.#probe(performance.now() + times.giveUp);
  }

  /** Counts the probe, and stops it when it has come too often; all other queries go to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const isProbe = this.#watching && query.type === 'HINFO' && query.key === this.#options.name;
    if (!isProbe) return next(query, reply);
    const count = this.#count(query);
    if (count <= MAX_SEEN) return next(numbered(query, count), reply);
    reply.rcode = 'SERVFAIL';
  }

  close(): void {
    this.#watching = false;
    clearTimeout(this.#timer);
  }

  /** Counts the probe; returns how often it has come. */
  #count(query: Query): number {
    const count = Atomics.add(this.#seen, 0, 1) + 1;
    if (count !== MAX_SEEN + 1) return count;
    const { zone, name } = this.#options;
    const route = `${shown(query.client)} -> ${shown(query.local)}`;
    const dotted = zone === '.' ? zone : `${zone}.`;
    this.#fatal(
      new Error(
        `plugin/loop: Loop (${route}) detected for zone "${dotted}", ` +
          `see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO ${name}."`,
      ),
    );
    return count;
  }

  /** Asks until there is an answer, since the server may not listen yet. */
  async #probe(giveUp: number): Promise<void> {
    const { name, address, port } = this.#options;
    const { wait } = this.#times;
    while (this.#watching && performance.now() < giveUp) {
      const started = performance.now();
      if (await sendProbe(name, address, port, wait)) return;
      // The next probe is counted separately.
      Atomics.store(this.#seen, 0, 0);
      const left = wait - (performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)).unref());
    }
  }
}

/** A probe that differs from those before it: `forward` asks equal questions once. */
function numbered(probe: Query, count: number): Query {
  const options = [{ code: COUNT_OPTION, data: Buffer.of(count) }];
  return rewriteQuery(probe, { options, ownOptions: [COUNT_OPTION] });
}

function shown({ address, port, family }: Query['client']): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
