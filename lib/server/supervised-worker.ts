import { withCode, type CodedError } from '../errors.js';
import type { Borrower } from './borrower.js';

/** A worker, as its supervisor knows it, from the moment that it begins to start. */
export interface SupervisedWorker extends Borrower {
  /** Resolves when its handler is loaded; rejects with what kept it from that. */
  readonly ready: Promise<void>;
  /** Milliseconds that it has not turned its event loop. */
  stalledFor(): number;
  /** Ends it as if it had died of `error`. */
  kill(error: Error): void;
}

/** What a worker tells its supervisor. */
export interface WorkerLife {
  /** It has ended by itself after it was ready, or was written off; `error` says why. Called once. */
  died(error: CodedError): void;
  /** It does not end though it was told to: a system call or native code blocks its thread. Called before the others. */
  writtenOff(error: CodedError): void;
  /** Its thread has ended after it was written off. */
  cameBack(): void;
}

/** `ERR_MULTISOCKET_START_TIMEOUT`, for a worker that was not ready in time. */
export function startTimeoutError(index: number, timeout: number, href: string): CodedError {
  const message = `worker ${index} did not start within ${timeout} ms ("startTimeout"): ${href} is still being loaded, or its setup() has not finished`;
  return withCode(new Error(message), 'ERR_MULTISOCKET_START_TIMEOUT');
}

/** Whether an order was rejected since the worker has ended: then there is nothing that it could carry out. */
export function hasEnded(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'ERR_MULTISOCKET_WORKER_EXIT' || code === 'ERR_MULTISOCKET_WORKER_BLOCKED';
}
