import { createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { AnswerFront } from '../../native/addon.js';
import type { ConnectionBounds } from '../../options/tcp.js';
import type { WorkerContext } from '../context.js';
import { Acceptor } from './acceptor.js';
import { Connection, type Ends, type Listener, type Protocol, type StreamSocket } from './connection.js';
import { allBounds, boundsOf, shortestTime } from './connection-bounds.js';
import { ConnectionGate } from './connection-gate.js';
import { hasNativeTcp, NativeTcp } from './native-tcp.js';
import { ProxyHeaders } from './proxy-headers.js';
import type { SharedTls } from './secure-context.js';
import { TlsHandshakes } from './tls-handshakes.js';

/** Milliseconds between checks for overdue connections; at most a quarter of the shortest time limit. */
const MAX_SWEEP = 500;
const MIN_SWEEP = 10;
/** Milliseconds that a draining worker gives handshakes and first queries that may be on their way. */
const DRAIN_GRACE = 150;
/** No address has this name. */
const SHARED = '';

/** A protocol, shared by all connections of a worker. */
export interface Service {
  /** Its names in ALPN, the preferred one first (RFC 7301); undefined: it is never encrypted. */
  readonly alpn: readonly string[] | undefined;
  /** Starts to speak on an accepted connection, encrypted if its address is. */
  start(connection: Connection): Protocol;
}

/** The protocols of a worker, by transport. */
export type Services = Readonly<Record<StreamSocket['transport'], Service>>;

/**
 * All connections of a worker. Accepts them, does TLS, checks clients' certificates, starts the protocol of the
 * address, closes those whose time is up, and drains them. Nothing else in the library listens for queries by TCP.
 */
export class Connections {
  readonly #context: WorkerContext;
  readonly #services: Services;
  readonly #gate: ConnectionGate;
  readonly #acceptor: Acceptor;
  /** DNS over TCP in native code, one for each set of bounds; where there is none, Node's `net` accepts these too. */
  readonly #native = new Map<string, NativeTcp>();
  readonly #open = new Set<Connection>();
  /** By the name of the address; addresses without settings of their own share {@link SHARED}. */
  readonly #handshakes = new Map<string, TlsHandshakes>();
  readonly #headers: ProxyHeaders;
  readonly #sweepInterval: number;
  #sweeper: NodeJS.Timeout | undefined;
  /** Whether it drains, and the grace is over. */
  #drained = false;
  #onEmpty: (() => void)[] = [];
  #ref = true;

  constructor(context: WorkerContext, services: Services) {
    this.#context = context;
    this.#services = services;
    this.#gate = new ConnectionGate(context);
    const { tls: shared, ownTls } = context.settings;
    this.#acceptor = new Acceptor({ gate: this.#gate, backlog: context.settings.tcp.backlog, report: context.report });
    const failed = (): void => {
      this.#gate.count('tlsHandshakeFailures');
    };
    for (const [entry, tls] of Object.entries({ ...ownTls, [SHARED]: shared ?? null })) {
      if (tls !== null) this.#handshakes.set(entry, new TlsHandshakes(tls, failed));
    }
    this.#headers = new ProxyHeaders(() => {
      this.#gate.count('proxyRefused');
    });
    const shortest = Math.min(...allBounds(context.settings).map(shortestTime));
    this.#sweepInterval = Math.min(MAX_SWEEP, Math.max(MIN_SWEEP, shortest / 4));
  }

  /** Starts to accept from a socket; queries that `front` can answer need no handler. Rejects with a system error. */
  async add(socket: StreamSocket, front: AnswerFront | undefined): Promise<void> {
    const bounds = boundsOf(this.#context.settings, socket.entry);
    if (socket.transport === 'tcp' && hasNativeTcp) {
      this.#nativeWith(bounds).add(socket, front);
      return;
    }
    const listener = { ...socket, front, bounds, proxy: this.#context.proxies.of(socket.entry) };
    // A client that has closed its side still gets its last replies (RFC 7766 s.6.2.4). With TLS, and with HTTP/2, such
    // a client wants no more.
    const allowHalfOpen = socket.transport === 'tcp';
    await this.#acceptor.add(socket.number, socket.fd, () =>
      createServer({ allowHalfOpen, noDelay: true }, (accepted) => {
        this.#accept(accepted, listener);
      }),
    );
  }

  /** Stops accepting from a socket; its connections stay. */
  release(number: number): void {
    for (const native of this.#native.values()) native.release(number);
    this.#acceptor.release(number);
  }

  /**
   * Uses these settings for new connections to addresses without settings of their own. Throws the error of OpenSSL;
   * then nothing has changed.
   */
  secure(tls: SharedTls): void {
    const handshakes = this.#handshakes.get(SHARED);
    if (handshakes === undefined) throw new Error('new certificates for a worker that was started without');
    handshakes.secure(tls);
  }

  /**
   * Ends each connection when the queries are answered that have come by now, and resolves when all are closed. A
   * connection whose first query may still be on its way, or whose handshake is not complete, has 150 ms more.
   */
  async drain(): Promise<void> {
    await Promise.all([...[...this.#native.values()].map((native) => native.drain()), this.#drainOpen()]);
  }

  async #drainOpen(): Promise<void> {
    // The loop receives what has come by now between these two.
    await turn();
    await turn();
    for (const connection of this.#open) if (!connection.expects) connection.drain();
    await this.#empty(DRAIN_GRACE);
    this.#drained = true;
    this.#endHandshakes();
    for (const connection of this.#open) connection.drain();
    await this.#empty();
  }

  /** Stops accepting, and closes all at once. */
  destroy(): void {
    for (const native of this.#native.values()) native.destroy();
    this.#acceptor.close();
    this.#endHandshakes();
    for (const { socket } of this.#open) socket.destroy();
    clearInterval(this.#sweeper);
  }

  ref(): void {
    this.#ref = true;
    for (const native of this.#native.values()) native.ref();
    this.#acceptor.ref();
    for (const { socket } of this.#open) socket.ref();
  }

  unref(): void {
    this.#ref = false;
    for (const native of this.#native.values()) native.unref();
    this.#acceptor.unref();
    for (const { socket } of this.#open) socket.unref();
  }

  #nativeWith(bounds: Required<ConnectionBounds>): NativeTcp {
    const key = JSON.stringify(Object.entries(bounds));
    let native = this.#native.get(key);
    if (native === undefined) {
      native = new NativeTcp(this.#context, bounds);
      if (!this.#ref) native.unref();
      this.#native.set(key, native);
    }
    return native;
  }

  get #size(): number {
    let size = this.#open.size + this.#headers.size;
    for (const handshakes of this.#handshakes.values()) size += handshakes.size;
    return size;
  }

  /** Resolves when Node has no connection, or after `most` ms. */
  async #empty(most?: number): Promise<void> {
    if (this.#size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onEmpty.push(resolve);
      if (most !== undefined) timer = setTimeout(resolve, most);
    });
    clearTimeout(timer);
  }

  #endHandshakes(): void {
    for (const handshakes of this.#handshakes.values()) handshakes.destroy();
    this.#headers.giveUp(Infinity);
  }

  /** The handshakes of an address; undefined if it is not encrypted. */
  #handshakesOf({ entry }: Listener): TlsHandshakes | undefined {
    return this.#handshakes.get(Object.hasOwn(this.#context.settings.ownTls, entry) ? entry : SHARED);
  }

  #accept(socket: Socket, listener: Listener): void {
    const { proxy, number, bounds } = listener;
    const client = this.#gate.admit(socket, number, proxy);
    if (client === undefined) return;
    if (!this.#ref) socket.unref();
    this.#sweeper ??= setInterval(() => {
      this.#sweep();
    }, this.#sweepInterval).unref();
    if (proxy?.examines(client.address) !== true) {
      this.#secure(socket, listener, { client });
      return;
    }
    this.#headers.begin(socket, proxy, client, bounds.messageTimeout, (ends) => {
      if (ends !== undefined && !this.#gate.admitClient(socket, ends.client)) return;
      this.#secure(socket, listener, ends ?? { client });
    });
    // This follows the listener of the headers, which is then over.
    socket.once('close', this.#closed);
  }

  /** Does the handshake of TLS, if there is to be one. */
  #secure(socket: Socket, listener: Listener, ends: Ends): void {
    const { alpn } = this.#services[listener.transport];
    const handshakes = this.#handshakesOf(listener);
    if (alpn === undefined || handshakes === undefined) {
      this.#start(socket, listener, ends);
      return;
    }
    handshakes.begin(socket, alpn, listener.bounds.handshakeTimeout, (secure) => {
      if (!this.#ref) secure.unref();
      this.#start(secure, listener, ends);
    });
    // This follows the listener of the handshake, which is then over.
    socket.once('close', this.#closed);
  }

  #start(socket: Socket, listener: Listener, ends: Ends): void {
    const connection = new Connection(socket, listener, ends, (started) =>
      this.#services[listener.transport].start(started),
    );
    this.#open.add(connection);
    socket.once('close', () => {
      this.#open.delete(connection);
      this.#closed();
    });
    if (this.#drained) connection.drain();
  }

  #sweep(): void {
    const gate = this.#gate;
    const now = performance.now();
    for (const handshakes of this.#handshakes.values()) handshakes.giveUp(now);
    gate.count('tcpMessageTimeout', this.#headers.giveUp(now));
    const countMessages = (by: number): void => {
      gate.count('tcpMessageTimeout', by);
    };
    for (const connection of this.#open) {
      const reason = connection.look(now, countMessages);
      if (reason === undefined) continue;
      if (reason !== 'lingers') gate.count(reason);
      connection.socket.destroy();
    }
  }

  /** Handles the end of a connection. */
  readonly #closed = (): void => {
    if (this.#size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  };
}
