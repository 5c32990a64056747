import type { UpstreamCounts } from './counts.js';
import type { ForwarderConfig } from '../options/forwarder.js';
import type { Connection, ConnectionOwner } from './connection.js';
import { SWEEP_INTERVAL, type Carrier, type Exchange } from './exchange.js';
import { CLOSED } from './upstream-error.js';

/** The most connections to one upstream; further queries wait on these. */
const MAX_CONNECTIONS = 16;

/** The limits for kept connections. */
export type Keeping = Pick<ForwarderConfig, 'expire' | 'maxAge' | 'maxIdleConns'>;

/** A worker's connections to one upstream, which stay open and carry many queries at a time. */
export class StreamCarrier implements Carrier {
  readonly #connect: (owner: ConnectionOwner) => Connection;
  readonly #keeping: Keeping;
  readonly #counts: UpstreamCounts;
  readonly #connections = new Set<Connection>();
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  /** `connect`: opens a connection. */
  constructor(connect: (owner: ConnectionOwner) => Connection, keeping: Keeping, counts: UpstreamCounts) {
    this.#counts = counts;
    this.#connect = connect;
    this.#keeping = keeping;
  }

  ask(exchange: Exchange, deadline: number): void {
    if (this.#closed) exchange.failed(CLOSED);
    else this.#choose().ask(exchange, deadline);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const connection of this.#connections) connection.close();
  }

  /** The oldest connection with room, so that surplus ones become idle. */
  #choose(): Connection {
    let least: Connection | undefined;
    for (const connection of this.#connections) {
      if (!connection.usable) continue;
      if (connection.waiting < connection.capacity) return this.#reuse(connection);
      if (least === undefined || connection.waiting < least.waiting) least = connection;
    }
    return least === undefined || this.#connections.size < MAX_CONNECTIONS ? this.#open() : this.#reuse(least);
  }

  #reuse(connection: Connection): Connection {
    this.#counts.connectionHits++;
    return connection;
  }

  #open(): Connection {
    this.#counts.connectionMisses++;
    const connection = this.#connect({
      unanswered: (queries) => {
        for (const { exchange, deadline } of queries) this.ask(exchange, deadline);
      },
      closed: () => {
        this.#connections.delete(connection);
      },
    });
    this.#connections.add(connection);
    this.#sweeper ??= setInterval(this.#sweep, SWEEP_INTERVAL).unref();
    return connection;
  }

  readonly #sweep = (): void => {
    const now = performance.now();
    const { expire, maxAge, maxIdleConns } = this.#keeping;
    let idle = 0;
    for (const connection of this.#connections) {
      const isIdle = connection.waiting === 0;
      const isTooMuch = isIdle && maxIdleConns > 0 && ++idle > maxIdleConns;
      connection.sweep(now, isTooMuch ? 0 : expire, maxAge);
    }
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  };
}
