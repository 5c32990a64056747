/** DNS in HTTP, RFC 8484: the message that a request carries, and the errors that HTTP has words for. */

/** The media type of messages (RFC 8484 s.6). */
export const MEDIA_TYPE = 'application/dns-message';
/** Where messages are sent to (RFC 8484 s.4.1 leaves it open; this is what everybody uses). */
const PATH = '/dns-query';
/** As much as a message can have (RFC 8484 s.6). */
export const MAX_MESSAGE = 0xffff;

/** An answer that has no DNS message: an HTTP status, what people are told, and headers that go with it. */
export class HttpFailure {
  constructor(
    readonly status: number,
    readonly message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** What of a request tells where its message is. `target`: as on the request line (RFC 9112 s.3.2), or HTTP/2's `:path`. */
export interface RequestHead {
  method: string;
  target: string;
  /** The header `content-type`. */
  type: string | undefined;
}

/** The DNS message in the target of a request, or what is wrong with the request; undefined: its body is the message. */
export function messageInTarget({ method, target, type }: RequestHead): Buffer | HttpFailure | undefined {
  const { path, query } = splitTarget(target);
  if (path !== PATH) return new HttpFailure(404, `messages are sent to ${PATH}`);
  // HEAD is GET without the content of its answer (RFC 9110 s.9.3.2).
  if (method === 'GET' || method === 'HEAD') return fromParameter(new URLSearchParams(query).get('dns'));
  if (method !== 'POST') return new HttpFailure(405, 'only GET, HEAD and POST', { allow: 'GET, HEAD, POST' });
  if (type !== MEDIA_TYPE && type?.split(';')[0].trim().toLowerCase() !== MEDIA_TYPE) {
    return new HttpFailure(415, `only ${MEDIA_TYPE}`);
  }
  return undefined;
}

function splitTarget(target: string): { path: string; query: string } {
  // Proxies may send all of the URI (RFC 9112 s.3.2.2).
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
  return message.length > MAX_MESSAGE ? new HttpFailure(414, 'the message is too long') : message;
}
