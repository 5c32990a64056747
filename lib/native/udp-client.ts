/** One worker's queries to upstream servers over UDP, on its event loop. */
export interface UdpClient {
  /**
   * Adds an upstream; they are numbered from 0 on. `address`, and `source`, where queries leave from: numeric. Throws
   * `EINVAL` for an invalid address.
   */
  add(address: string, port: number, source?: string): void;
  /** Sends all in the outbox and empties it. */
  flush(): void;
  /** Stops waiting for the answer to the query with this handle. Returns the address and port that it left from. */
  forget(handle: number): string;
  /**
   * `unmatched`: datagrams that answered no pending query. `givenUp`: queries that were given up, because their answers
   * were being guessed.
   */
  counters(): { sent: number; received: number; unmatched: number; givenUp: number };
  /** Forgets all and closes all sockets; the object cannot be used afterwards. */
  close(): void;
}
