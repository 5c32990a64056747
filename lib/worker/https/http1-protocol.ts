import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MAX_MESSAGE } from '../../dns/numbers.js';
import { CONNECTION_GIVEN_UP, NOTHING_GIVEN_UP, type Connection, type Protocol } from '../stream/connection.js';
import type { Body, HttpField, HttpFields, HttpRequest } from './http-request.js';
import { Http1Stream } from './http1-stream.js';

/** When more bytes than this wait for a client to read, no more of its requests are read. */
const MAX_UNREAD = 256 * 1024;

/** Takes a request, which ends by `respond`, by `abort`, or by a body that broke off. */
type OnRequest = (request: HttpRequest) => void;

/**
 * Speaks HTTP/1.1 (RFC 9112) on connections by means of `node:http`. It does not listen: its owner gives it
 * connections.
 */
export class Http1Server {
  readonly #maxPipelined: number;
  readonly #server: Server;
  readonly #protocols = new WeakMap<Duplex, Http1Protocol>();

  /** `maxPipelined`: requests of one connection at a time. */
  constructor(maxPipelined: number) {
    this.#maxPipelined = maxPipelined;
    // The connection's own timeouts apply, so Node's are off.
    const noTimes = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
    this.#server = createServer(noTimes, (request, response) => {
      this.#protocols.get(request.socket)?.take(request, response);
    });
    // Beyond a number of fields Node leaves out the last ones, which are those of a proxy. Their size is limited instead.
    this.#server.maxHeadersCount = 0;
  }

  /** Starts on a connection, and calls `onRequest` for each of its requests. */
  start({ socket }: Connection, onRequest: OnRequest): Protocol {
    const protocol = new Http1Protocol(socket, this.#maxPipelined, onRequest);
    this.#protocols.set(protocol.stream, protocol);
    this.#server.emit('connection', protocol.stream);
    return protocol;
  }
}

/** HTTP/1.1 on one connection. Requests beyond the allowed number wait, and nothing more is read meanwhile. */
class Http1Protocol implements Protocol {
  readonly stream: Http1Stream;
  readonly #maxPipelined: number;
  readonly #onRequest: OnRequest;
  /** Requests that were read and are not begun. */
  #waiting: Http1Request[] = [];
  /** Requests that are being read or answered. */
  readonly #held = new Set<Http1Request>();
  #asked = false;
  #draining = false;
  /** Since when an incomplete header has been arriving; undefined if none is. */
  #headSince: number | undefined;

  constructor(socket: Socket, maxPipelined: number, onRequest: OnRequest) {
    this.#maxPipelined = maxPipelined;
    this.#onRequest = onRequest;
    this.stream = new Http1Stream(socket, () => (this.#headSince ??= performance.now()));
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
      // The response is sent first.
      setImmediate(() => {
        this.#next();
      });
    });
    this.#headSince = undefined;
    this.#asked = true;
    if (this.#draining) return; // the connection ends after the earlier requests
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

  get expects(): boolean {
    return !this.#asked || this.#headSince !== undefined;
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
    this.#onRequest(request);
  }

  /** Begins as many of the waiting requests as allowed, and reads on when none waits; or ends. */
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
    return this.#held.size >= this.#maxPipelined || this.stream.writableLength > MAX_UNREAD;
  }
}

/** A request of HTTP/1.1. */
class Http1Request implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly type: string | undefined;
  readonly authority = undefined;
  /** Since when its body is being read, by `performance.now()`; undefined if it is not. */
  readingSince: number | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #done: () => void;

  /** `done` is called when the request is answered, or never will be. */
  constructor(request: IncomingMessage, response: ServerResponse, done: () => void) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.type = request.headers['content-type'];
    this.#request = request;
    this.#response = response;
    this.#done = done;
    for (const each of [request, response]) each.on('error', () => undefined); // 'close' follows
  }

  get version(): string {
    return this.#request.httpVersion;
  }

  get fields(): readonly HttpField[] {
    const { rawHeaders } = this.#request;
    const fields: HttpField[] = [];
    for (let i = 0; i < rawHeaders.length; i += 2)
      fields.push({ name: rawHeaders[i].toLowerCase(), value: rawHeaders[i + 1] });
    return fields;
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
