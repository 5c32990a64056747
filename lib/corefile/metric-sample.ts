/** The counts of directives for the directive `prometheus`, in a form that can be cloned and added up. */

/** Upper bounds of the buckets of times, in seconds: CoreDNS's. */
export const TIME_BUCKETS: readonly number[] = Array.from({ length: 16 }, (_, i) => 0.00025 * 2 ** i);

/** The number of values in each bucket, the last one above all bounds; and their sum. */
export interface Histogram {
  counts: number[];
  sum: number;
}

/** A sample of a metric: the values that have the same labels. */
export interface MetricSample {
  /**
   * Without the namespace: `cache_hits_total` for `coredns_cache_hits_total`. A name has one help text and one type.
   */
  name: string;
  help: string;
  labels: Readonly<Record<string, string>>;
  /**
   * `counter`, `histogram` of times in seconds: the values since the last call. `gauge`, and `total`, which is shown as
   * a counter: the current value; all workers report the same value, and the last one counts.
   */
  value: { type: 'counter' | 'gauge' | 'total'; number: number } | { type: 'histogram'; histogram: Histogram };
}

/** An empty histogram. */
export function emptyHistogram(bounds: readonly number[]): Histogram {
  return { counts: Array<number>(bounds.length + 1).fill(0), sum: 0 };
}

/** Adds a value. */
export function observe(histogram: Histogram, bounds: readonly number[], value: number): void {
  let bucket = 0;
  while (bucket < bounds.length && value > bounds[bucket]) bucket++;
  histogram.counts[bucket]++;
  histogram.sum += value;
}

/** Adds a histogram to another one with the same bounds. */
export function addHistogram(total: Histogram, more: Histogram): void {
  more.counts.forEach((by, i) => (total.counts[i] += by));
  total.sum += more.sum;
}
