/** The counts of `forward` in a worker for `prometheus`, under CoreDNS's names, since they were last taken. */
import {
  emptyHistogram,
  observe,
  TIME_BUCKETS,
  type Histogram,
  type MetricSample,
} from '../../corefile/metric-sample.js';
import { rcodeName } from '../../dns/registry.js';
import { formatAddress } from '../../socket/addresses.js';
import type { UpstreamOptions } from './options.js';

/** The counts that belong to no single upstream. */
export class ForwardCounts {
  /** Queries that were refused, because too many waited. */
  rejects = 0;
  /** Queries that found all upstreams down, and were sent to one of them nevertheless. */
  broken = 0;
  #taken = false;

  take(): MetricSample[] {
    const samples: MetricSample[] = [];
    const add = (name: string, help: string, number: number): void => {
      // A 0 is sent once: a series that begins later has no rate.
      if (number > 0 || !this.#taken) samples.push({ name, help, labels: {}, value: { type: 'counter', number } });
    };
    add('forward_max_concurrent_rejects_total', 'Queries refused since too many waited for upstreams.', this.rejects);
    add('forward_healthcheck_broken_total', 'Queries for which all upstreams were down.', this.broken);
    this.#taken = true;
    this.rejects = this.broken = 0;
    return samples;
  }
}

/** The counts of one upstream. */
export class UpstreamCounts {
  healthCheckFailures = 0;
  /** Queries that found a connection, and those that had to open one. */
  connectionHits = 0;
  connectionMisses = 0;
  readonly #labels: { proxy_name: 'forward'; to: string };
  readonly #proto: string;
  /** By RCODE: how long its answers took. */
  #durations = new Map<number, Histogram>();

  constructor({ transport, address, port }: UpstreamOptions) {
    this.#labels = { proxy_name: 'forward', to: formatAddress(address, port) };
    this.#proto = transport === 'tls' ? 'tcp-tls' : 'tcp';
  }

  /** Counts an answer. */
  answered(rcode: number, milliseconds: number): void {
    let histogram = this.#durations.get(rcode);
    if (histogram === undefined) this.#durations.set(rcode, (histogram = emptyHistogram(TIME_BUCKETS)));
    observe(histogram, TIME_BUCKETS, milliseconds / 1000);
  }

  take(): MetricSample[] {
    const samples = Array.from(this.#durations, ([rcode, histogram]): MetricSample => ({
      name: 'proxy_request_duration_seconds',
      help: 'Time that each request to an upstream took, in seconds.',
      labels: { ...this.#labels, rcode: rcodeName(rcode) ?? String(rcode) },
      value: { type: 'histogram', histogram },
    }));
    const add = (name: string, help: string, number: number, more = {}): void => {
      if (number > 0)
        samples.push({ name, help, labels: { ...this.#labels, ...more }, value: { type: 'counter', number } });
    };
    const proto = { proto: this.#proto };
    add('proxy_healthcheck_failures_total', 'Health checks that have failed.', this.healthCheckFailures);
    add('proxy_conn_cache_hits_total', 'Queries that found a connection.', this.connectionHits, proto);
    add('proxy_conn_cache_misses_total', 'Queries that opened a connection.', this.connectionMisses, proto);
    this.#durations = new Map();
    this.healthCheckFailures = this.connectionHits = this.connectionMisses = 0;
    return samples;
  }
}
