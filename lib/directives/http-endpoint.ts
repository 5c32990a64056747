/** The HTTP servers of the directives `health`, `ready` and `prometheus`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { MAX_PORT } from '../dns/numbers.js';
import type { DirectiveReader } from '../corefile/reader.js';
import { AcceptedSockets } from '../socket/accepted-sockets.js';

/** Connections of an endpoint at a time. */
const MAX_CONNECTIONS = 64;
/** How long a connection may be open, in ms: from its start until the client has read the answer. */
const LIFETIME = 5000;
/** Octets that a request's header may have. Orchestrators and Prometheus send a few hundred. */
const MAX_HEADER = 8192;

/** Where an endpoint listens. */
export interface HttpAddress {
  /** An address or a name. Empty: all addresses of the host. */
  host: string;
  /** 0 to 65,535. 0: the system chooses. */
  port: number;
}

/** The answer to a request. */
export interface HttpAnswer {
  status: number;
  body: string;
  /** Default `text/plain; charset=utf-8`. */
  type?: string;
  headers?: Readonly<Record<string, string>>;
}

/** Reads `HOST:PORT`, `:PORT` or `[IPV6]:PORT`; without digits the port is 0. Throws the line's error for another text. */
export function readHttpAddress(line: DirectiveReader, text: string): HttpAddress {
  const [, bracketed, host = '', port] = (/^(?:\[([^\]]+)\]|([^:[\]]*)):\+?(\d*)$/.exec(text) ?? []) as (
    string | undefined
  )[];
  if (port === undefined || Number(port) > MAX_PORT || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw line.error(`not an address with a port: ${JSON.stringify(text)}`);
  }
  return { host: bracketed ?? host, port: Number(port) };
}

/** Each address once, in order. */
export function distinct(addresses: readonly HttpAddress[]): HttpAddress[] {
  return [...new Map(addresses.map((address) => [`${address.host} ${address.port}`, address])).values()];
}

/**
 * An HTTP server with one resource. A connection carries one request and is open for 5 s at most, whatever the client does or
 * does not send and read. With 64 connections open, a new one closes the oldest. Bodies of requests are not read.
 */
export class HttpEndpoint {
  readonly #server: Server;
  readonly #connections = new AcceptedSockets(MAX_CONNECTIONS, LIFETIME);

  /**
   * Answers GET and HEAD of `path` with the result of `answer`, other paths with 404, other methods with 405. Requests
   * that arrive while `answer` runs share its result. Rejects with a system error of listening.
   */
  static async open({ host, port }: HttpAddress, path: string, answer: () => HttpAnswer | Promise<HttpAnswer>) {
    const endpoint = new HttpEndpoint(path, shared(answer));
    // `exclusive`: a worker of node:cluster answers for itself, and shares the port with no other.
    endpoint.#server.listen({ ...(host === '' ? {} : { host }), port, exclusive: true });
    await once(endpoint.#server, 'listening');
    return endpoint;
  }

  private constructor(path: string, answer: () => Promise<HttpAnswer>) {
    this.#server = createServer({ maxHeaderSize: MAX_HEADER }, (request, response) => {
      respond(request, path, answer).then(
        (answered) => {
          send(request, response, answered);
        },
        (error: unknown) => {
          send(request, response, { status: 500, body: `${error instanceof Error ? error.message : String(error)}\n` });
        },
      );
    });
    this.#server.maxRequestsPerSocket = 1;
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
    });
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Stops listening, and closes all connections. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#connections.destroyAll();
    await closed;
  }
}

/** `answer`, called once for all requests that wait for it at the same time. */
function shared(answer: () => HttpAnswer | Promise<HttpAnswer>): () => Promise<HttpAnswer> {
  let pending: Promise<HttpAnswer> | undefined;
  return () =>
    (pending ??= Promise.resolve()
      .then(answer)
      .finally(() => (pending = undefined)));
}

async function respond(
  { method, url = '' }: IncomingMessage,
  path: string,
  answer: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, body: 'Method Not Allowed\n', headers: { allow: 'GET, HEAD' } };
  return url.split('?')[0] === path ? answer() : { status: 404, body: '404 page not found\n' };
}

function send(request: IncomingMessage, response: ServerResponse, answered: HttpAnswer): void {
  const { status, body, type = 'text/plain; charset=utf-8', headers } = answered;
  response.writeHead(status, {
    ...headers,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Opens an endpoint for each address. Rejects with the first error, and closes those that are open. */
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
