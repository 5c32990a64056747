import type { Socket } from 'node:net';
import { addon, type ProxyProtocol } from '../../native/addon.js';
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
   * Counts a connection that came through the listening socket with that number until it closes, and returns its other
   * end. Undefined: it exceeded a cap and has been reset, or it is closed already. `proxy`: the proxies that the socket
   * believes: {@link admitClient} counts the clients of these.
   */
  admit(socket: Socket, listener: number, proxy?: ProxyProtocol): Endpoint | undefined {
    const { limits, counters, settings } = this.#context;
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return undefined;
    }
    const client = endpointOf(remoteAddress, remotePort);
    if (limits.open() >= settings.tcp.maxConnections) {
      this.count('tcpRefused');
      socket.resetAndDestroy();
      return undefined;
    }
    if (proxy?.trusts(client.address) !== true && !this.admitClient(socket, client)) return undefined;
    limits.add();
    this.count('tcpAccepted');
    this.count('tcpOpen');
    counters[listener * addon.layout.socketRow + CONNECTIONS]++;
    socket.once('close', () => {
      limits.remove();
      this.count('tcpOpen', -1);
    });
    return client;
  }

  /** Counts a client's connection until it closes. False: it exceeded the cap of the client and has been reset. */
  admitClient(socket: Socket, client: Endpoint): boolean {
    const { limits, settings, trustedProxies } = this.#context;
    // All clients of a proxy come from its address: see `RequestClients`.
    if (trustedProxies.has(client.address)) return true;
    const bucket = limits.bucketOf(client);
    if (limits.openOf(bucket) >= settings.tcp.maxConnectionsPerClient) {
      this.count('tcpRefusedClient');
      socket.resetAndDestroy();
      return false;
    }
    limits.hold(bucket);
    socket.once('close', () => {
      limits.release(bucket);
    });
    return true;
  }

  /** Adds to a counter of this worker. */
  count(counter: WorkerCounter, by = 1): void {
    this.#context.counters[this.#context.row + workerCounter(counter)] += by;
  }
}
