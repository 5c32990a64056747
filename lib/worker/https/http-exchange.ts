import { MAX_MESSAGE, OPCODE_MASK } from '../../dns/numbers.js';

/** The media type of a DNS message in HTTP (RFC 8484 s.6). */
export const MEDIA_TYPE = 'application/dns-message';
/** An answer without a DNS message: an HTTP status, a text for people, and its headers. */
export class HttpFailure {
  constructor(
    readonly status: number,
    readonly message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/**
 * The part of a request that says where its message is. `target`: as on the request line (RFC 9112 s.3.2), or HTTP/2's
 * `:path`.
 */
export interface RequestHead {
  method: string;
  target: string;
  /** The header `content-type`. */
  type: string | undefined;
}

/** The answer for a path that takes no messages. It does not name those that do, which may be secret. */
export const NOT_FOUND = new HttpFailure(404, 'no messages are taken here');

/**
 * The DNS message in the query of a request's target, or the error of an invalid request; undefined: the body is the
 * message.
 */
export function messageInQuery({ method, type }: RequestHead, query: string): Buffer | HttpFailure | undefined {
  // HEAD is GET without the content of its answer (RFC 9110 s.9.3.2).
  if (method === 'GET' || method === 'HEAD') return fromParameter(new URLSearchParams(query).get('dns'));
  if (method !== 'POST') return new HttpFailure(405, 'only GET, HEAD and POST', { allow: 'GET, HEAD, POST' });
  if (type !== MEDIA_TYPE && type?.split(';')[0].trim().toLowerCase() !== MEDIA_TYPE) {
    return new HttpFailure(415, `only ${MEDIA_TYPE}`);
  }
  return undefined;
}

/** The path and the query of a target (RFC 3986 s.3.3, s.3.4). */
export function splitTarget(target: string): { path: string; query: string } {
  // Proxies may send the whole URI (RFC 9112 s.3.2.2).
  const start = /^https?:\/\/[^/?]*/i.exec(target)?.[0].length ?? 0;
  const mark = target.indexOf('?', start);
  const end = mark < 0 ? target.length : mark;
  return { path: target.slice(start, end), query: target.slice(end + 1) };
}

function fromParameter(dns: string | null): Buffer | HttpFailure {
  // base64url without padding (RFC 8484 s.4.1.1, RFC 4648 s.5).
  if (dns === null) return new HttpFailure(400, 'the parameter dns is missing');
  if (!/^[\w-]+$/.test(dns)) return new HttpFailure(400, 'the parameter dns is not base64url');
  const message = Buffer.from(dns, 'base64url');
  // GET is safe (RFC 9110 s.9.2.1): a page of another site can have a browser send it.
  if (message.length > 2 && (message[2] & (OPCODE_MASK >> 8)) !== 0) {
    return new HttpFailure(405, 'messages with other opcodes than QUERY are sent by POST', { allow: 'POST' });
  }
  return message.length > MAX_MESSAGE ? new HttpFailure(414, 'the message is too long') : message;
}
