/** `workers: 0`: the calling thread serves. */
import type { Borrower } from './borrower.js';
import type { ServerSocket } from './messages.js';
import { Serving } from './serving.js';

/** A {@link Borrower} that serves on the thread that made it. */
export class LocalWorker implements Borrower {
  readonly index = 0;
  readonly #serving: Serving;

  static async start(...start: Parameters<typeof Serving.start>): Promise<LocalWorker> {
    return new LocalWorker(await Serving.start(...start));
  }

  private constructor(serving: Serving) {
    this.#serving = serving;
  }

  lend(sockets: readonly ServerSocket[]): Promise<void> {
    return this.#serving.lend(sockets);
  }

  release(sockets: readonly number[]): Promise<void> {
    return this.#serving.release(sockets);
  }

  drain(): Promise<void> {
    return this.#serving.drain();
  }

  destroy(): Promise<void> {
    this.#serving.destroy();
    return Promise.resolve();
  }

  ref(): void {
    this.#serving.ref();
  }

  unref(): void {
    this.#serving.unref();
  }
}
