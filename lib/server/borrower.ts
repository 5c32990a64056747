/** Whoever can be lent a server's sockets: a worker thread, or the calling thread itself. */
import type { SharedTls } from '../worker/stream/secure-context.js';
import type { ServerSocket } from '../worker/messages.js';

/** See the file's head. */
export interface Borrower {
  /** Its number among the workers, from 0: the one that it replaces had the same. */
  readonly index: number;
  /** The number of its row of counters, which no other has while it lives. */
  readonly seat: number;
  /** Starts to serve sockets; resolves when it does. Rejects with a system error, or when it has ended. */
  lend(sockets: readonly ServerSocket[]): Promise<void>;
  /** Stops to take from sockets; resolves when what came through them has been answered. Rejects when it has ended. */
  release(sockets: readonly number[]): Promise<void>;
  /** Shows these certificates to new connections; resolves when it does. Rejects when they are none. */
  secure(tls: SharedTls): Promise<void>;
  /** Takes nothing new, finishes what is in flight, ends. */
  drain(): Promise<void>;
  /** Ends now; what is in flight is lost. */
  destroy(): Promise<void>;
  /** Milliseconds that its event loop has been busy, as far as its thread can tell from the others. */
  busyFor(): number;
  ref(): void;
  unref(): void;
}
