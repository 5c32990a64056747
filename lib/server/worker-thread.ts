import { Worker, type WorkerOptions } from 'node:worker_threads';
import { packageFile } from '../native/package-files.js';
import { withCode, type CodedError } from '../errors.js';
import type { Logger } from '../message/handler.js';
import type { SharedTls } from '../worker/stream/secure-context.js';
import { threadEnded, threadStarted } from './exit-bound.js';
import { lastBeat, now } from '../worker/heartbeat.js';
import { fromReported, type Order, type Report, type ServerSocket, type WorkerStart } from '../worker/messages.js';
import { startTimeoutError, type SupervisedWorker, type WorkerLife } from './supervised-worker.js';
import { within } from './within.js';

/** Milliseconds that a thread may take to end before it is written off. A thread that runs JavaScript ends at once. */
const END_TIME = 1000;

/** The events of a {@link WorkerThread}, for its owner. */
export interface WorkerEvents extends WorkerLife {
  warn(error: Error): void;
  /** Its handler module has sent a message. */
  message(message: unknown): void;
  /** It has been written off: its sockets must be taken from it. */
  abandon(): void;
  /** Its thread has ended. Called once, before any other event about its end. */
  exited(): void;
  logger: Logger;
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** A worker that serves on a thread of its own, seen from the owner's thread. */
export class WorkerThread implements SupervisedWorker {
  readonly index: number;
  readonly seat: number;
  readonly ready: Promise<void>;
  readonly #startTimeout: number;
  readonly #href: string;
  readonly #counters: Float64Array;
  readonly #row: number;
  readonly #worker: Worker;
  readonly #events: WorkerEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  /** Set until it is ready or has failed to start. */
  #starting: Waiting | undefined;
  #orders = 0;
  /** Whether it has the order to end. */
  #ending = false;
  #ended: Promise<void> | undefined;
  /** Why it takes no more orders; undefined while it does. */
  #over: CodedError | undefined;
  #error: Error | undefined;

  /** Starts a thread. */
  constructor(start: WorkerStart, startTimeout: number, options: WorkerOptions, events: WorkerEvents) {
    this.index = start.index;
    this.seat = start.seat;
    this.#startTimeout = startTimeout;
    this.#href = start.href;
    this.#counters = new Float64Array(start.memory);
    this.#row = start.row;
    this.#events = events;
    this.#worker = new Worker(packageFile('dist/worker/main.js'), {
      ...options,
      name: `multisocket ${start.index}`,
      workerData: start,
    });
    threadStarted();
    this.ready = this.#start();
    this.ready.catch(() => undefined); // the supervisor handles it
    this.#worker.on('message', (report: Report) => {
      this.#hear(report);
    });
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    // Not once() of node:events, which rejects when the worker has an error first.
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#onExit(code);
        resolve();
      });
    });
  }

  lend(sockets: readonly ServerSocket[]): Promise<void> {
    const lent = this.#order({ kind: 'lend', sockets: [...sockets] });
    // A worker that never begins to serve counts as one that does not start.
    const timer = this.#onceLate(() => {
      this.kill(startTimeoutError(this.index, this.#startTimeout, this.#href));
    });
    return lent.finally(() => {
      clearTimeout(timer);
    });
  }

  release(sockets: readonly number[]): Promise<void> {
    return this.#order({ kind: 'release', sockets: [...sockets] });
  }

  secure(tls: SharedTls): Promise<void> {
    return this.#order({ kind: 'secure', tls });
  }

  hear(message: unknown): Promise<void> {
    return this.#order({ kind: 'hear', message });
  }

  async drain(): Promise<void> {
    this.#ending = true;
    await this.#order({ kind: 'drain' });
    await this.#exited;
  }

  destroy(): Promise<void> {
    this.#ending = true;
    return this.#end();
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
    void this.#end();
  }

  ref(): void {
    if (this.#over === undefined) this.#worker.ref();
  }

  unref(): void {
    this.#worker.unref();
  }

  async #start(): Promise<void> {
    const timer = this.#onceLate(() => {
      this.kill(startTimeoutError(this.index, this.#startTimeout, this.#href));
    });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#starting = { resolve, reject };
      });
    } finally {
      clearTimeout(timer);
      this.#starting = undefined;
    }
  }

  #onceLate(act: () => void): NodeJS.Timeout | undefined {
    return this.#startTimeout === 0 ? undefined : setTimeout(act, this.#startTimeout).unref();
  }

  #order(order: Unnumbered<Order>): Promise<void> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const id = this.#orders++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...order, id } satisfies Order);
    });
  }

  #hear(report: Report): void {
    if (report.kind === 'ready') {
      this.#starting?.resolve();
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
      this.#error ??= fromReported(report.error);
    } else {
      this.#take(report.id)?.reject(fromReported(report.error));
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** Ends the thread; resolves when the thread has ended or is written off. */
  #end(): Promise<void> {
    this.#ended ??= this.#terminate();
    return this.#ended;
  }

  async #terminate(): Promise<void> {
    this.#worker.terminate().catch(() => undefined); // never rejects; its exit is what matters
    await within(END_TIME, [this.#exited]);
    // This thread may have been busy in the meantime: pending messages are handled first.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#over === undefined) this.#writeOff();
  }

  #writeOff(): void {
    const reason = this.#error === undefined ? '' : `${this.#error.message}; `;
    const message = `worker ${this.index} is written off: ${reason}its thread does not end, since a system call or native code blocks it`;
    const error = withCode(new Error(message, { cause: this.#error }), 'ERR_MULTISOCKET_WORKER_BLOCKED');
    this.#worker.unref();
    this.#events.abandon();
    this.#events.writtenOff(error);
    this.#conclude(error);
  }

  #onExit(code: number): void {
    threadEnded();
    this.#events.exited();
    if (this.#over !== undefined) {
      this.#events.cameBack();
      return;
    }
    const reason = this.#error?.message ?? `exit code ${code}`;
    this.#conclude(
      withCode(
        new Error(`worker ${this.index} ended: ${reason}`, { cause: this.#error }),
        'ERR_MULTISOCKET_WORKER_EXIT',
      ),
    );
  }

  /** Rejects or resolves all pending orders: it carries out nothing more. */
  #conclude(error: CodedError): void {
    this.#over = error;
    for (const waiting of this.#waiting.values()) {
      // For a worker that has the order to end, its end is success.
      if (this.#ending) waiting.resolve();
      else waiting.reject(error);
    }
    this.#waiting.clear();
    if (this.#starting !== undefined) this.#starting.reject(this.#error ?? error);
    else if (!this.#ending) this.#events.died(error);
  }
}
