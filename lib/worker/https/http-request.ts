/** A request of any version of HTTP, and how it is answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_MESSAGE, type RequestHead } from './http-exchange.js';

/** All of a request's body; or that it is longer than a message; or that it never came to its end. */
export type Body = Buffer | 'too long' | 'broken off';

/** See the file's head. */
export interface HttpRequest extends RequestHead {
  /** Calls `done` once, perhaps before it returns. What it gets may change after that. To be called once at most. */
  readBody(done: (body: Body) => void): void;
  /**
   * Answers it, HEAD without content, unless the client has gone. `headers`: by their names in lower case. After that, or
   * after {@link abort}, the request is done with.
   */
  respond(status: number, headers: Readonly<Record<string, string | number>>, content: Buffer | string): void;
  /** Ends it without an answer. */
  abort(): void;
}

/** A request of HTTP/1.1. */
export class Http1Request implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly type: string | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.type = request.headers['content-type'];
    this.#request = request;
    this.#response = response;
    for (const each of [request, response]) each.on('error', () => undefined); // the client's affair; 'close' follows
  }

  readBody(done: (body: Body) => void): void {
    const chunks: Buffer[] = [];
    let length = 0;
    let told = false;
    const tell = (body: Body): void => {
      if (!told) done(body);
      told = true;
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

  respond(status: number, headers: Readonly<Record<string, string | number>>, content: Buffer | string): void {
    if (this.#response.destroyed) return;
    this.#response.writeHead(status, headers);
    this.#response.end(content);
  }

  abort(): void {
    this.#request.destroy();
  }
}
