/** DNS in HTTP, RFC 8484: the message that a request carries, and the errors that HTTP has words for. */
import { once } from 'node:events';
import type { Http2ServerRequest } from 'node:http2';

/** The media type of messages (RFC 8484 s.6). */
export const MEDIA_TYPE = 'application/dns-message';
/** Where messages are sent to (RFC 8484 s.4.1 leaves it open; this is what everybody uses). */
const PATH = '/dns-query';
/** As much as a message can have (RFC 8484 s.6). */
const MAX_MESSAGE = 0xffff;

/** An answer that has no DNS message: an HTTP status, and headers that go with it. */
export class HttpFailure extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Reads the DNS message out of a request. Rejects with {@link HttpFailure}, or with the stream's error. */
export async function readMessage(request: Http2ServerRequest): Promise<Buffer> {
  const url = new URL(request.url, 'https://localhost');
  if (url.pathname !== PATH) throw new HttpFailure(404, `messages are sent to ${PATH}`);
  if (request.method === 'GET') return fromParameter(url.searchParams.get('dns'));
  if (request.method !== 'POST') throw new HttpFailure(405, 'only GET and POST', { allow: 'GET, POST' });
  const type = request.headers['content-type']?.split(';')[0].trim().toLowerCase();
  if (type !== MEDIA_TYPE) throw new HttpFailure(415, `only ${MEDIA_TYPE}`);
  return readBody(request);
}

function fromParameter(dns: string | null): Buffer {
  // base64url without padding (RFC 8484 s.4.1.1, RFC 4648 s.5).
  if (dns === null) throw new HttpFailure(400, 'the parameter dns is missing');
  if (!/^[\w-]+$/.test(dns)) throw new HttpFailure(400, 'the parameter dns is not base64url');
  const message = Buffer.from(dns, 'base64url');
  if (message.length > MAX_MESSAGE) throw new HttpFailure(414, 'the message is too long');
  return message;
}

async function readBody(request: Http2ServerRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_MESSAGE) chunks.push(chunk);
  });
  await once(request, 'end');
  if (length > MAX_MESSAGE) throw new HttpFailure(413, 'the message is too long');
  return Buffer.concat(chunks);
}
