import type { MetricSample } from '../../corefile/metric-sample.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { isInZones } from '../../dns/names.js';
import { Forwarder } from './forwarder.js';
import type { ForwardOptions } from './options.js';

/** Zone transfers may be many messages (RFC 5936 s.2.2), and a query is forwarded for one. */
const TRANSFERS: ReadonlySet<string> = new Set(['AXFR', 'IXFR']);

interface Use {
  from: readonly string[];
  except: readonly string[];
  forwarder: Forwarder;
}

/** Forwards queries to upstream servers. */
export class ForwardHandler {
  /** In the Corefile's order: the first one that matches a name handles it. */
  readonly #uses: readonly Use[];

  /** One for each use of the directive in a server block. */
  constructor(options: readonly ForwardOptions[]) {
    const last = options.length - 1;
    this.#uses = options.map((use, i) => {
      const { from, except } = use;
      const askNext = (query: Query, reply: Reply): void | Promise<void> => this.#from(i + 1, query, reply, fail);
      return { from, except, forwarder: new Forwarder(use, i < last ? askNext : undefined) };
    });
  }

  /** Answers a query for one of its names; others go to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    return this.#from(0, query, reply, next);
  }

  /** Returns the counts since the last call. */
  metrics(): MetricSample[] {
    return this.#uses.flatMap(({ forwarder }) => forwarder.metrics());
  }

  /** Datagrams that came from upstreams and answered no pending query. */
  get unmatched(): number {
    return this.#uses.reduce((sum, { forwarder }) => sum + forwarder.unmatched, 0);
  }

  /** Closes all connections; waiting queries get SERVFAIL. */
  close(): void {
    for (const { forwarder } of this.#uses) forwarder.close();
  }

  #from(first: number, query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const { key } = query;
    for (let i = first; i < this.#uses.length; i++) {
      const { from, except, forwarder } = this.#uses[i];
      if (!isInZones(key, from) || isInZones(key, except)) continue;
      if (!TRANSFERS.has(query.type)) return forwarder.forward(query, reply);
      reply.rcode = 'REFUSED';
      return;
    }
    return next(query, reply);
  }
}

/** There is no `forward` after one that passed the query on. */
function fail(_: Query, reply: Reply): void {
  reply.fail('SERVFAIL', new Error('plugin/forward: no next plugin found'));
}
