/** A worker's side of DNS over HTTPS (RFC 8484), by HTTP/2 and HTTP/1.1. */
import { createServer as createHttp1, type Server as Http1Server } from 'node:http';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { AnswerFront } from '../../native/addon.js';
import { freshnessLifetime } from '../../dns/encoded-message.js';
import { HttpFailure, MEDIA_TYPE, messageInTarget } from './http-exchange.js';
import { Http1Request, type HttpRequest } from './http-request.js';
import { Http2Connection } from './http2/connection.js';
import { MessageExchange, type MessagePath, type Outcome } from '../message-exchange.js';
import { isAllowed, serverOptions, type SharedTls } from '../stream/secure-context.js';
import type { StreamSocket, StreamTransportOptions } from '../stream/stream.js';
import { WaitList, type ListEntry } from '../wait-list.js';

/** How often connections are looked through for those whose time is up, in ms; at most a quarter of the shortest time. */
const MIN_SWEEP = 10;
/** How long a client may take to close its side after we have closed ours, in ms, and up to a sweep more. */
const LINGER = 1000;

const TOO_LONG = new HttpFailure(413, 'the message is too long');

interface Connection {
  socket: TLSSocket;
  path: MessagePath;
  /** What speaks HTTP/2 on it; undefined for HTTP/1.1. */
  http2: Http2Connection | undefined;
  /** Requests that are being read or answered. */
  inFlight: number;
  lastActive: number;
}

/** A request whose body is being read. */
interface Reading extends ListEntry {
  connection: Connection;
  request: HttpRequest;
  since: number;
}

/** See the file's head. */
export class HttpsTransport {
  readonly #options: StreamTransportOptions;
  readonly #connections = new Map<Socket, Connection>();
  readonly #exchange: MessageExchange;
  /** It listens to nothing: connections are handed to it when they are secure. */
  readonly #http1: Http1Server;
  /** In the order in which their time is up, since all have the same. */
  readonly #reading = new WaitList<Reading>();
  #sweeper: NodeJS.Timeout | undefined;
  #draining = false;
  #onEmpty: (() => void)[] = [];
  #ref = true;

  constructor(options: StreamTransportOptions) {
    this.#options = options;
    this.#exchange = new MessageExchange('https', options);
    this.#http1 = createHttp1((request, response) => {
      const connection = this.#connections.get(request.socket);
      if (connection !== undefined) this.#receive(connection, new Http1Request(request, response));
    });
  }

  /** Starts to accept from a socket; what `front` knows needs no handler. Rejects with a system error. */
  add(listener: StreamSocket, front: AnswerFront | undefined): Promise<void> {
    return this.#options.acceptor.add(listener.number, listener.fd, () => this.#server(listener, front));
  }

  /** New connections are shown these certificates. */
  secure(tls: SharedTls): void {
    this.#options.tls = tls;
  }

  /** Resolves when every connection is closed; each is, when the requests that have come are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const connection of this.#connections.values()) endWhenDone(connection);
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Closes all at once. */
  destroy(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
    clearInterval(this.#sweeper);
  }

  ref(): void {
    this.#ref = true;
    for (const { socket } of this.#connections.values()) socket.ref();
  }

  unref(): void {
    this.#ref = false;
    for (const { socket } of this.#connections.values()) socket.unref();
  }

  #server(listener: StreamSocket, front: AnswerFront | undefined): Server {
    const { tls, messageTimeout, gate } = this.#options;
    if (tls === undefined) throw new Error('a socket for HTTPS, and no certificate');
    const server = createServer({ ...serverOptions(tls, ['h2', 'http/1.1'], messageTimeout), noDelay: true });
    // Before tls.Server's own listener, which begins the handshake: those that are refused cost none.
    server.prependListener('connection', (socket: Socket) => {
      gate.admit(socket, listener.number);
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const path = this.#exchange.pathOf(socket, listener, front);
      if (path === undefined) {
        socket.destroy(); // gone already
      } else if (!isAllowed(tls, socket)) {
        gate.count('tlsHandshakeFailures');
        socket.destroy();
      } else this.#keep(socket, path);
    });
    server.on('tlsClientError', () => {
      gate.count('tlsHandshakeFailures');
    });
    return server;
  }

  #keep(socket: TLSSocket, path: MessagePath): void {
    const connection: Connection = { socket, path, http2: undefined, inFlight: 0, lastActive: performance.now() };
    this.#connections.set(socket, connection);
    if (!this.#ref) socket.unref();
    socket.on('error', () => undefined); // the client's affair; 'close' follows
    socket.on('close', () => {
      this.#connections.delete(socket);
      if (this.#connections.size === 0) this.#emptied();
    });
    const { idleTimeout, messageTimeout } = this.#options;
    this.#sweeper ??= setInterval(
      () => {
        this.#sweep();
      },
      Math.max(MIN_SWEEP, Math.min(idleTimeout, messageTimeout) / 4),
    ).unref();
    if (socket.alpnProtocol === 'h2') this.#speakHttp2(connection);
    else this.#http1.emit('connection', socket);
  }

  #speakHttp2(connection: Connection): void {
    connection.http2 = new Http2Connection(connection.socket, {
      maxConcurrentStreams: this.#options.maxPipelined,
      onRequest: (request) => {
        this.#receive(connection, request);
      },
    });
  }

  #receive(connection: Connection, request: HttpRequest): void {
    connection.inFlight++;
    const message = messageInTarget(request);
    const since = performance.now();
    const reading: Reading = { connection, request, since, before: undefined, after: undefined, listed: false };
    this.#reading.add(reading);
    request.readBody((body) => {
      if (!this.#reading.delete(reading)) return; // its time was up
      if (body === 'broken off') this.#finished(connection);
      // A request is served when it is complete, so that a malformed end of it is noticed first (RFC 9113 s.8.1.1).
      else this.#serve(connection, request, message ?? (body === 'too long' ? TOO_LONG : body));
    });
  }

  #serve(connection: Connection, request: HttpRequest, message: Buffer | HttpFailure): void {
    if (message instanceof HttpFailure) {
      refuse(request, message);
      this.#finished(connection);
      return;
    }
    this.#exchange.serve(message, connection.path, (outcome) => {
      answer(request, outcome);
      this.#finished(connection);
    });
  }

  #finished(connection: Connection): void {
    connection.inFlight--;
    connection.lastActive = performance.now();
    // The response goes out first.
    if (this.#draining) setImmediate(endWhenDone, connection);
  }

  #sweep(): void {
    const { idleTimeout, messageTimeout, gate } = this.#options;
    const now = performance.now();
    for (let each = this.#reading.first; each !== undefined; each = this.#reading.first) {
      if (now - each.since < messageTimeout) break;
      this.#reading.delete(each);
      each.request.abort();
      this.#finished(each.connection);
    }
    for (const { socket, inFlight, lastActive } of this.#connections.values()) {
      const rests = inFlight > 0 ? 0 : now - lastActive;
      if (rests >= idleTimeout) gate.count('tcpIdle');
      else if (!socket.writableEnded || rests < LINGER) continue;
      socket.destroy();
    }
  }

  #emptied(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

/** Closes a connection when the requests that it has brought are answered. */
function endWhenDone(connection: Connection): void {
  const { socket, http2, inFlight } = connection;
  if (inFlight === 0) connection.lastActive = performance.now();
  if (http2 !== undefined) http2.drain();
  else if (inFlight === 0) socket.end();
}

function answer(request: HttpRequest, outcome: Outcome): void {
  if (outcome === 'invalid') {
    refuse(request, new HttpFailure(400, 'the message is no query'));
  } else if (outcome === 'dropped') {
    request.abort();
  } else {
    const headers = {
      'content-type': MEDIA_TYPE,
      'content-length': outcome.length,
      // RFC 8484 s.5.1: HTTP may keep it as long as DNS may.
      'cache-control': `max-age=${freshnessLifetime(outcome)}`,
    };
    request.respond(200, headers, outcome);
  }
}

function refuse(request: HttpRequest, { status, message, headers }: HttpFailure): void {
  request.respond(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }, `${message}\n`);
}
