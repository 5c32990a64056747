/** A worker's side of DNS over TCP (RFC 7766): listens on the sockets that it is lent, and keeps their connections. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { addon } from '../addon.js';
import type { Endpoint, Origin } from '../message/batch.js';
import type { ConnectionLimits } from './connection-limits.js';
import { socketCounter, workerCounter, type WorkerCounter } from './counters.js';
import type { Dispatcher } from './dispatcher.js';
import { FrameOutput } from './frame-output.js';
import { endpointOf } from './ip.js';
import { StreamConnection, type StreamContext } from './stream-connection.js';

const { layout } = addon;

/** How often connections are looked through for those whose time is up, in ms; at most a quarter of the shortest time. */
const MAX_SWEEP = 500;
const MIN_SWEEP = 10;

const CONNECTIONS = socketCounter('connections');

/** A listening socket that a worker is lent. */
export interface TcpSocket {
  /** The socket's number in this server: its row of counters. */
  number: number;
  /** The owner's descriptor; the transport works on a duplicate. */
  fd: number;
  /** Whether it is bound to all addresses (0.0.0.0 or ::). */
  wildcard: boolean;
  /** The address and port that it is bound to. */
  local: Endpoint;
}

/** What a {@link TcpTransport} is made from; times are in ms. */
export interface TcpTransportOptions {
  dispatcher: Dispatcher;
  /** All rows of counters (see `lib/transport/counters.ts`). */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  /** The caps that this worker keeps with the others. */
  limits: ConnectionLimits;
  idleTimeout: number;
  messageTimeout: number;
  writeTimeout: number;
  maxConnections: number;
  maxConnectionsPerClient: number;
  maxPipelined: number;
  backlog: number;
}

/** See the file's head. */
export class TcpTransport {
  readonly #options: TcpTransportOptions;
  readonly #context: StreamContext;
  readonly #listeners = new Map<number, Server>();
  readonly #connections = new Set<StreamConnection>();
  readonly #sweepInterval: number;
  #sweeper: NodeJS.Timeout | undefined;
  #onEmpty: (() => void)[] = [];
  #ref = true;

  constructor(options: TcpTransportOptions) {
    this.#options = options;
    const { dispatcher, counters, row, maxPipelined, idleTimeout, messageTimeout, writeTimeout } = options;
    const words = new Uint32Array(layout.batchSize * layout.queryWords);
    const text = Buffer.alloc(layout.batchSize * 2 * layout.maxText);
    this.#context = { dispatcher, counters, row, maxPipelined, words, text, output: new FrameOutput() };
    const shortest = Math.min(idleTimeout, messageTimeout, writeTimeout);
    this.#sweepInterval = Math.min(MAX_SWEEP, Math.max(MIN_SWEEP, shortest / 4));
  }

  /** Starts to accept from a socket. Rejects with a system error. */
  async add(socket: TcpSocket): Promise<void> {
    // The client's end of the stream is no reason to keep its last replies from it (RFC 7766 s.6.2.4).
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (connection) => {
      this.#accept(connection, socket);
    });
    this.#listeners.set(socket.number, server);
    if (!this.#ref) server.unref();
    server.listen({ fd: addon.duplicate(socket.fd), backlog: this.#options.backlog });
    await once(server, 'listening');
    // Those that cannot be accepted wait in the kernel's queue.
    server.on('error', () => {
      this.#count('tcpAcceptFailures');
    });
  }

  /** Stops accepting from a socket; its connections stay. */
  release(number: number): void {
    this.#listeners.get(number)?.close();
    this.#listeners.delete(number);
  }

  /** Resolves when every connection is closed; each is, when all that has come through it has been answered. */
  async drain(): Promise<void> {
    for (const connection of this.#connections) connection.drain();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Closes all at once. */
  destroy(): void {
    for (const number of this.#listeners.keys()) this.release(number);
    for (const connection of this.#connections) connection.destroy();
    clearInterval(this.#sweeper);
  }

  ref(): void {
    this.#ref = true;
    for (const handle of [...this.#listeners.values(), ...this.#connections]) handle.ref();
  }

  unref(): void {
    this.#ref = false;
    for (const handle of [...this.#listeners.values(), ...this.#connections]) handle.unref();
  }

  #accept(socket: Socket, listener: TcpSocket): void {
    const { limits, maxConnections, maxConnectionsPerClient, counters } = this.#options;
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy(); // gone again already
      return;
    }
    const client = endpointOf(remoteAddress, remotePort);
    const bucket = limits.bucketOf(client);
    const refused =
      limits.open() >= maxConnections
        ? 'tcpRefused'
        : limits.openOf(bucket) >= maxConnectionsPerClient
          ? 'tcpRefusedClient'
          : undefined;
    if (refused !== undefined) {
      this.#count(refused);
      socket.resetAndDestroy();
      return;
    }
    const socketRow = listener.number * layout.socketRow;
    const connection = new StreamConnection(socket, this.#context, socketRow, originOf(socket, client, listener));
    this.#connections.add(connection);
    limits.add(bucket);
    this.#count('tcpAccepted');
    this.#count('tcpOpen');
    counters[socketRow + CONNECTIONS]++;
    if (!this.#ref) connection.unref();
    socket.on('close', () => {
      this.#connections.delete(connection);
      limits.remove(bucket);
      this.#count('tcpOpen', -1);
      if (this.#connections.size === 0) this.#emptied();
    });
    this.#sweeper ??= setInterval(() => {
      this.#sweep();
    }, this.#sweepInterval).unref();
  }

  #emptied(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #sweep(): void {
    const { idleTimeout, messageTimeout, writeTimeout } = this.#options;
    const now = performance.now();
    for (const connection of this.#connections) {
      let reason: WorkerCounter;
      if (connection.unreadFor(now) >= writeTimeout) reason = 'tcpWriteTimeout';
      else if (connection.messageFor(now) >= messageTimeout) reason = 'tcpMessageTimeout';
      else if (connection.idleFor(now) >= idleTimeout) reason = 'tcpIdle';
      else continue;
      this.#count(reason);
      connection.destroy();
    }
  }

  #count(counter: WorkerCounter, by = 1): void {
    this.#options.counters[this.#options.row + workerCounter(counter)] += by;
  }
}

function originOf(socket: Socket, client: Endpoint, { wildcard, local }: TcpSocket): Origin {
  // Asked for now: a socket that has been closed does not know it any more.
  const reached = wildcard ? endpointOf(socket.localAddress ?? local.address, local.port) : local;
  return { transport: 'tcp', envelopeSize: 0, client: () => client, local: () => reached };
}
