/** The owner's side of a worker thread. */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { packageFile } from '../native/package-files.js';
import { withCode } from '../errors.js';
import type { Logger } from '../message/handler.js';
import type { SharedTls } from '../worker/stream/secure-context.js';
import { lastBeat, now } from '../worker/heartbeat.js';
import { fromReported, type Order, type Report, type ServerSocket, type WorkerStart } from '../worker/messages.js';
import type { SupervisedWorker } from './supervisor.js';

/** What a {@link WorkerThread} tells its owner. */
export interface WorkerEvents {
  warn(error: Error): void;
  /** It has ended without having been told to; `error` says why. */
  died(error: Error): void;
  /** Its handler module has sent a message. */
  message(message: unknown): void;
  logger: Logger;
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** A worker that serves on a thread of its own. */
export class WorkerThread implements SupervisedWorker {
  readonly index: number;
  readonly seat: number;
  readonly #counters: Float64Array;
  readonly #row: number;
  readonly #worker: Worker;
  readonly #events: WorkerEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<unknown>;
  #ready: Waiting | undefined;
  #orders = 0;
  #ending = false;
  #error: Error | undefined;

  /** Starts a thread; resolves when its handler is loaded, rejects with what kept it from being so. */
  static async start(start: WorkerStart, options: WorkerOptions, events: WorkerEvents): Promise<WorkerThread> {
    const thread = new WorkerThread(start, options, events);
    await new Promise<void>((resolve, reject) => {
      thread.#ready = { resolve, reject };
    });
    thread.#ready = undefined;
    return thread;
  }

  private constructor(start: WorkerStart, options: WorkerOptions, events: WorkerEvents) {
    this.index = start.index;
    this.seat = start.seat;
    this.#counters = new Float64Array(start.memory);
    this.#row = start.row;
    this.#events = events;
    this.#worker = new Worker(packageFile('dist/worker/main.js'), {
      ...options,
      name: `multisocket ${start.index}`,
      workerData: start,
    });
    // Not once() of node:events, which rejects when the worker has an error first.
    this.#exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.on('message', (report: Report) => {
      this.#hear(report);
    });
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.#worker.on('exit', (code) => {
      this.#onExit(code);
    });
  }

  lend(sockets: readonly ServerSocket[]): Promise<void> {
    return this.#order({ kind: 'lend', sockets: [...sockets] });
  }

  release(sockets: readonly number[]): Promise<void> {
    return this.#order({ kind: 'release', sockets: [...sockets] });
  }

  secure(tls: SharedTls): Promise<void> {
    return this.#order({ kind: 'secure', tls });
  }

  async drain(): Promise<void> {
    this.#ending = true;
    await this.#order({ kind: 'drain' });
    await this.#exited;
  }

  async destroy(): Promise<void> {
    this.#ending = true;
    await this.#worker.terminate();
  }

  stalledFor(): number {
    const beat = lastBeat(this.#counters, this.#row);
    return beat === 0 ? 0 : now() - beat;
  }

  busyFor(): number {
    return this.#worker.performance.eventLoopUtilization().active;
  }

  kill(error: Error): void {
    this.#error ??= error;
    this.#worker.terminate().catch(() => undefined); // never rejects; its exit is what matters
  }

  ref(): void {
    this.#worker.ref();
  }

  unref(): void {
    this.#worker.unref();
  }

  #order(order: Unnumbered<Order>): Promise<void> {
    const id = this.#orders++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...order, id } satisfies Order);
    });
  }

  #hear(report: Report): void {
    if (report.kind === 'ready') {
      this.#ready?.resolve();
    } else if (report.kind === 'warning') {
      this.#events.warn(fromReported(report.error));
    } else if (report.kind === 'message') {
      this.#events.message(report.message);
    } else if (report.kind === 'log') {
      this.#events.logger[report.level](report.message);
    } else if (report.kind === 'done') {
      this.#take(report.id)?.resolve();
    } else if (report.id === undefined) {
      // It could not start; its exit follows.
      this.#error = fromReported(report.error);
    } else {
      this.#take(report.id)?.reject(fromReported(report.error));
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #onExit(code: number): void {
    const reason = this.#error?.message ?? `exit code ${code}`;
    const error = withCode(
      new Error(`worker ${this.index} ended: ${reason}`, { cause: this.#error }),
      'ERR_MULTISOCKET_WORKER_EXIT',
    );
    for (const waiting of this.#waiting.values()) {
      // One that was told to end has done what the order wanted.
      if (this.#ending) waiting.resolve();
      else waiting.reject(error);
    }
    this.#waiting.clear();
    if (this.#ready !== undefined) this.#ready.reject(this.#error ?? error);
    else if (!this.#ending) this.#events.died(error);
  }
}
