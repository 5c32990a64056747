import { withCode, type CodedError } from '../errors.js';
import type { Borrower } from './borrower.js';

/** A worker as its supervisor sees it, from the start on. */
export interface SupervisedWorker extends Borrower {
  /** Resolves when its handler is loaded; rejects with the error that prevented it. */
  readonly ready: Promise<void>;
  /** Runs the listeners for a message; resolves when they have run. Rejects if the worker has ended. */
  hear(message: unknown): Promise<void>;
  /** Milliseconds since its event loop last turned. */
  stalledFor(): number;
  /** Ends it as if it had died of `error`. */
  kill(error: Error): void;
}

/** The events of a worker, for its supervisor. */
export interface WorkerLife {
  /** The worker has ended by itself after it was ready, or was written off; `error` says why. Called once. */
  died(error: CodedError): void;
  /** The worker does not end on request: a system call or native code blocks its thread. Called before the others. */
  writtenOff(error: CodedError): void;
  /** Its thread has ended after it was written off. */
  cameBack(): void;
}

/** The error `ERR_MULTISOCKET_START_TIMEOUT`, for a worker that was not ready in time. */
export function startTimeoutError(index: number, timeout: number, href: string): CodedError {
  const message = `worker ${index} did not start within ${timeout} ms ("startTimeout"): ${href} is still being loaded, or its setup() has not finished`;
  return withCode(new Error(message), 'ERR_MULTISOCKET_START_TIMEOUT');
}

/** Whether an order was rejected because the worker has ended. Then there is nothing left to carry out. */
export function hasEnded(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'ERR_MULTISOCKET_WORKER_EXIT' || code === 'ERR_MULTISOCKET_WORKER_BLOCKED';
}
