import type { AnswerFront } from './cache.js';
import type { EndpointMemory } from './endpoint-memory.js';
import type { Guard } from './guard.js';
import type { ProxyProtocol } from './proxy-protocol.js';

/** The memory that JavaScript shares with a {@link TcpEndpoint}. */
export interface TcpEndpointMemory extends EndpointMemory {
  /** The open connections of all workers: see `lib/worker/stream/connection-limits.ts`. */
  connections: Int32Array;
  /** The number of this worker's row of `connections`. */
  seat: number;
  /** `layout.tcp.settings` words, named in `layout.tcpSetting`. They are read once. */
  settings: Uint32Array;
}

/** What a {@link TcpEndpoint} calls. */
export interface TcpEndpointCallbacks {
  /**
   * Called with the number of queries for the handler; their rows are the first ones in `queries`. Returns whether
   * handlers hold some of them: `onHeld` is then called after the microtasks, before the memory of the queries is reused.
   */
  onQueries(count: number): boolean;
  onHeld(): void;
  /** Called when no connection is accepted for a while, because descriptors run out. */
  onPause(): void;
  /** Called when the last connection of an endpoint that drains is closed. */
  onDrained(): void;
  /**
   * Called when a connection with a stream has sent all that waited, after {@link TcpEndpoint.sendStream} has returned
   * more than 0 (`open` is true), and when it is closed.
   */
  onStream(connection: number, open: boolean): void;
}

/** One worker's connections for DNS over TCP, on its event loop. */
export interface TcpEndpoint {
  /**
   * Starts to accept from a listening socket. The endpoint works on its own duplicate of `fd`. `wildcard`: whether it is
   * bound to all addresses. What `front` knows is answered without calling `onQueries`. `proxy`: which proxies it
   * believes. Throws a system error.
   */
  add(socket: number, fd: number, wildcard: boolean, front?: AnswerFront, proxy?: ProxyProtocol): void;
  /** Stops accepting from a socket; its connections stay. */
  release(socket: number): void;
  /**
   * Takes no more queries; each connection closes when its queries are answered. Returns the number of open connections;
   * `onDrained` is called later unless it is 0.
   */
  drain(): number;
  /** Makes the guard check all messages. */
  guard(guard: Guard): void;
  /** Sends all in the outbox and empties it, as the endpoint does itself after each batch and before the event loop waits. */
  flush(): void;
  /**
   * Begins a stream of messages on a connection whose query is not answered yet. The connection stays open, and its number
   * valid, until {@link endStream}.
   */
  beginStream(connection: number): void;
  /**
   * Sends frames, each with its length in front. Returns the bytes that wait for the client to read, or -1 if the
   * connection is closed.
   */
  sendStream(connection: number, frames: Uint8Array): number;
  /** Ends a stream. `cut`: also resets the connection. */
  endStream(connection: number, cut: boolean): void;
  /** Lets the sockets and connections keep the event loop alive, as they do at first. */
  ref(): void;
  unref(): void;
  /** Sends all in the outbox, stops accepting and closes all connections; the object cannot be used afterwards. */
  close(): void;
}
