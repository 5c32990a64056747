import type { OwnerRuntime } from '../../corefile/directive.js';
import type { MetricSample } from '../../corefile/metric-sample.js';

/** Checks the Corefile repeatedly, from its creation to {@link close}, and reloads it when it has changed. */
export class Reloader {
  readonly #interval: number;
  readonly #jitter: number;
  readonly #runtime: OwnerRuntime;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** The number of failed reloads. */
  #failed = 0;
  /** The reason of the last failure, which is logged once. */
  #failure: string | undefined;

  /** Times in milliseconds; `interval` 0: never. */
  constructor(interval: number, jitter: number, runtime: OwnerRuntime) {
    this.#interval = interval;
    this.#jitter = jitter;
    this.#runtime = runtime;
    runtime.logger.info(`plugin/reload: Running configuration SHA512 = ${runtime.corefile().hash}`);
    this.#wait();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** The metrics, as in CoreDNS. */
  metrics(): MetricSample[] {
    return [
      {
        name: 'reload_failed_total',
        help: 'Counter of the number of failed reload attempts.',
        labels: {},
        value: { type: 'total', number: this.#failed },
      },
      {
        name: 'reload_version_info',
        help: 'A constant 1, labelled by the hash of the Corefile.',
        labels: { hash: 'sha512', value: this.#runtime.corefile().hash },
        value: { type: 'gauge', number: 1 },
      },
    ];
  }

  #wait(): void {
    if (this.#interval === 0 || this.#closed) return;
    const delay = this.#interval + Math.random() * this.#jitter;
    this.#timer = setTimeout(() => {
      void this.#look();
    }, delay).unref();
  }

  async #look(): Promise<void> {
    const { logger, corefile, reloadIfChanged } = this.#runtime;
    try {
      const reloaded = await reloadIfChanged();
      this.#failure = undefined;
      if (reloaded) logger.info(`plugin/reload: Running configuration SHA512 = ${corefile().hash}`);
    } catch (error) {
      const { message } = error as Error;
      this.#failed++;
      if (message !== this.#failure && !this.#closed)
        logger.error(`plugin/reload: Corefile changed but reload failed: ${message}`);
      this.#failure = message;
    }
    this.#wait();
  }
}
