/** A worker's side of DNS over HTTPS (RFC 8484), by HTTP/2 and HTTP/1.1. */
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { addon } from '../addon.js';
import type { Endpoint, Origin } from '../message/batch.js';
import { Query } from '../message/query.js';
import { Reply } from '../message/reply.js';
import { smallestTtl } from '../message/wire.js';
import { workerCounter, socketCounter } from './counters.js';
import { HttpFailure, MEDIA_TYPE, readMessage } from './http-exchange.js';
import { endpointOf, packOrigin } from './ip.js';
import { contextOptions, serverOptions, type SharedTls } from './secure-context.js';
import type { StreamSocket, StreamTransportOptions } from './stream.js';

const { layout } = addon;
const { query: word, verdict } = layout;
const MAX_MESSAGE = 0xffff;

const QUERIES = workerCounter('httpsQueries');
const REPLIES = workerCounter('httpsReplies');
const SOCKET_QUERIES = socketCounter('queries');

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
  readonly #listeners = new Map<number, Http2SecureServer>();
  /** By {@link keyOf}: what HTTP/2 shows of a socket is not the socket. */
  readonly #connections = new Map<string, Connection>();
  readonly #words = new Uint32Array(layout.batchSize * layout.queryWords);
  readonly #text = Buffer.alloc(layout.batchSize * 2 * layout.maxText);
  readonly #output = Buffer.alloc(2 + MAX_MESSAGE);
  readonly #progress = new Uint32Array(2);
  #sweeper: NodeJS.Timeout | undefined;
  #draining = false;
  #onEmpty: (() => void)[] = [];
  #ref = true;

  constructor(options: StreamTransportOptions) {
    this.#options = options;
  }

  /** Starts to accept from a socket. Rejects with a system error. */
  async add(listener: StreamSocket): Promise<void> {
    const { tls, messageTimeout, maxPipelined, gate, backlog } = this.#options;
    if (tls === undefined) throw new Error('a socket for HTTPS, and no certificate');
    const server = createSecureServer(
      {
        ...serverOptions(tls, ['h2', 'http/1.1'], messageTimeout),
        allowHTTP1: true,
        settings: { maxConcurrentStreams: maxPipelined },
      },
      (request, response) => {
        this.#answer(request, response, listener).catch((error: unknown) => {
          fail(response, error);
        });
      },
    );
    this.#listeners.set(listener.number, server);
    if (!this.#ref) server.unref();
    // Before the handshake begins: those that are refused cost none.
    server.prependListener('connection', (socket: Socket) => {
      gate.admit(socket, listener.number);
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#keep(socket);
    });
    server.on('session', (session) => {
      const connection = this.#connections.get(keyOf(session.socket));
      if (connection !== undefined) connection.session = session;
      session.on('error', () => undefined); // the client's affair; 'close' follows
    });
    server.on('tlsClientError', () => {
      gate.count('tlsHandshakeFailures');
    });
    server.listen({ fd: addon.duplicate(listener.fd), backlog });
    await once(server, 'listening');
    server.on('error', () => {
      gate.count('tcpAcceptFailures');
    });
  }

  /** Stops accepting from a socket; its connections stay. */
  release(number: number): void {
    this.#listeners.get(number)?.close();
    this.#listeners.delete(number);
  }

  /** New connections are shown these certificates. */
  secure(tls: SharedTls): void {
    this.#options.tls = tls;
    for (const server of this.#listeners.values()) server.setSecureContext(contextOptions(tls));
  }

  /** Resolves when every connection is closed; each is, when the requests that have come are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const connection of this.#connections.values()) endWhenDone(connection);
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Closes all at once. */
  destroy(): void {
    for (const number of this.#listeners.keys()) this.release(number);
    for (const { socket } of this.#connections.values()) socket.destroy();
    clearInterval(this.#sweeper);
  }

  ref(): void {
    this.#ref = true;
    for (const server of this.#listeners.values()) server.ref();
    for (const { socket } of this.#connections.values()) socket.ref();
  }

  unref(): void {
    this.#ref = false;
    for (const server of this.#listeners.values()) server.unref();
    for (const { socket } of this.#connections.values()) socket.unref();
  }

  async #answer(request: Http2ServerRequest, response: Http2ServerResponse, listener: StreamSocket): Promise<void> {
    const { remoteAddress = '', remotePort = 0, localAddress = '' } = request.socket;
    const connection = this.#connections.get(keyOf(request.socket));
    if (connection !== undefined) connection.inFlight++;
    const deadline = setTimeout(() => request.destroy(), this.#options.messageTimeout);
    try {
      const message = await readMessage(request);
      clearTimeout(deadline);
      const local = listener.wildcard ? endpointOf(localAddress, listener.local.port) : listener.local;
      const reply = await this.#serve(message, endpointOf(remoteAddress, remotePort), local, listener.number);
      if (reply === undefined) {
        request.destroy(); // the handler dropped it
        return;
      }
      this.#options.counters[this.#options.row + REPLIES]++;
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
  async #serve(message: Buffer, client: Endpoint, local: Endpoint, listener: number): Promise<Buffer | undefined> {
    const { dispatcher, counters, row, cache, guard } = this.#options;
    const input = Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);
    counters[row + QUERIES]++;
    counters[listener * layout.socketRow + SOCKET_QUERIES]++;
    const origin: Origin = { transport: 'https', envelopeSize: 0, client: () => client, local: () => local };
    const check = [input, 0, input.length, 1, this.#words, this.#text, counters, row, this.#progress] as const;
    if (cache === undefined && guard === undefined) {
      addon.checkStream(...check);
    } else {
      const bytes = packOrigin('https', client, local);
      const rows = addon.checkStream(...check, cache, guard, bytes, this.#output, 0);
      if (rows === 0) return Buffer.from(this.#output.subarray(2, this.#progress[1]));
    }
    const outcome = this.#words[word.verdict];
    if (outcome === verdict.drop) throw new HttpFailure(400, 'the message is no query');
    if (outcome === verdict.reply) return Buffer.from(input.subarray(2, 2 + this.#words[word.length]));
    const query = new Query({ input, words: this.#words, text: this.#text, origin }, 0);
    const reply = new Reply(query);
    return new Promise((resolve) => {
      const deliver = (): void => {
        const length = dispatcher.encode(query, reply, this.#output, 0);
        resolve(length === 0 ? undefined : Buffer.from(this.#output.subarray(0, length)));
      };
      if (dispatcher.serve(query, reply, deliver)) deliver();
    });
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
