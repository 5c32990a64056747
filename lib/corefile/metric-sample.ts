/** The counts of directives for the directive `prometheus`, in a form that can be cloned and added up. */
import type { Histogram } from '../histogram.js';

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
