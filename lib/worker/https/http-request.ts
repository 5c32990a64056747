/** A request of any version of HTTP, and how it is answered. */
import type { RequestHead } from './http-exchange.js';

/** All of a request's body; or that it is longer than bodies may be; or that it never came to its end. */
export type Body = Buffer | 'too long' | 'broken off';

/** Fields of a header or trailer, by their names in lower case. */
export type HttpFields = Readonly<Record<string, string | number>>;

/** A request of any version of HTTP. */
export interface HttpRequest extends RequestHead {
  /** The fields of its header that are kept, by their names in lower case; undefined: there is none. */
  readonly fields: ReadonlyMap<string, string> | undefined;
  /** Calls `done` once, perhaps before it returns. What it gets may change after that. To be called once at most. */
  readBody(done: (body: Body) => void): void;
  /** Answers it, HEAD without content, unless the client has gone. To be called once, and not after {@link abort}. */
  respond(status: number, headers: HttpFields, content: Buffer | string): void;
  /** Ends it without an answer. */
  abort(): void;
}
