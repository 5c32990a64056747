import type { AnswerFront } from './cache.js';
import type { Guard } from './guard.js';
import type { ProxyProtocol } from './proxy-protocol.js';

/** One worker's datagram I/O on its event loop. */
export interface UdpEndpoint {
  /**
   * Starts to read a socket. The endpoint works on its own duplicate of `fd`. `group`: sockets of one address and port.
   * What `front` knows is answered without calling `onQueries`.
   */
  add(socket: number, fd: number, group: number, wildcard: boolean, front?: AnswerFront): void;
  /** Sets which proxies a socket believes, right after it was added. */
  believe(socket: number, proxy: ProxyProtocol): void;
  /** Stops reading. What was received can still be answered. */
  stop(socket: number): void;
  /** Starts to read a stopped socket again. */
  start(socket: number): void;
  /** Closes the endpoint's duplicate of a stopped socket. */
  remove(socket: number): void;
  /**
   * Drops datagrams that have waited in the kernel for longer, in ms; for sockets that are added afterwards; 0: no
   * limit.
   */
  dropOlderThan(milliseconds: number): void;
  /** Makes the guard check all messages. */
  guard(guard: Guard): void;
  /** Sends all in the outbox and empties it, as the endpoint does itself after each batch and before the event loop waits. */
  flush(): void;
  ref(): void;
  unref(): void;
  /** Sends all in the outbox, stops and removes all; the object cannot be used afterwards. */
  close(): void;
}
