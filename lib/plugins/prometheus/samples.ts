/** What is counted of requests, in a form that can be cloned and added up. */

/** Upper bounds of the buckets of times, in seconds: CoreDNS's. */
export const TIME_BUCKETS: readonly number[] = Array.from({ length: 16 }, (_, i) => 0.00025 * 2 ** i);
/** Upper bounds of the buckets of message sizes, in octets: CoreDNS's. */
export const SIZE_BUCKETS: readonly number[] = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3,
];

/** How many values each bucket has got, the last for those above all bounds; and their sum. */
export interface Histogram {
  counts: number[];
  sum: number;
}

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

/** An empty one. */
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

/** A sample's name among others. */
export function nameOf({ server, zone, proto, family }: Pick<Sample, 'server' | 'zone' | 'proto' | 'family'>): string {
  return `${server} ${zone} ${proto} ${family}`;
}

/** Adds one. */
export function count(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

/** Adds a value. */
export function observe(histogram: Histogram, bounds: readonly number[], value: number): void {
  let bucket = 0;
  while (bucket < bounds.length && value > bounds[bucket]) bucket++;
  histogram.counts[bucket]++;
  histogram.sum += value;
}

/** Adds a sample to another. */
export function add(total: Sample, more: Sample): void {
  for (const [name, by] of more.requests) count(total.requests, name, by);
  for (const [name, by] of more.responses) count(total.responses, name, by);
  total.dnssec += more.dnssec;
  for (const name of ['duration', 'requestSize', 'responseSize'] as const) addHistogram(total[name], more[name]);
}

/** Adds a histogram to another with the same bounds. */
export function addHistogram(total: Histogram, more: Histogram): void {
  more.counts.forEach((by, i) => (total.counts[i] += by));
  total.sum += more.sum;
}

/** One with nothing in it. */
export function emptyHistogram(bounds: readonly number[]): Histogram {
  return { counts: Array<number>(bounds.length + 1).fill(0), sum: 0 };
}
