/** Lets connections in, up to the caps that all workers of a server keep together. */
import type { Socket } from 'node:net';
import { addon } from '../../native/addon.js';
import type { Endpoint } from '../../message/batch.js';
import type { ConnectionLimits } from './connection-limits.js';
import { socketCounter, workerCounter, type WorkerCounter } from '../counters.js';
import { endpointOf } from '../ip.js';

const CONNECTIONS = socketCounter('connections');

/** What a {@link ConnectionGate} is made from. */
export interface ConnectionGateOptions {
  limits: ConnectionLimits;
  maxConnections: number;
  maxConnectionsPerClient: number;
  /** All rows of counters. */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
}

/** See the file's head. One a worker. */
export class ConnectionGate {
  readonly #options: ConnectionGateOptions;

  constructor(options: ConnectionGateOptions) {
    this.#options = options;
  }

  /**
   * Counts a connection that came through the listening socket with that number, until it closes, and returns who it
   * is from. Undefined: it is one too many and has been reset, or it is gone already.
   */
  admit(socket: Socket, listener: number): Endpoint | undefined {
    const { limits, maxConnections, maxConnectionsPerClient, counters } = this.#options;
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return undefined;
    }
    const client = endpointOf(remoteAddress, remotePort);
    const bucket = limits.bucketOf(client);
    const full = limits.open() >= maxConnections;
    if (full || limits.openOf(bucket) >= maxConnectionsPerClient) {
      this.count(full ? 'tcpRefused' : 'tcpRefusedClient');
      socket.resetAndDestroy();
      return undefined;
    }
    limits.add(bucket);
    this.count('tcpAccepted');
    this.count('tcpOpen');
    counters[listener * addon.layout.socketRow + CONNECTIONS]++;
    socket.once('close', () => {
      limits.remove(bucket);
      this.count('tcpOpen', -1);
    });
    return client;
  }

  /** Adds to a counter of this worker. */
  count(counter: WorkerCounter, by = 1): void {
    this.#options.counters[this.#options.row + workerCounter(counter)] += by;
  }
}
