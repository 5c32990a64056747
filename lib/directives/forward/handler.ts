import type { MetricSample } from '../../corefile/metric-sample.js';
import type { EncodedSections } from '../../dns/encoded-message.js';
import { isInZones } from '../../dns/names.js';
import { rcodeName } from '../../dns/registry.js';
import { Engine, settleReply } from '../../forward/engine.js';
import { UpstreamError } from '../../forward/upstream-error.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { engineSamples, upstreamSamples } from './metrics.js';
import type { ForwardOptions } from './options.js';

interface Use {
  options: ForwardOptions;
  engine: Engine;
}

/** Forwards queries to upstream servers. */
export class ForwardHandler {
  /** In the Corefile's order: the first one that matches a name handles it. */
  readonly #uses: readonly Use[];
  #taken = false;

  /** One for each use of the directive in a server block. Their upstreams have numeric addresses. */
  constructor(options: readonly ForwardOptions[]) {
    this.#uses = options.map((use) => ({ options: use, engine: new Engine(use) }));
  }

  /** Answers a query for one of its names; others go to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    return this.#from(0, query, reply, next);
  }

  /** Returns the counts since the last call. */
  metrics(): MetricSample[] {
    // A 0 is sent once: a series that begins later has no rate.
    const first = !this.#taken;
    this.#taken = true;
    return this.#uses.flatMap(({ engine }) => [
      ...engineSamples(engine.counts.take(), first),
      ...engine.upstreams.flatMap(upstreamSamples),
    ]);
  }

  /** Datagrams that came from upstreams and answered no pending query. */
  get unmatched(): number {
    return this.#uses.reduce((sum, { engine }) => sum + engine.unmatched, 0);
  }

  /** Closes all connections; waiting queries get SERVFAIL. */
  close(): void {
    for (const { engine } of this.#uses) engine.close();
  }

  #from(first: number, query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const { key } = query;
    for (let i = first; i < this.#uses.length; i++) {
      const { from, except } = this.#uses[i].options;
      if (isInZones(key, from) && !isInZones(key, except)) return this.#forward(i, query, reply);
    }
    return next(query, reply);
  }

  #forward(number: number, query: Query, reply: Reply): void | Promise<void> {
    const { engine, options } = this.#uses[number];
    const refusal = engine.refusal(query);
    if (refusal !== undefined) {
      settleReply(query, reply, refusal);
      return;
    }
    return new Promise((resolve) => {
      engine.ask(query, reply.cacheGeneration, (outcome) => {
        if (number < this.#uses.length - 1 && isForNext(options, outcome)) {
          resolve(Promise.resolve().then(() => this.#from(number + 1, query, reply, fail)));
          return;
        }
        settleReply(query, reply, outcome);
        resolve();
      });
    });
  }
}

/** Whether the next `forward` may have a better answer. */
function isForNext({ next, nextOnNodata }: ForwardOptions, outcome: EncodedSections | UpstreamError): boolean {
  if (outcome instanceof UpstreamError) return false;
  const { rcode, counts } = outcome;
  return next.includes(rcodeName(rcode) ?? '') || (nextOnNodata && rcode === 0 && counts.answers === 0);
}

/** There is no `forward` after one that passed the query on. */
function fail(_: Query, reply: Reply): void {
  reply.fail('SERVFAIL', new Error('plugin/forward: no next plugin found'));
}
