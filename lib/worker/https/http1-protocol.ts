/** HTTP/1.1 (RFC 9112), read and written by `node:http`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { CONNECTION_GIVEN_UP, NOTHING_GIVEN_UP, type Connection, type Protocol } from '../stream/connection.js';
import { MAX_MESSAGE } from './http-exchange.js';
import type { Body, HttpFields, HttpRequest } from './http-request.js';
import { Http1Stream } from './http1-stream.js';

/** Bytes that may wait for a client to read before no more of its requests are taken. */
const MAX_UNREAD = 256 * 1024;

/** What an {@link Http1Server} is made from. */
export interface Http1Options {
  /** Requests of one connection at a time. */
  maxPipelined: number;
  /** Called for each request; each ends by `respond`, by `abort`, or by a body that broke off. */
  onRequest: (connection: Connection, request: HttpRequest) => void;
}

/** Speaks HTTP/1.1 on connections. It listens to nothing: connections are given to it. */
export class Http1Server {
  readonly #options: Http1Options;
  readonly #server: Server;
  readonly #protocols = new WeakMap<Duplex, Http1Protocol>();

  constructor(options: Http1Options) {
    this.#options = options;
    // The times of the connection hold, and none of Node's.
    const noTimes = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
    this.#server = createServer(noTimes, (request, response) => {
      this.#protocols.get(request.socket)?.take(request, response);
    });
  }

  start(connection: Connection): Protocol {
    const protocol = new Http1Protocol(connection, this.#options);
    this.#protocols.set(protocol.stream, protocol);
    this.#server.emit('connection', protocol.stream);
    return protocol;
  }
}

/** HTTP/1.1 on one connection. Requests that come while it has as many as it may wait, and nothing more is read. */
class Http1Protocol implements Protocol {
  readonly stream: Http1Stream;
  readonly #connection: Connection;
  readonly #options: Http1Options;
  /** Requests that were read and not begun. */
  #waiting: Http1Request[] = [];
  /** Requests that are read or answered at this moment. */
  readonly #held = new Set<Http1Request>();
  #draining = false;
  /** Since when bytes have come that were no whole header then; undefined: none have. */
  #headSince: number | undefined;

  constructor(connection: Connection, options: Http1Options) {
    this.#connection = connection;
    this.#options = options;
    this.stream = new Http1Stream(connection.socket, () => (this.#headSince ??= performance.now()));
    this.stream.on('drain', () => {
      this.#next();
    });
    this.stream.on('close', () => (this.#waiting = []));
  }

  get unsent(): number {
    return this.stream.writableLength;
  }

  take(incoming: IncomingMessage, response: ServerResponse): void {
    const request = new Http1Request(incoming, response, () => {
      this.#held.delete(request);
      // The response goes out first.
      setImmediate(() => {
        this.#next();
      });
    });
    this.#headSince = undefined;
    if (this.#draining) return; // the connection ends after those that came before
    if (this.#waiting.length === 0 && !this.#full()) {
      this.#begin(request);
      return;
    }
    this.#waiting.push(request);
    this.stream.hold(true);
  }

  drain(): void {
    this.#draining = true;
    this.#next();
  }

  giveUp(before: number): { messages: number; fatal: boolean } {
    const busy = this.#held.size > 0 || this.#waiting.length > 0;
    if (!busy && this.#headSince !== undefined && this.#headSince <= before) return CONNECTION_GIVEN_UP;
    for (const { readingSince } of this.#held)
      if (readingSince !== undefined && readingSince <= before) return CONNECTION_GIVEN_UP;
    return NOTHING_GIVEN_UP;
  }

  #begin(request: Http1Request): void {
    this.#held.add(request);
    this.#options.onRequest(this.#connection, request);
  }

  /** Begins as many of the requests that wait as it may, and reads on when none waits; or ends. */
  #next(): void {
    if (this.stream.destroyed) return;
    while (!this.#full()) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      this.#begin(request);
    }
    if (this.#waiting.length > 0) return;
    if (this.#draining && this.#held.size === 0) this.stream.end();
    else this.stream.hold(false);
  }

  #full(): boolean {
    return this.#held.size >= this.#options.maxPipelined || this.stream.writableLength > MAX_UNREAD;
  }
}

/** A request of HTTP/1.1. */
class Http1Request implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly type: string | undefined;
  /** Since when its body is being read, by `performance.now()`; undefined: it is not. */
  readingSince: number | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #done: () => void;

  /** `done` is called when it is answered, or will never be. */
  constructor(request: IncomingMessage, response: ServerResponse, done: () => void) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.type = request.headers['content-type'];
    this.#request = request;
    this.#response = response;
    this.#done = done;
    for (const each of [request, response]) each.on('error', () => undefined); // the client's affair; 'close' follows
  }

  get fields(): ReadonlyMap<string, string> {
    return new Map(Object.entries(this.#request.headers).map(([name, value]) => [name, String(value)]));
  }

  readBody(done: (body: Body) => void): void {
    const chunks: Buffer[] = [];
    let length = 0;
    this.readingSince = performance.now();
    const tell = (body: Body): void => {
      if (this.readingSince === undefined) return;
      this.readingSince = undefined;
      if (body === 'broken off') this.#done();
      done(body);
    };
    this.#request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_MESSAGE) chunks.push(chunk);
      else chunks.length = 0;
    });
    this.#request.on('end', () => {
      tell(length > MAX_MESSAGE ? 'too long' : Buffer.concat(chunks));
    });
    this.#request.on('close', () => {
      tell('broken off');
    });
  }

  respond(status: number, headers: HttpFields, content: Buffer | string): void {
    if (!this.#response.destroyed) {
      this.#response.writeHead(status, headers);
      this.#response.end(content);
    }
    this.#done();
  }

  abort(): void {
    this.#request.destroy();
    this.#done();
  }
}
