import type { SharedTls } from '../worker/stream/secure-context.js';
import type { ServerSocket } from '../worker/messages.js';

/** A borrower of the server's sockets: a worker thread, or the calling thread itself. */
export interface Borrower {
  /** Its number among the workers, from 0. A replacement has the number of the worker that it replaces. */
  readonly index: number;
  /** The number of its row of counters. No other worker has this row while it lives. */
  readonly seat: number;
  /**
   * Starts to serve sockets; resolves when it serves them. Rejects with a system error, or if the borrower has ended.
   */
  lend(sockets: readonly ServerSocket[]): Promise<void>;
  /**
   * Stops taking from sockets; resolves when everything that came through them is answered. Rejects if the borrower has
   * ended.
   */
  release(sockets: readonly number[]): Promise<void>;
  /** Uses these certificates for new connections; resolves when it does. Rejects if they are invalid. */
  secure(tls: SharedTls): Promise<void>;
  /** Takes nothing new, finishes what is in flight, and ends. */
  drain(): Promise<void>;
  /** Ends now; what is in flight is lost. Resolves within a bound, whatever the worker does. */
  destroy(): Promise<void>;
  /** Milliseconds that its event loop has been busy, as far as its thread can be measured apart from the others. */
  busyFor(): number;
  ref(): void;
  unref(): void;
}
