/** `workers: 0`: the calling thread serves. */
// Bun's global one has no eventLoopUtilization.
import { performance } from 'node:perf_hooks';
import type { SharedTls } from '../worker/stream/secure-context.js';
import type { ServerSocket } from '../worker/messages.js';
import { Serving } from '../worker/serving.js';
import type { SupervisedWorker } from './supervisor.js';

/** A worker that serves on the thread that made it: it lives and stalls with its server. */
export class LocalWorker implements SupervisedWorker {
  readonly index = 0;
  readonly seat: number;
  readonly #serving: Serving;

  static async start(...start: Parameters<typeof Serving.start>): Promise<LocalWorker> {
    return new LocalWorker(await Serving.start(...start), start[0].seat);
  }

  private constructor(serving: Serving, seat: number) {
    this.#serving = serving;
    this.seat = seat;
  }

  lend(sockets: readonly ServerSocket[]): Promise<void> {
    return this.#serving.lend(sockets);
  }

  release(sockets: readonly number[]): Promise<void> {
    return this.#serving.release(sockets);
  }

  secure(tls: SharedTls): Promise<void> {
    return new Promise((resolve) => {
      this.#serving.secure(tls); // what it throws rejects
      resolve();
    });
  }

  drain(): Promise<void> {
    return this.#serving.drain();
  }

  destroy(): Promise<void> {
    this.#serving.destroy();
    return Promise.resolve();
  }

  stalledFor(): number {
    return 0;
  }

  busyFor(): number {
    return performance.eventLoopUtilization().active;
  }

  kill(): void {
    this.#serving.destroy();
  }

  ref(): void {
    this.#serving.ref();
  }

  unref(): void {
    this.#serving.unref();
  }
}
