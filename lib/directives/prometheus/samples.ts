/** The counts of requests, in a form that can be cloned and added up. */
import type { MetricSample } from '../../corefile/metric-sample.js';
import { addHistogram, emptyHistogram, TIME_BUCKETS, type Histogram } from '../../histogram.js';

/** Upper bounds of the buckets of message sizes, in octets: CoreDNS's. */
export const SIZE_BUCKETS: readonly number[] = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3,
];

/** The requests of one server, zone, protocol and family. */
export interface Sample {
  /** `dns://:53`. */
  server: string;
  /** `example.org.`. */
  zone: string;
  proto: 'udp' | 'tcp';
  /** `1` for IPv4, `2` for IPv6. */
  family: '1' | '2';
  /** By QTYPE. */
  requests: Map<string, number>;
  /** By response code and directive, with a space between. */
  responses: Map<string, number>;
  /** With DO set. */
  dnssec: number;
  /** In seconds. */
  duration: Histogram;
  /** In octets. */
  requestSize: Histogram;
  /** In octets. */
  responseSize: Histogram;
}

/** A report of a worker to the owner. */
export interface WorkerCounts {
  requests: Sample[];
  /** The metrics of the directives of its server block. */
  metrics: MetricSample[];
}

/** An empty sample. */
export function emptySample(of: Pick<Sample, 'server' | 'zone' | 'proto' | 'family'>): Sample {
  return {
    ...of,
    requests: new Map(),
    responses: new Map(),
    dnssec: 0,
    duration: emptyHistogram(TIME_BUCKETS),
    requestSize: emptyHistogram(SIZE_BUCKETS),
    responseSize: emptyHistogram(SIZE_BUCKETS),
  };
}

/** The key of a sample. */
export function nameOf({ server, zone, proto, family }: Pick<Sample, 'server' | 'zone' | 'proto' | 'family'>): string {
  return `${server} ${zone} ${proto} ${family}`;
}

/** Adds one. */
export function count(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

/** Adds a sample to another. */
export function add(total: Sample, more: Sample): void {
  for (const [name, by] of more.requests) count(total.requests, name, by);
  for (const [name, by] of more.responses) count(total.responses, name, by);
  total.dnssec += more.dnssec;
  for (const name of ['duration', 'requestSize', 'responseSize'] as const) addHistogram(total[name], more[name]);
}
