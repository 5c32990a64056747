/**
 * A worker's side of DNS over TCP (RFC 7766) and over TLS (RFC 7858): keeps the connections of the sockets that it is
 * lent.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { addon, type AnswerFront, type Guard } from '../../native/addon.js';
import type { Endpoint, Origin } from '../../message/batch.js';
import type { Acceptor } from './acceptor.js';
import type { ConnectionGate } from './connection-gate.js';
import type { WorkerCounter } from '../counters.js';
import type { Dispatcher } from '../dispatcher.js';
import type { EdnsSettings } from '../edns-settings.js';
import { FrameOutput } from './frame-output.js';
import { endpointOf, packOrigin } from '../ip.js';
import { isAllowed, serverOptions, type SharedTls } from './secure-context.js';
import { StreamConnection, type StreamContext } from './stream-connection.js';

const { layout } = addon;

/** How often connections are looked through for those whose time is up, in ms; at most a quarter of the shortest time. */
const MAX_SWEEP = 500;
const MIN_SWEEP = 10;
/** How long a client may take to close its side after we have closed ours, in ms, and up to a sweep more. */
const LINGER = 1000;

/** A listening socket that a worker is lent. */
export interface StreamSocket {
  /** The socket's number in this server: its row of counters. */
  number: number;
  /** The owner's descriptor; the transport works on a duplicate. */
  fd: number;
  /** Whether it is bound to all addresses (0.0.0.0 or ::). */
  wildcard: boolean;
  /** The address and port that it is bound to. */
  local: Endpoint;
}

/** A listening socket, and what answers before a handler on its connections. */
type Listener = StreamSocket & { front: AnswerFront | undefined };

/** What a {@link StreamTransport} is made from; times are in ms. */
export interface StreamTransportOptions {
  dispatcher: Dispatcher;
  /** All rows of counters (see `lib/worker/counters.ts`). */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  edns: EdnsSettings;
  gate: ConnectionGate;
  acceptor: Acceptor;
  idleTimeout: number;
  messageTimeout: number;
  writeTimeout: number;
  maxPipelined: number;
  guard: Guard | undefined;
  tls: SharedTls | undefined;
}

/** See the file's head. */
export class StreamTransport {
  readonly #options: StreamTransportOptions;
  readonly #context: StreamContext;
  readonly #connections = new Set<StreamConnection>();
  readonly #sweepInterval: number;
  #sweeper: NodeJS.Timeout | undefined;
  #onEmpty: (() => void)[] = [];
  #ref = true;

  constructor(options: StreamTransportOptions) {
    this.#options = options;
    const { dispatcher, counters, row, edns, guard, maxPipelined, idleTimeout, messageTimeout, writeTimeout } = options;
    const words = new Uint32Array(layout.batchSize * layout.queryWords);
    const text = Buffer.alloc(layout.batchSize * 2 * layout.maxText);
    const scratch = { words, text, output: new FrameOutput(), progress: new Uint32Array(2) };
    this.#context = { dispatcher, counters, row, edns, guard, maxPipelined, ...scratch };
    const shortest = Math.min(idleTimeout, messageTimeout, writeTimeout);
    this.#sweepInterval = Math.min(MAX_SWEEP, Math.max(MIN_SWEEP, shortest / 4));
  }

  /** Starts to accept from a socket, plainly or by TLS; what `front` knows needs no handler. Rejects with a system error. */
  add(socket: StreamSocket, transport: 'tcp' | 'tls', front: AnswerFront | undefined): Promise<void> {
    const listener = { ...socket, front };
    const make = (): Server => (transport === 'tls' ? this.#tlsServer(listener) : this.#tcpServer(listener));
    return this.#options.acceptor.add(socket.number, socket.fd, make);
  }

  /** New connections are shown these certificates. */
  secure(tls: SharedTls): void {
    this.#options.tls = tls;
  }

  /** Resolves when every connection is closed; each is, when all that has come through it has been answered. */
  async drain(): Promise<void> {
    for (const connection of this.#connections) connection.drain();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Closes all at once. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
    clearInterval(this.#sweeper);
  }

  ref(): void {
    this.#ref = true;
    for (const connection of this.#connections) connection.ref();
  }

  unref(): void {
    this.#ref = false;
    for (const connection of this.#connections) connection.unref();
  }

  #tcpServer(listener: Listener): Server {
    // The client's end of the stream is no reason to keep its last replies from it (RFC 7766 s.6.2.4).
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const client = this.#options.gate.admit(socket, listener.number);
      if (client !== undefined) this.#keep(socket, listener, originOf('tcp', socket, client, listener));
    });
  }

  #tlsServer(listener: Listener): Server {
    const { tls, messageTimeout, gate } = this.#options;
    if (tls === undefined) throw new Error('a socket for TLS, and no certificate');
    const server = createTlsServer({
      ...serverOptions(tls, ['dot'], messageTimeout), // RFC 7858 s.3.2 (IANA: ALPN protocol IDs)
      // Not half open as TCP is: a client that leaves in the middle of the handshake would be waited for.
      noDelay: true,
    });
    // Before tls.Server's own listener, which begins the handshake: those that are refused cost none.
    server.prependListener('connection', (socket: Socket) => {
      gate.admit(socket, listener.number);
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const { remoteAddress, remotePort } = socket;
      // Without an address it is gone already.
      if (remoteAddress === undefined || remotePort === undefined) {
        socket.destroy();
      } else if (!isAllowed(tls, socket)) {
        gate.count('tlsHandshakeFailures');
        socket.destroy();
      } else this.#keep(socket, listener, originOf('tls', socket, endpointOf(remoteAddress, remotePort), listener));
    });
    server.on('tlsClientError', () => {
      gate.count('tlsHandshakeFailures');
    });
    return server;
  }

  #keep(socket: Socket, { number, front }: Listener, origin: Origin): void {
    const connection = new StreamConnection(socket, this.#context, number * layout.socketRow, origin, front);
    this.#connections.add(connection);
    if (!this.#ref) connection.unref();
    socket.on('close', () => {
      this.#connections.delete(connection);
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
    const { idleTimeout, messageTimeout, writeTimeout, gate } = this.#options;
    const now = performance.now();
    for (const connection of this.#connections) {
      if (connection.lingersFor(now) >= LINGER) {
        connection.destroy();
        continue;
      }
      let reason: WorkerCounter;
      if (connection.unreadFor(now) >= writeTimeout) reason = 'tcpWriteTimeout';
      else if (connection.messageFor(now) >= messageTimeout) reason = 'tcpMessageTimeout';
      else if (connection.idleFor(now) >= idleTimeout) reason = 'tcpIdle';
      else continue;
      gate.count(reason);
      connection.destroy();
    }
  }
}

function originOf(
  transport: 'tcp' | 'tls',
  socket: Socket,
  client: Endpoint,
  { wildcard, local }: StreamSocket,
): Origin {
  // Asked for now: a socket that has been closed does not know it any more.
  const reached = wildcard ? endpointOf(socket.localAddress ?? local.address, local.port) : local;
  const bytes = packOrigin(transport, client, reached);
  return { transport, bytes, envelopeSize: 0, client: () => client, local: () => reached };
}
