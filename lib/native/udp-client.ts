/** One worker's queries to upstream servers over UDP, on its event loop. */
export interface UdpClient {
  /**
   * Adds an upstream; they are numbered from 0 on. `address`, and `source`, where queries leave from: numeric. Throws
   * `EINVAL` for an invalid address.
   */
  add(address: string, port: number, source?: string): void;
  /** Sends all in the outbox and empties it. */
  flush(): void;
  /** Waits no longer for the answer to the query with this handle. Returns the address and port that it left from. */
  forget(handle: number): string;
  /**
   * `unmatched`: datagrams that answered no query that was waited for. `givenUp`: queries that were given up, since somebody
   * guessed at their answers.
   */
  counters(): { sent: number; received: number; unmatched: number; givenUp: number };
  /** Forgets all and closes all sockets; the object is of no more use. */
  close(): void;
}
