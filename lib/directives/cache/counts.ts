import type { CacheCounters } from '../../native/addon.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { withLastDot } from '../../dns/names.js';
import type { Query } from '../../message/query.js';

/** The counts for each server. */
interface Counts {
  hits: { success: number; denial: number };
  misses: number;
  prefetches: number;
  stale: number;
}

/** The counts of `cache` in a worker for `prometheus`, under CoreDNS's names. */
export class CacheCounts {
  readonly #serverOf: (query: Query) => string;
  readonly #zones: string;
  /** By server, since the last {@link take}. */
  #counts = new Map<string, Counts>();

  /** `zones`: those of the directive, as a query's `key`. */
  constructor(serverOf: (query: Query) => string, zones: readonly string[]) {
    this.#serverOf = serverOf;
    this.#zones = zones.map(withLastDot).join(',');
  }

  /** Counts an answer from the cache; `denies`: it is negative. */
  hit(query: Query, denies: boolean): void {
    this.#of(query).hits[denies ? 'denial' : 'success']++;
  }

  /** Counts a query that is passed on. */
  miss(query: Query): void {
    this.#of(query).misses++;
  }

  /** Counts a renewal, before or after an answer's end. */
  prefetch(query: Query): void {
    this.#of(query).prefetches++;
  }

  /** Counts an expired answer that a client gets. It is a hit as well. */
  stale(query: Query): void {
    this.#of(query).stale++;
  }

  /** `shared`: the counts of the cache itself, for all workers together. */
  take({ entries, evictions }: CacheCounters): MetricSample[] {
    const samples: MetricSample[] = [];
    const view = { zones: this.#zones, view: '' };
    const add = (
      name: string,
      help: string,
      type: 'counter' | 'gauge' | 'total',
      number: number,
      labels = {},
    ): void => {
      samples.push({ name: `cache_${name}`, help, labels: { ...labels, ...view }, value: { type, number } });
    };
    for (const [server, { hits, misses, prefetches, stale }] of this.#counts) {
      const all = hits.success + hits.denial + misses;
      add('requests_total', 'Queries that the cache was asked for.', 'counter', all, { server });
      add('hits_total', 'Queries that the cache has answered.', 'counter', hits.success, { server, type: 'success' });
      add('hits_total', 'Queries that the cache has answered.', 'counter', hits.denial, { server, type: 'denial' });
      add('misses_total', 'Queries that the cache has not answered.', 'counter', misses, { server });
      add('prefetch_total', 'Answers that were renewed on behalf of the cache.', 'counter', prefetches, { server });
      add('served_stale_total', 'Queries that got an expired answer.', 'counter', stale, { server });
    }
    if (samples.length === 0) return samples;
    this.#counts = new Map();
    add('entries', 'Answers that the cache has.', 'gauge', entries);
    add('evictions_total', 'Answers that had to make room.', 'total', evictions);
    return samples;
  }

  #of(query: Query): Counts {
    const server = this.#serverOf(query);
    let counts = this.#counts.get(server);
    if (counts === undefined) {
      counts = { hits: { success: 0, denial: 0 }, misses: 0, prefetches: 0, stale: 0 };
      this.#counts.set(server, counts);
    }
    return counts;
  }
}
