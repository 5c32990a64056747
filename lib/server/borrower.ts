/** Whoever can be lent a server's sockets: a worker thread, or the calling thread itself. */
import type { ServerSocket } from './messages.js';

/** See the file's head. */
export interface Borrower {
  /** The number of its row of counters, and its name in `stats()`. */
  readonly index: number;
  /** Starts to serve sockets; resolves when it does. */
  lend(sockets: readonly ServerSocket[]): Promise<void>;
  /** Stops to take from sockets; resolves when what came through them has been answered. */
  release(sockets: readonly number[]): Promise<void>;
  /** Takes nothing new, finishes what is in flight, ends. */
  drain(): Promise<void>;
  /** Ends now; what is in flight is lost. */
  destroy(): Promise<void>;
  ref(): void;
  unref(): void;
}
