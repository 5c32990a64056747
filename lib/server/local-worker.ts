// The global object of Bun has no eventLoopUtilization.
import { performance } from 'node:perf_hooks';
import { withCode } from '../errors.js';
import type { SharedTls } from '../worker/stream/secure-context.js';
import type { ServerSocket } from '../worker/messages.js';
import { Serving, type ServingStart } from '../worker/serving.js';
import { startTimeoutError, type SupervisedWorker } from './supervised-worker.js';

/** A worker that serves on the thread that made it (`workers: 0`). It lives and stalls with its server. */
export class LocalWorker implements SupervisedWorker {
  readonly index = 0;
  readonly seat: number;
  readonly ready: Promise<void>;
  readonly #ended: () => void;
  #serving: Serving | undefined;
  #destroyed = false;
  /** Messages that came before it was ready. */
  readonly #early: unknown[] = [];
  #ref = true;

  /** `ended` is called once, when the worker has been drained or destroyed. */
  constructor(
    start: ServingStart,
    handler: Parameters<typeof Serving.start>[1],
    { startTimeout, ended }: { startTimeout: number; ended: () => void },
  ) {
    this.seat = start.seat;
    this.#ended = ended;
    this.ready = this.#start(Serving.start(start, handler), startTimeout, start.index, handler);
    this.ready.catch(() => undefined); // the supervisor handles it
  }

  lend(sockets: readonly ServerSocket[]): Promise<void> {
    return this.#running().lend(sockets);
  }

  release(sockets: readonly number[]): Promise<void> {
    return this.#running().release(sockets);
  }

  async secure(tls: SharedTls): Promise<void> {
    await this.ready;
    this.#running().secure(tls);
  }

  async hear(message: unknown): Promise<void> {
    const copy: unknown = structuredClone(message);
    if (this.#serving === undefined) this.#early.push(copy);
    else await this.#running().hear(copy);
  }

  drain(): Promise<void> {
    return this.#running().drain();
  }

  destroy(): Promise<void> {
    if (!this.#destroyed) {
      this.#destroyed = true;
      this.#serving?.destroy();
      this.#ended();
    }
    return Promise.resolve();
  }

  stalledFor(): number {
    return 0;
  }

  busyFor(): number {
    return performance.eventLoopUtilization().active;
  }

  kill(): void {
    this.#serving?.destroy();
  }

  ref(): void {
    this.#ref = true;
    this.#serving?.ref();
  }

  unref(): void {
    this.#ref = false;
    this.#serving?.unref();
  }

  async #start(
    starting: Promise<Serving>,
    timeout: number,
    index: number,
    handler: Parameters<typeof Serving.start>[1],
  ): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      if (timeout === 0) return;
      timer = setTimeout(() => {
        reject(startTimeoutError(index, timeout, typeof handler === 'string' ? handler : 'the handler'));
      }, timeout);
    });
    try {
      this.#serving = await Promise.race([starting, late]);
    } catch (error) {
      // A `setup` that ends this late has nothing to serve.
      starting.then(
        (serving) => {
          serving.destroy();
        },
        () => undefined,
      );
      await this.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    for (const message of this.#early.splice(0)) void this.#serving.hear(message);
    if (this.#destroyed) this.#serving.destroy();
    else if (!this.#ref) this.#serving.unref();
  }

  #running(): Serving {
    if (this.#serving !== undefined && !this.#destroyed) return this.#serving;
    throw withCode(new Error('the worker has ended'), 'ERR_MULTISOCKET_WORKER_EXIT');
  }
}
