/** A worker's side of DNS over HTTPS (RFC 8484), by HTTP/2 and HTTP/1.1. */
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { AnswerFront } from '../addon.js';
import type { Endpoint } from '../message/batch.js';
import { smallestTtl } from '../message/wire.js';
import { HttpFailure, MEDIA_TYPE, readMessage } from './http-exchange.js';
import { endpointOf } from './ip.js';
import { MessageExchange } from './message-exchange.js';
import { isAllowed, serverOptions, type SharedTls } from './secure-context.js';
import type { StreamSocket, StreamTransportOptions } from './stream.js';

/** A connection, as far as its time is concerned. */
interface Connection {
  socket: Socket;
  /** What speaks HTTP/2 on it; undefined for HTTP/1.1. */
  session: ServerHttp2Session | undefined;
  /** Requests that are being read or answered. */
  inFlight: number;
  lastActive: number;
}

/** See the file's head. */
export class HttpsTransport {
  readonly #options: StreamTransportOptions;
  /** By {@link keyOf}: what HTTP/2 shows of a socket is not the socket. */
  readonly #connections = new Map<string, Connection>();
  readonly #exchange: MessageExchange;
  #sweeper: NodeJS.Timeout | undefined;
  #draining = false;
  #onEmpty: (() => void)[] = [];
  #ref = true;

  constructor(options: StreamTransportOptions) {
    this.#options = options;
    this.#exchange = new MessageExchange('https', options);
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

  #server(listener: StreamSocket, front: AnswerFront | undefined): Http2SecureServer {
    const { tls, messageTimeout, maxPipelined, gate } = this.#options;
    if (tls === undefined) throw new Error('a socket for HTTPS, and no certificate');
    const server = createSecureServer(
      {
        ...serverOptions(tls, ['h2', 'http/1.1'], messageTimeout),
        allowHTTP1: true,
        settings: { maxConcurrentStreams: maxPipelined },
      },
      (request, response) => {
        this.#answer(request, response, listener, front).catch((error: unknown) => {
          fail(response, error);
        });
      },
    );
    // Before the handshake begins: those that are refused cost none.
    server.prependListener('connection', (socket: Socket) => {
      gate.admit(socket, listener.number);
    });
    // Before the listener that begins to speak HTTP.
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (isAllowed(tls, socket)) {
        this.#keep(socket);
      } else {
        gate.count('tlsHandshakeFailures');
        socket.destroy();
      }
    });
    server.on('session', (session) => {
      const connection = this.#connections.get(keyOf(session.socket));
      if (connection !== undefined) connection.session = session;
      session.on('error', () => undefined); // the client's affair; 'close' follows
    });
    server.on('tlsClientError', () => {
      gate.count('tlsHandshakeFailures');
    });
    return server;
  }

  async #answer(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    listener: StreamSocket,
    front: AnswerFront | undefined,
  ): Promise<void> {
    const { remoteAddress = '', remotePort = 0, localAddress = '' } = request.socket;
    const connection = this.#connections.get(keyOf(request.socket));
    if (connection !== undefined) connection.inFlight++;
    const deadline = setTimeout(() => request.destroy(), this.#options.messageTimeout);
    try {
      const message = await readMessage(request);
      clearTimeout(deadline);
      const local = listener.wildcard ? endpointOf(localAddress, listener.local.port) : listener.local;
      const reply = await this.#serve(message, endpointOf(remoteAddress, remotePort), local, listener.number, front);
      if (reply === undefined) {
        request.destroy(); // the handler dropped it
        return;
      }
      response.writeHead(200, {
        'content-type': MEDIA_TYPE,
        'content-length': reply.length,
        // RFC 8484 s.5.1: HTTP may keep it as long as DNS may.
        'cache-control': `max-age=${smallestTtl(reply)}`,
      });
      response.end(reply);
    } finally {
      clearTimeout(deadline);
      if (connection !== undefined) this.#finished(connection);
    }
  }

  /** The reply to a message; undefined when there is none. Rejects with {@link HttpFailure}. */
  async #serve(
    message: Buffer,
    client: Endpoint,
    local: Endpoint,
    listener: number,
    front: AnswerFront | undefined,
  ): Promise<Buffer | undefined> {
    const reply = await this.#exchange.serve(message, { client, local, listener, front });
    if (reply === 'invalid') throw new HttpFailure(400, 'the message is no query');
    return reply === 'dropped' ? undefined : reply;
  }

  #keep(socket: Socket): void {
    if (socket.remoteAddress === undefined) {
      socket.destroy(); // gone already
      return;
    }
    const key = keyOf(socket);
    this.#connections.set(key, { socket, session: undefined, inFlight: 0, lastActive: performance.now() });
    if (!this.#ref) socket.unref();
    socket.on('error', () => undefined); // the client's affair; 'close' follows
    socket.on('close', () => {
      this.#connections.delete(key);
      if (this.#connections.size > 0) return;
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
      for (const resolve of this.#onEmpty.splice(0)) resolve();
    });
    const { idleTimeout, gate } = this.#options;
    this.#sweeper ??= setInterval(
      () => {
        const now = performance.now();
        for (const connection of this.#connections.values()) {
          if (connection.inFlight > 0 || now - connection.lastActive < idleTimeout) continue;
          gate.count('tcpIdle');
          connection.socket.destroy();
        }
      },
      Math.max(10, idleTimeout / 4),
    ).unref();
  }

  #finished(connection: Connection): void {
    connection.inFlight--;
    connection.lastActive = performance.now();
    // The response goes out first.
    if (this.#draining) setImmediate(endWhenDone, connection);
  }
}

/** Closes a connection when the requests that it has brought are answered. */
function endWhenDone({ socket, session, inFlight }: Connection): void {
  if (session !== undefined) session.close();
  else if (inFlight === 0) socket.end();
}

function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}

function fail(response: Http2ServerResponse, error: unknown): void {
  if (!(error instanceof HttpFailure) || response.headersSent) {
    response.destroy(); // the request broke off
    return;
  }
  response.writeHead(error.status, { 'content-type': 'text/plain; charset=utf-8', ...error.headers });
  response.end(`${error.message}\n`);
}
