/**
 * The distribution of waits from a load generator's histogram, in milliseconds; each is at most 0.8 % above the true
 * value.
 */
export class Latency {
  /** How many waits were counted. */
  readonly count: number;
  /** The longest wait, exactly; 0 if there is none. */
  readonly max: number;
  readonly #bounds: number[] = [];
  readonly #counts: number[] = [];

  /** `buckets`: pairs of the longest wait in a bucket and how many are in it, by size. */
  constructor(buckets: readonly number[], max: number) {
    for (let i = 0; i < buckets.length; i += 2) {
      this.#bounds.push(Math.min(buckets[i], max));
      this.#counts.push(buckets[i + 1]);
    }
    this.count = this.#counts.reduce((sum, count) => sum + count, 0);
    this.max = max;
  }

  /** The wait that `percent` (0 to 100) of all did not exceed; 0 if there is none. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((this.count * percent) / 100));
    let seen = 0;
    for (const [i, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return this.#bounds[i];
    }
    return this.max;
  }

  /** How many waited for longer than `milliseconds`. */
  countAbove(milliseconds: number): number {
    return this.#counts.reduce((sum, count, i) => (this.#bounds[i] > milliseconds ? sum + count : sum), 0);
  }

  /** The usual figures. */
  toJSON(): { count: number; p50: number; p90: number; p99: number; p999: number; max: number } {
    const [p50, p90, p99, p999] = [50, 90, 99, 99.9].map((percent) => this.percentile(percent));
    return { count: this.count, p50, p90, p99, p999, max: this.max };
  }
}
