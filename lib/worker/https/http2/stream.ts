/** Streams of HTTP/2 (RFC 9113 s.5). */
import type { Body, HttpField, HttpFields, HttpRequest } from '../http-request.js';
import type { RequestFields } from './request-head.js';

const EMPTY = Buffer.alloc(0);

/** The functions of a connection that its streams use. */
export interface StreamOwner {
  /** Sends a response. `content`: undefined in answers to HEAD. */
  respond(stream: Http2Stream, status: number, headers: HttpFields, content: Buffer | undefined): void;
  /** Resets a stream that gets no response. */
  abort(stream: Http2Stream): void;
  /** Allows the client to send this many octets more. */
  release(octets: number): void;
}

/** A stream: one request and its response. */
export class Http2Stream implements HttpRequest {
  readonly id: number;
  readonly method: string;
  readonly target: string;
  readonly type: string | undefined;
  readonly version = '2';
  readonly authority: string | undefined;
  readonly fields: readonly HttpField[];
  /** When the server began to wait for its body, by `performance.now()`. */
  since = 0;
  /** Whether the client has sent all of the request. */
  ended = false;
  /** Whether the stream is reset. Nothing more is sent on it. */
  cancelled = false;
  /** Octets that may be sent on it (RFC 9113 s.6.9.1). Below 0 after the client has made its windows smaller. */
  window: number;
  /** The response's content. The octets from `sent` on wait for a wider window. */
  content: Buffer | undefined;
  sent = 0;
  /** Fields that follow the content; undefined if none do. */
  trailer: HttpFields | undefined;
  readonly #connection: StreamOwner;
  readonly #maxBody: number;
  readonly #length: number | undefined;
  #received = 0;
  /** The body so far. Its first `kept` octets are in use. */
  #body = EMPTY;
  #kept = 0;
  #done: ((body: Body) => void) | undefined;

  constructor(id: number, head: RequestFields, window: number, maxBody: number, owner: StreamOwner) {
    const { method, target, type, length, authority, fields } = head;
    this.id = id;
    this.authority = authority;
    this.fields = fields;
    this.method = method;
    this.target = target;
    this.type = type;
    this.window = window;
    this.#length = length;
    this.#connection = owner;
    this.#maxBody = maxBody;
  }

  readBody(done: (body: Body) => void): void {
    if (this.ended) {
      done(this.#body);
      return;
    }
    this.since = performance.now();
    this.#done = done;
  }

  respond(status: number, headers: HttpFields, content: Buffer | string): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.#connection.respond(this, status, headers, this.method === 'HEAD' ? undefined : bytes);
  }

  /** Like {@link respond}, with fields that follow the content, which must not be empty (RFC 9113 s.8.1). */
  respondWithTrailer(status: number, headers: HttpFields, content: Buffer, trailer: HttpFields): void {
    this.trailer = trailer;
    this.respond(status, headers, content);
  }

  abort(): void {
    this.#connection.abort(this);
  }

  /** Whether its body is being read. */
  get reading(): boolean {
    return this.#done !== undefined;
  }

  /** Takes a part of the body. `end`: it is the last. Returns false if the body does not have its `content-length`. */
  receive(chunk: Buffer, end: boolean): boolean {
    this.#received += chunk.length;
    if (this.#length !== undefined && (end ? this.#received !== this.#length : this.#received > this.#length))
      return false; // RFC 9113 s.8.1.1
    this.ended = end;
    if (!this.reading) {
      this.#connection.release(chunk.length);
    } else if (this.#received > this.#maxBody) {
      this.#tell('too long', chunk.length);
    } else if (end && this.#kept === 0) {
      this.#tell(chunk, chunk.length); // nearly always
    } else {
      this.#keep(chunk);
      if (end) this.#tell(this.#body.subarray(0, this.#kept), 0);
    }
    return true;
  }

  /** Tells the reader of the body that the rest will not arrive. */
  breakOff(): void {
    this.#tell('broken off', 0);
  }

  #keep(chunk: Buffer): void {
    const needed = this.#kept + chunk.length;
    if (needed > this.#body.length) {
      // Twice the needed size: a client that sends single octets must not cause a full copy for each.
      const larger = Buffer.allocUnsafe(2 * needed);
      this.#body.copy(larger, 0, 0, this.#kept);
      this.#body = larger;
    }
    this.#kept += chunk.copy(this.#body, this.#kept);
  }

  /** Ends the reading of the body. `more`: octets to release besides those that were kept. */
  #tell(body: Body, more: number): void {
    this.#connection.release(this.#kept + more);
    const done = this.#done;
    this.#done = undefined;
    this.#body = EMPTY;
    this.#kept = 0;
    done?.(body);
  }
}
