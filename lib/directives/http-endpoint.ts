/** Small HTTP servers of directives that are asked by orchestrators and by Prometheus. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { DirectiveReader } from '../corefile/reader.js';

/** Where such a server listens. */
export interface HttpAddress {
  /** An address or a name; empty: every address of the host. */
  host: string;
  /** 0 to 65,535; 0: the system chooses. */
  port: number;
}

/** What it answers. */
export interface HttpAnswer {
  status: number;
  body: string;
  /** Default `text/plain; charset=utf-8`. */
  type?: string;
}

/** Reads `HOST:PORT`, `:PORT` or `[IPV6]:PORT`. Throws the line's error for anything else. */
export function readHttpAddress(line: DirectiveReader, text: string): HttpAddress {
  const [, bracketed, host = '', port = ''] = (/^(?:\[([^\]]+)\]|([^:[\]]*)):(\d+)$/.exec(text) ?? []) as (
    string | undefined
  )[];
  if (port === '' || Number(port) > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw line.error(`not an address with a port: ${JSON.stringify(text)}`);
  }
  return { host: bracketed ?? host, port: Number(port) };
}

/** Each address once, in order. */
export function distinct(addresses: readonly HttpAddress[]): HttpAddress[] {
  return [...new Map(addresses.map((address) => [`${address.host} ${address.port}`, address])).values()];
}

/** See the file's head. */
export class HttpEndpoint {
  readonly #server: Server;

  /**
   * Answers GET and HEAD of `path` by `answer`, other paths with 404, other methods with 405. Rejects with the system error
   * of listening.
   */
  static async open({ host, port }: HttpAddress, path: string, answer: () => HttpAnswer | Promise<HttpAnswer>) {
    const server = createServer((request, response) => {
      respond(request, path, answer).then(
        ({ status, body, type = 'text/plain; charset=utf-8' }) => {
          response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
          response.end(request.method === 'HEAD' ? undefined : body);
        },
        (error: unknown) => {
          fail(response, error);
        },
      );
    });
    server.listen(host === '' ? { port } : { host, port });
    await once(server, 'listening');
    return new HttpEndpoint(server);
  }

  private constructor(server: Server) {
    this.#server = server;
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Stops listening, and cuts off who is connected. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function respond(
  { method, url = '' }: IncomingMessage,
  path: string,
  answer: () => HttpAnswer | Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'Method Not Allowed\n' };
  return url.split('?')[0] === path ? answer() : { status: 404, body: '404 page not found\n' };
}

function fail(response: ServerResponse, error: unknown): void {
  response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${error instanceof Error ? error.message : String(error)}\n`);
}

/** Opens one for each address, or none. Rejects with the first error. */
export async function openEndpoints(
  addresses: readonly HttpAddress[],
  path: string,
  answer: () => HttpAnswer | Promise<HttpAnswer>,
): Promise<{ endpoints: HttpEndpoint[]; close: () => Promise<void> }> {
  const endpoints: HttpEndpoint[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  };
  try {
    for (const address of addresses) endpoints.push(await HttpEndpoint.open(address, path, answer));
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoints, close };
}
