/** A request of HTTP/2 or HTTP/1.1, and how it is answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import type { RequestHead } from './http-exchange.js';

/** See the file's head. */
export interface HttpRequest extends RequestHead {
  /** Its body. 'close' is the end of it, answered or not; to destroy it is to answer nothing. */
  readonly body: Readable;
  /** Answers it, HEAD without content, unless the client has gone. `headers`: by their names in lower case. */
  respond(status: number, headers: Readonly<Record<string, string | number>>, content: Buffer | string): void;
}

/** A request of HTTP/2. Not by Node's classes for both versions, which cost half as much again. */
export class Http2Request implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly type: string | undefined;
  readonly body: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.method = headers[':method'] ?? '';
    this.target = headers[':path'] ?? ''; // CONNECT has none (RFC 9113 s.8.5)
    this.type = headers['content-type'];
    this.body = stream;
    stream.on('error', () => undefined); // the client's affair; 'close' follows
    if (headers.expect === '100-continue') stream.additionalHeaders({ ':status': 100 }); // RFC 9110 s.10.1.1
  }

  respond(status: number, headers: Readonly<Record<string, string | number>>, content: Buffer | string): void {
    if (this.body.destroyed || this.body.closed) return;
    const endStream = this.method === 'HEAD';
    this.body.respond({ ':status': status, ...headers }, { endStream });
    if (!endStream) this.body.end(content);
  }
}

/** A request of HTTP/1.1. */
export class Http1Request implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly type: string | undefined;
  readonly body: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.type = request.headers['content-type'];
    this.body = request;
    this.#response = response;
    for (const each of [request, response]) each.on('error', () => undefined); // the client's affair; 'close' follows
  }

  respond(status: number, headers: Readonly<Record<string, string | number>>, content: Buffer | string): void {
    if (this.#response.destroyed) return;
    this.#response.writeHead(status, headers);
    this.#response.end(content);
  }
}
