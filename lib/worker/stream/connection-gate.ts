import type { Socket } from 'node:net';
import { addon } from '../../native/addon.js';
import type { Endpoint } from '../../message/batch.js';
import type { WorkerContext } from '../context.js';
import { socketCounter, workerCounter, type WorkerCounter } from '../counters.js';
import { endpointOf } from '../ip.js';

const CONNECTIONS = socketCounter('connections');

/** Admits connections, up to the caps that all workers of a server share. There is one for each worker. */
export class ConnectionGate {
  readonly #context: WorkerContext;

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /**
   * Counts a connection that came through the listening socket with that number until it closes, and returns its
   * client. Undefined: it exceeded a cap and has been reset, or it is closed already.
   */
  admit(socket: Socket, listener: number): Endpoint | undefined {
    const { limits, counters, settings, trustedProxies } = this.#context;
    const { maxConnections, maxConnectionsPerClient } = settings.tcp;
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return undefined;
    }
    const client = endpointOf(remoteAddress, remotePort);
    const bucket = limits.bucketOf(client);
    const full = limits.open() >= maxConnections;
    // All clients of a proxy come from its address.
    if (full || (limits.openOf(bucket) >= maxConnectionsPerClient && !trustedProxies.has(client.address))) {
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
    this.#context.counters[this.#context.row + workerCounter(counter)] += by;
  }
}
