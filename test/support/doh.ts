/** Clients of DNS over HTTPS that choose the version of HTTP and each line of the header. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { queryBytes } from './clients.js';

/** A version of HTTP. */
export type HttpVersion = '1.1' | '2';
export const HTTP_VERSIONS: readonly HttpVersion[] = ['1.1', '2'];

/** A request, by default a question in a GET. */
export interface DohRequest {
  version?: HttpVersion;
  /** With `https://`: `ca`, and the client's `cert` and `key`. */
  tls?: SecureContextOptions & { servername?: string };
  method?: string;
  /** Lines of the header; a name may stand several times. */
  headers?: readonly (readonly [name: string, value: string])[];
  localAddress?: string;
}

/** A response. */
export interface DohResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The query of a target with a question. */
export function dnsParameter(name = 'a.test'): string {
  return `?dns=${queryBytes(name, 'A', { id: 0 }).toString('base64url')}`;
}

/** Makes a request, on a connection of its own. */
export function doh(url: string, request: DohRequest = {}): Promise<DohResponse> {
  return request.version === '2' ? byHttp2(url, request) : byHttp1(url, request);
}

async function byHttp1(
  url: string,
  { tls = {}, method = 'GET', headers = [], localAddress }: DohRequest,
): Promise<DohResponse> {
  const make = url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = make(url, { ...tls, method, agent: false, ...(localAddress !== undefined && { localAddress }) });
  for (const [name, value] of headers) request.appendHeader(name, value);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: Number(response.statusCode), headers: response.headers, body: await bodyOf(response) };
}

async function byHttp2(
  url: string,
  { tls = {}, method = 'GET', headers = [], localAddress }: DohRequest,
): Promise<DohResponse> {
  const { origin, pathname, search } = new URL(url);
  const session = connect(origin, { ...tls, ...(localAddress !== undefined && { localAddress }) } as object);
  try {
    const lines: Record<string, string[]> = {};
    for (const [name, value] of headers) (lines[name] ??= []).push(value);
    const stream = session.request({ ':method': method, ':path': pathname + search, ...lines });
    stream.end();
    const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
    return { status: received[':status'], headers: received, body: await bodyOf(stream) };
  } finally {
    session.close();
  }
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
