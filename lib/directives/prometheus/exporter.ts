import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { OwnerRuntime } from '../../corefile/directive.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { distinct, openEndpoints, type HttpAddress, type HttpAnswer } from '../http-endpoint.js';
import { addMetricSamples, directiveMetrics, processMetrics, requestMetrics, serverMetrics } from './metrics.js';
import { add, emptySample, nameOf, type Sample, type WorkerCounts } from './samples.js';

const PATH = '/metrics';
/** The options of `prometheus`. */
export interface PrometheusConfig {
  address: HttpAddress;
  /** The prefix of the names of all metrics. */
  namespace: string;
  /** Whether to show Node's own metrics. */
  runtimeMetrics: boolean;
}

let ofNode: Registry | undefined;

/** Collects Node's own metrics; once started, it continues for the life of the process. */
function metricsOfNode(): Registry {
  if (ofNode === undefined) collectDefaultMetrics({ register: (ofNode = new Registry()) });
  return ofNode;
}

/** Counts since the start. */
interface Totals {
  requests: Map<string, Sample>;
  metrics: Map<string, MetricSample>;
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The exporter of metrics: adds up the counts of all workers, and serves the sums by HTTP in Prometheus's text format.
 */
export class Exporter {
  /** Stops listening. */
  readonly close: () => Promise<void>;
  readonly #totals: Totals;

  /** Listens on the addresses of all server blocks. Rejects with a system error. */
  static async open(configs: readonly PrometheusConfig[], runtime: OwnerRuntime): Promise<Exporter> {
    const totals: Totals = { requests: new Map(), metrics: new Map() };
    const closing: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(closing.map((each) => each()));
    };
    const nodeMetrics = configs.some(({ runtimeMetrics }) => runtimeMetrics) ? metricsOfNode() : undefined;
    try {
      for (const namespace of new Set(configs.map((config) => config.namespace))) {
        const addresses = configs.filter((config) => config.namespace === namespace).map(({ address }) => address);
        const answer = (): Promise<HttpAnswer> => show(namespace, totals, runtime, nodeMetrics);
        closing.push((await openEndpoints(distinct(addresses), PATH, answer)).close);
      }
    } catch (error) {
      await close();
      throw error;
    }
    return new Exporter(totals, close);
  }

  private constructor(totals: Totals, close: () => Promise<void>) {
    this.#totals = totals;
    this.close = close;
  }

  /** Adds the counts of a worker since its last message. */
  hear(message: unknown): void {
    const { requests, metrics } = message as WorkerCounts;
    for (const sample of requests) {
      const name = nameOf(sample);
      const total = this.#totals.requests.get(name) ?? emptySample(sample);
      add(total, sample);
      this.#totals.requests.set(name, total);
    }
    addMetricSamples(this.#totals.metrics, metrics);
  }
}

async function show(
  namespace: string,
  totals: Totals,
  runtime: OwnerRuntime,
  runtimeMetrics: Registry | undefined,
): Promise<HttpAnswer> {
  const metrics = [
    ...requestMetrics(`${namespace}_dns`, [...totals.requests.values()]),
    ...directiveMetrics(namespace, [...totals.metrics.values(), ...runtime.metrics()]),
    ...serverMetrics(namespace, runtime),
    ...(runtimeMetrics === undefined ? processMetrics() : await runtimeMetrics.getMetricsAsJSON()),
  ];
  return { status: 200, body: await AggregatorRegistry.aggregate([metrics]).metrics(), type: CONTENT_TYPE };
}
