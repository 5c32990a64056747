import { rcodeName } from '../dns/registry.js';
import { addHistogram, emptyHistogram, TIME_BUCKETS, type Histogram } from '../histogram.js';
import type { Engine } from './engine.js';
import type { Upstream } from './upstream.js';

/** What a forwarder has counted for one upstream. */
export interface UpstreamStatistics {
  /** Its address: `192.0.2.1:53`, `tls://[2001:db8::1]:853`, `https://192.0.2.1:443/dns-query`. */
  upstream: string;
  /** Whether it has failed fewer health checks in a row than the option `maxFails` allows. */
  healthy: boolean;
  failedHealthChecks: number;
  /** Queries by TCP, TLS and HTTPS that opened a connection, and those that found one. */
  connections: { opened: number; reused: number };
  /** The number of answers by response code; a code without a name by its number. */
  answers: Record<string, number>;
  /**
   * How long answers took: `counts[i]` is the number of those that took at most `bounds[i]` seconds and more than
   * `bounds[i - 1]`; the last count is of those above all bounds. `sum`: of all, in seconds.
   */
  durations: Histogram & { bounds: readonly number[] };
}

/** What a forwarder has counted since it was made. */
export interface ForwarderStatistics {
  /** Queries that wait now. */
  waiting: number;
  /** Queries that were refused, because `maxConcurrent` queries waited. */
  rejected: number;
  /** Queries for which all upstreams were down. */
  allDown: number;
  /** Datagrams that answered no pending query: late or forged ones. */
  unmatched: number;
  /** In the order of the option `upstreams`; empty while their hosts have not been looked up. */
  upstreams: UpstreamStatistics[];
}

/** What an engine has counted; undefined: there is none yet. */
export function statisticsOf(engine: Engine | undefined): ForwarderStatistics {
  return {
    waiting: engine?.waiting ?? 0,
    rejected: engine?.counts.rejects ?? 0,
    allDown: engine?.counts.broken ?? 0,
    unmatched: engine?.unmatched ?? 0,
    upstreams: engine?.upstreams.map(upstreamStatistics) ?? [],
  };
}

function upstreamStatistics({ name, down, counts }: Upstream): UpstreamStatistics {
  const { durations, healthCheckFailures, connectionHits, connectionMisses } = counts;
  const all = emptyHistogram(TIME_BUCKETS);
  const answers: Record<string, number> = {};
  for (const [rcode, histogram] of durations) {
    addHistogram(all, histogram);
    answers[rcodeName(rcode) ?? String(rcode)] = histogram.counts.reduce((sum, count) => sum + count, 0);
  }
  return {
    upstream: name,
    healthy: !down,
    failedHealthChecks: healthCheckFailures,
    connections: { opened: connectionMisses, reused: connectionHits },
    answers,
    durations: { bounds: TIME_BUCKETS, ...all },
  };
}
