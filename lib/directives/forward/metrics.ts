/** The counts of `forward` in a worker for `prometheus`, under CoreDNS's names. */
import type { MetricSample } from '../../corefile/metric-sample.js';
import { rcodeName } from '../../dns/registry.js';
import type { EngineCounts } from '../../forward/counts.js';
import type { Upstream } from '../../forward/upstream.js';
import type { UpstreamTransport } from '../../options/upstream.js';
import { formatAddress } from '../../socket/addresses.js';

/** CoreDNS's labels for the protocols of connections. */
const PROTOCOLS: Readonly<Record<UpstreamTransport, string>> = { dns: 'tcp', tls: 'tcp-tls', https: 'https' };

/** The counts that belong to no single upstream. `always`: those that are 0, too. */
export function engineSamples({ rejects, broken }: EngineCounts, always: boolean): MetricSample[] {
  const samples = [
    counter(
      'forward_max_concurrent_rejects_total',
      'Queries refused since too many waited for upstreams.',
      {},
      rejects,
    ),
    counter('forward_healthcheck_broken_total', 'Queries for which all upstreams were down.', {}, broken),
  ];
  return always ? samples : samples.filter(isAbove0);
}

/** The counts of an upstream since they were last taken. */
export function upstreamSamples({ to: { transport, address, port }, counts }: Upstream): MetricSample[] {
  const { durations, healthCheckFailures, connectionHits, connectionMisses } = counts.take();
  const labels = { proxy_name: 'forward', to: formatAddress(address, port) };
  const byProtocol = { ...labels, proto: PROTOCOLS[transport] };
  const times = Array.from(durations, ([rcode, histogram]): MetricSample => ({
    name: 'proxy_request_duration_seconds',
    help: 'Time that each request to an upstream took, in seconds.',
    labels: { ...labels, rcode: rcodeName(rcode) ?? String(rcode) },
    value: { type: 'histogram', histogram },
  }));
  const counters = [
    counter('proxy_healthcheck_failures_total', 'Health checks that have failed.', labels, healthCheckFailures),
    counter('proxy_conn_cache_hits_total', 'Queries that found a connection.', byProtocol, connectionHits),
    counter('proxy_conn_cache_misses_total', 'Queries that opened a connection.', byProtocol, connectionMisses),
  ];
  return [...times, ...counters.filter(isAbove0)];
}

function counter(name: string, help: string, labels: MetricSample['labels'], number: number): MetricSample {
  return { name, help, labels, value: { type: 'counter', number } };
}

function isAbove0({ value }: MetricSample): boolean {
  return value.type !== 'histogram' && value.number > 0;
}
