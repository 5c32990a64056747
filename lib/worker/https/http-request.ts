import type { RequestHead } from './http-exchange.js';

/** The whole body of a request, or the reason why it is missing: it was longer than allowed, or broke off. */
export type Body = Buffer | 'too long' | 'broken off';

/** Fields of a header or trailer, by their names in lower case. */
export type HttpFields = Readonly<Record<string, string | number>>;

/** A request of any version of HTTP, and the functions that answer it. */
export interface HttpRequest extends RequestHead {
  /** The fields of its header that are kept, by their names in lower case; undefined if none are. */
  readonly fields: ReadonlyMap<string, string> | undefined;
  /** Calls `done` once, perhaps before it returns. The bytes may change after that. May be called once. */
  readBody(done: (body: Body) => void): void;
  /**
   * Sends the answer, without content for HEAD, unless the client has gone. May be called once, and not after {@link
   * abort}.
   */
  respond(status: number, headers: HttpFields, content: Buffer | string): void;
  /** Ends the request without an answer. */
  abort(): void;
}
