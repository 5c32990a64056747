import type { SharedTls } from '../worker/stream/secure-context.js';
import type { ServerSocket } from '../worker/messages.js';

/** Something that a server's sockets can be lent to: a worker thread, or the calling thread itself. */
export interface Borrower {
  /** Its number among the workers, from 0: the worker that it replaces had the same. */
  readonly index: number;
  /** The number of its row of counters, which no other worker has while it lives. */
  readonly seat: number;
  /** Starts to serve sockets; resolves when it does. Rejects with a system error, or when it has ended. */
  lend(sockets: readonly ServerSocket[]): Promise<void>;
  /** Stops taking from sockets; resolves when what came through them has been answered. Rejects when it has ended. */
  release(sockets: readonly number[]): Promise<void>;
  /** Shows these certificates to new connections; resolves when it does. Rejects when they are invalid. */
  secure(tls: SharedTls): Promise<void>;
  /** Takes nothing new, finishes what is in flight, and ends. */
  drain(): Promise<void>;
  /** Ends now; what is in flight is lost. Resolves within a bound, whatever the worker does. */
  destroy(): Promise<void>;
  /** Milliseconds that its event loop has been busy, as far as its thread can be told from the others. */
  busyFor(): number;
  ref(): void;
  unref(): void;
}
