import { StreamClient, type StreamOptions } from './stream-client.js';
import type { UpstreamCounts } from './counts.js';
import { SWEEP_INTERVAL, type Carrier, type Exchange } from './exchange.js';
import type { ForwardOptions } from './options.js';
import { CLOSED } from './upstream-error.js';

/** Queries that wait on one connection before another one is opened. */
const MAX_PIPELINED = 100;
/** The most connections to one upstream; further queries wait on these. */
const MAX_CONNECTIONS = 16;

/** The limits for kept connections. */
export type Keeping = Pick<ForwardOptions, 'expire' | 'maxAge' | 'maxIdleConns'>;

/** A worker's connections to one upstream over TCP (RFC 7766) or TLS (RFC 7858), kept open and pipelined. */
export class StreamCarrier implements Carrier {
  readonly #options: StreamOptions;
  readonly #keeping: Keeping;
  readonly #counts: UpstreamCounts;
  readonly #connections = new Set<StreamClient>();
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: StreamOptions, keeping: Keeping, counts: UpstreamCounts) {
    this.#counts = counts;
    this.#options = options;
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
  #choose(): StreamClient {
    let least: StreamClient | undefined;
    for (const connection of this.#connections) {
      if (!connection.usable) continue;
      if (connection.waiting < MAX_PIPELINED) return this.#reuse(connection);
      if (least === undefined || connection.waiting < least.waiting) least = connection;
    }
    return least === undefined || this.#connections.size < MAX_CONNECTIONS ? this.#open() : this.#reuse(least);
  }

  #reuse(connection: StreamClient): StreamClient {
    this.#counts.connectionHits++;
    return connection;
  }

  #open(): StreamClient {
    this.#counts.connectionMisses++;
    const connection = new StreamClient(this.#options, (unanswered) => {
      this.#connections.delete(connection);
      // An upstream may close a connection at any time: its pending queries are asked once more (RFC 7766 s.6.2.4).
      for (const { exchange, deadline } of unanswered) this.ask(exchange, deadline);
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
