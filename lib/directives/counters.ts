import type { MetricSample } from '../corefile/metric-sample.js';

/** Counters of a directive in a worker for `prometheus`, each with its labels. */
export class Counters {
  #samples = new Map<string, MetricSample>();

  /** Adds 1 to the counter that has the name and the labels; `help` is the same for each name. */
  add(name: string, help: string, labels: MetricSample['labels']): void {
    const key = JSON.stringify([name, labels]);
    const known = this.#samples.get(key)?.value;
    if (known?.type === 'counter') known.number++;
    else this.#samples.set(key, { name, help, labels, value: { type: 'counter', number: 1 } });
  }

  /** Returns the counts since the last call. */
  take(): MetricSample[] {
    const samples = [...this.#samples.values()];
    this.#samples = new Map();
    return samples;
  }
}
