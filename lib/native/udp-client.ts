/** One worker's queries to upstream servers over UDP, on its event loop. */
export interface UdpClient {
  /** Adds an upstream; they are numbered from 0 on. `address`: numeric. Throws `EINVAL` for one that is none. */
  add(address: string, port: number): void;
  /** Sends all in the outbox and empties it. */
  flush(): void;
  /** Waits no longer for the answer to the query with this handle. */
  forget(handle: number): void;
  /** `unmatched`: datagrams that answered no query that was waited for. */
  counters(): { sent: number; received: number; unmatched: number };
  /** Forgets all and closes all sockets; the object is of no more use. */
  close(): void;
}
