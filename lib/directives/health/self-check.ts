import { get } from 'node:http';
import type { MetricSample } from '../../corefile/metric-sample.js';
import { addHistogram, emptyHistogram, observe, TIME_BUCKETS } from '../../histogram.js';
import type { Logger } from '../../message/handler.js';
import type { HttpAddress } from '../http-endpoint.js';

/** Milliseconds; CoreDNS's value. */
const INTERVAL = 1000;
const TIMEOUT = 3000;
/** A slower request is logged. */
const SLOW = 1000;

/**
 * Requests to an endpoint of this process, one a second: their duration shows the load of the process. Starts when it
 * is made.
 */
export class SelfCheck {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #durations = emptyHistogram(TIME_BUCKETS);
  readonly #closing = new AbortController();
  #failures = 0;

  /** `path`: of the resource. */
  constructor({ host, port }: HttpAddress, path: string, logger: Logger) {
    const name = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
    this.#url = `http://${name.includes(':') ? `[${name}]` : name}:${port}${path}`;
    this.#logger = logger;
    this.#timer = setInterval(() => {
      this.#ask();
    }, INTERVAL).unref();
  }

  /** The checks of all endpoints together. */
  static metrics(checks: readonly SelfCheck[]): MetricSample[] {
    const histogram = emptyHistogram(TIME_BUCKETS);
    for (const check of checks) addHistogram(histogram, check.#durations);
    const number = checks.reduce((sum, check) => sum + check.#failures, 0);
    return [
      {
        name: 'health_request_duration_seconds',
        help: 'Histogram of the time (in seconds) each request took.',
        labels: {},
        value: { type: 'histogram', histogram },
      },
      {
        name: 'health_request_failures_total',
        help: 'The number of times the health check failed.',
        labels: {},
        value: { type: 'total', number },
      },
    ];
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing.abort();
  }

  #ask(): void {
    const { signal } = this.#closing;
    const start = performance.now();
    const done = (failure?: Error): void => {
      if (signal.aborted) return;
      const elapsed = performance.now() - start;
      observe(this.#durations, TIME_BUCKETS, elapsed / 1000);
      if (failure !== undefined) {
        this.#failures++;
        this.#logger.warn(`plugin/health: Local health request to "${this.#url}" failed: ${failure.message}`);
      } else if (elapsed > SLOW) {
        this.#logger.warn(
          `plugin/health: Local health request to "${this.#url}" took more than 1s: ${elapsed / 1000}s`,
        );
      }
    };
    const request = get(this.#url, { agent: false, signal, timeout: TIMEOUT }, (response) => {
      response.resume().once('end', done);
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT / 1000}s`)));
    request.once('error', done);
  }
}
