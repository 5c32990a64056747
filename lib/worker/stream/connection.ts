import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { addon, type AnswerFront, type ProxyProtocol } from '../../native/addon.js';
import type { Endpoint, Origin, Transport } from '../../message/batch.js';
import { socketCounter, type WorkerCounter } from '../counters.js';
import type { QueryConnection } from '../../message/connection.js';
import { knownOf } from './known-connection.js';
import type { ConnectionBounds } from '../../options/tcp.js';
import { endpointOf, packOrigin } from '../ip.js';
import type { ProxiedEnds } from './proxy-headers.js';

const QUERIES = socketCounter('queries');

/** A listening socket that is lent to a worker. */
export interface StreamSocket {
  /** The socket's number in this server: its row of counters. */
  number: number;
  /** The owner's descriptor; the worker listens on a duplicate. */
  fd: number;
  /** Whether it is bound to all addresses (0.0.0.0 or ::). */
  wildcard: boolean;
  /** The address and port that it is bound to. */
  local: Endpoint;
  transport: Exclude<Transport, 'udp'>;
  /** Its address as in the option `listen`. */
  entry: string;
}

/** A listening socket, the bounds of its connections, and the caches that answer on them before a handler. */
export interface Listener extends StreamSocket {
  bounds: Required<ConnectionBounds>;
  front: AnswerFront | undefined;
  /** Which proxies it believes; undefined: none. */
  proxy: ProxyProtocol | undefined;
}

/** A protocol on one connection. */
export interface Protocol {
  /** Takes no more queries, and ends the connection when all that have come are answered. */
  drain(): void;
  /**
   * Gives up each message that began to come at `before` or earlier, by `performance.now()`, and is not complete.
   * Returns their number, and whether the connection cannot go on without them.
   */
  giveUp(before: number): { messages: number; fatal: boolean };
  /** Whether its first message, or the rest of one, may be on its way. */
  readonly expects: boolean;
  /** Bytes of replies that the protocol itself holds back until the client allows more. */
  readonly unsent: number;
}

/** The result of a {@link Protocol} that gives nothing up. */
export const NOTHING_GIVEN_UP = { messages: 0, fatal: false } as const;
/** The result of a {@link Protocol} whose connection ends with its only message. */
export const CONNECTION_GIVEN_UP = { messages: 1, fatal: true } as const;

/** The origin of all messages of a connection. */
export interface ConnectionOrigin extends Origin {
  bytes: Uint8Array;
  client(): Endpoint;
  local(): Endpoint;
  connection(): QueryConnection;
}

/** The client of a connection; with a proxy in between also the address that the client asked, and the proxy. */
export type Ends = Pick<ProxiedEnds, 'client'> & Partial<ProxiedEnds>;

/** A client's connection: its origin, its protocol, and since when the client owes something. */
export class Connection {
  /** Encrypted or not. */
  readonly socket: Socket;
  readonly origin: ConnectionOrigin;
  readonly front: AnswerFront | undefined;
  readonly bounds: Required<ConnectionBounds>;
  /** The element of the counters for the queries of its listening socket. */
  readonly socketQueries: number;
  readonly #protocol: Protocol;
  /** Queries that were taken and are not answered. */
  #inFlight = 0;
  /** When a message began to come or a reply left, by `performance.now()`. */
  #lastActive = performance.now();
  /** Since when the client has read nothing of the waiting replies; undefined if none wait. */
  #unreadSince: number | undefined;
  /** Bytes that waited at the last check. */
  #unread = 0;
  /** When the server's side was first seen to be closed. */
  #finishedAt: number | undefined;

  /** `start` starts a protocol on it. */
  constructor(socket: Socket, listener: Listener, ends: Ends, start: (connection: Connection) => Protocol) {
    const { number, transport, front, bounds } = listener;
    const { client, local = localOf(socket, listener), proxy } = ends;
    const bytes = packOrigin(transport, client, local);
    this.socket = socket;
    this.front = front;
    this.bounds = bounds;
    this.socketQueries = number * addon.layout.socketRow + QUERIES;
    const known = proxy === undefined ? knownOf(socket) : { ...knownOf(socket), proxy };
    const facts = { client: () => client, local: () => local, connection: () => known };
    this.origin = { transport, bytes, envelopeSize: 0, ...facts };
    // A reset by the client is not our error. Node reports a renegotiation of TLS here, and leaves the connection open.
    socket.on('error', () => socket.destroy());
    socket.on('drain', () => (this.#unreadSince = undefined));
    this.#protocol = start(this);
  }

  /** Notes that a message has begun to come, or a reply has left. */
  active(now = performance.now()): void {
    this.#lastActive = now;
  }

  /** Counts a query that has been taken. */
  begin(): void {
    this.#inFlight++;
  }

  /** Counts a query that has been answered, or never will be. */
  finish(): void {
    this.#inFlight--;
    this.active();
  }

  /** Whether it is encrypted. */
  get encrypted(): boolean {
    return this.socket instanceof TLSSocket;
  }

  /** The protocol that both sides have agreed on (RFC 7301); undefined: none. */
  get alpn(): string | undefined {
    return this.origin.connection().alpn;
  }

  /** Whether its client's first message, or the rest of one, may be on its way. */
  get expects(): boolean {
    return this.#protocol.expects;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes no more queries, and closes when all earlier ones are answered. */
  drain(): void {
    this.#protocol.drain();
  }

  /**
   * Checks what is overdue at `now`. Returns the reason to destroy the connection, `'lingers'` if its end is not
   * counted; undefined: it may stay. `count` receives the number of messages that were given up.
   */
  look(now: number, count: (by: number) => void): WorkerCounter | 'lingers' | undefined {
    const { writeTimeout, messageTimeout, idleTimeout, lingerTimeout } = this.bounds;
    if (this.#unreadFor(now) >= writeTimeout) return 'tcpWriteTimeout';
    if (this.socket.writableEnded) return this.#lingersFor(now) >= lingerTimeout ? 'lingers' : undefined;
    const { messages, fatal } = this.#protocol.giveUp(now - messageTimeout);
    if (fatal) return 'tcpMessageTimeout';
    if (messages > 0) count(messages);
    return this.#inFlight === 0 && now - this.#lastActive >= idleTimeout ? 'tcpIdle' : undefined;
  }

  #unreadFor(now: number): number {
    const { socket } = this;
    const { unsent } = this.#protocol;
    const waits = unsent > 0 || (socket.writableEnded ? socket.writableLength > 0 : socket.writableNeedDrain);
    const unread = unsent + socket.writableLength;
    if (!waits) this.#unreadSince = undefined;
    // A client that reads slowly, and does not empty the queue, is still alive.
    else if (this.#unreadSince === undefined || unread < this.#unread) this.#unreadSince = now;
    this.#unread = unread;
    return this.#unreadSince === undefined ? 0 : now - this.#unreadSince;
  }

  #lingersFor(now: number): number {
    if (!this.socket.writableFinished) return 0;
    this.#finishedAt ??= now;
    return now - this.#finishedAt;
  }
}

/** The address that a client asked. It is read early: a closed socket does not have it any more. */
function localOf({ localAddress }: Socket, { wildcard, local }: Listener): Endpoint {
  return wildcard ? endpointOf(localAddress ?? local.address, local.port) : local;
}
