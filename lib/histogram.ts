/** Histograms of times. */

/** Upper bounds of the buckets of times, in seconds: CoreDNS's. */
export const TIME_BUCKETS: readonly number[] = Array.from({ length: 16 }, (_, i) => 0.00025 * 2 ** i);

/** The number of values in each bucket, the last one above all bounds; and their sum. */
export interface Histogram {
  counts: number[];
  sum: number;
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
