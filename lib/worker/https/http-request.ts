import type { RequestHead } from './http-exchange.js';

/** The whole body of a request, or the reason why it is missing: it was longer than allowed, or broke off. */
export type Body = Buffer | 'too long' | 'broken off';

/** Fields of a response's header or trailer, by their names in lower case. */
export type HttpFields = Readonly<Record<string, string | number>>;

/** A field of a request's header: one line. One character stands for each octet. */
export interface HttpField {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** A request of any version of HTTP, and the functions that answer it. */
export interface HttpRequest extends RequestHead {
  /** `'1.0'`, `'1.1'` or `'2'`. */
  readonly version: string;
  /** HTTP/2's counterpart of the field `host` (RFC 9113 s.8.3.1). */
  readonly authority: string | undefined;
  /** The fields of its header, in order. */
  readonly fields: readonly HttpField[];
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

/** The values of the fields with this name, in order. */
export function valuesOf({ fields }: Pick<HttpRequest, 'fields'>, name: string): string[] {
  const values: string[] = [];
  for (const field of fields) if (field.name === name) values.push(field.value);
  return values;
}

/** All fields by name; the values of a name that stands several times are joined (RFC 9110 s.5.3, RFC 9113 s.8.2.3). */
export function headersOf({ fields, authority }: HttpRequest): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  if (authority !== undefined && !fields.some(({ name }) => name === 'host')) headers.set('host', authority);
  for (const { name, value } of fields) {
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return Object.fromEntries(headers);
}
