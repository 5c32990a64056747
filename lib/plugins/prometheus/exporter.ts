/** Adds up what the workers count, and shows it to Prometheus. */
import { AggregatorRegistry } from 'prom-client';
import type { MainRuntime } from '../../corefile/directive.js';
import { distinct, openEndpoints, type HttpAnswer } from '../http-endpoint.js';
import { processMetrics, requestMetrics, serverMetrics } from './metrics.js';
import { add, emptySample, nameOf, type Sample } from './samples.js';
import type { PrometheusConfig } from './setup.js';

const PATH = '/metrics';
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** See the file's head. */
export class Exporter {
  /** Ends it. */
  readonly close: () => Promise<void>;
  readonly #samples: Map<string, Sample>;

  /** Listens on the addresses that the server blocks name. Rejects with a system error. */
  static async open(configs: readonly PrometheusConfig[], runtime: MainRuntime): Promise<Exporter> {
    const samples = new Map<string, Sample>();
    const closing: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(closing.map((each) => each()));
    };
    try {
      for (const namespace of new Set(configs.map((config) => config.namespace))) {
        const addresses = configs.filter((config) => config.namespace === namespace).map(({ address }) => address);
        const answer = (): Promise<HttpAnswer> => show(namespace, samples, runtime);
        closing.push((await openEndpoints(distinct(addresses), PATH, answer)).close);
      }
    } catch (error) {
      await close();
      throw error;
    }
    return new Exporter(samples, close);
  }

  private constructor(samples: Map<string, Sample>, close: () => Promise<void>) {
    this.#samples = samples;
    this.close = close;
  }

  /** Adds what a worker has counted since it last told. */
  hear(message: unknown): void {
    for (const sample of message as Sample[]) {
      const name = nameOf(sample);
      const total = this.#samples.get(name) ?? emptySample(sample);
      add(total, sample);
      this.#samples.set(name, total);
    }
  }
}

async function show(namespace: string, samples: Map<string, Sample>, runtime: MainRuntime): Promise<HttpAnswer> {
  const metrics = [
    ...requestMetrics(`${namespace}_dns`, [...samples.values()]),
    ...serverMetrics(namespace, runtime),
    ...processMetrics(),
  ];
  return { status: 200, body: await AggregatorRegistry.aggregate([metrics]).metrics(), type: CONTENT_TYPE };
}
