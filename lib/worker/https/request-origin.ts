import type { Endpoint, Origin } from '../../message/batch.js';
import type { QueryConnection } from '../../message/connection.js';
import { packOrigin } from '../ip.js';
import type { Connection } from '../stream/connection.js';
import { splitTarget } from './http-exchange.js';
import { headersOf, type HttpRequest } from './http-request.js';
import type { Parameters } from './routes.js';

/** The origin of a query that came with an HTTP request: that of its connection, and the request. */
export class RequestOrigin implements Origin {
  readonly envelopeSize = 0;
  readonly transport: Origin['transport'];
  readonly bytes: Uint8Array;
  readonly #connection: Connection;
  readonly #request: HttpRequest;
  readonly #params: Parameters;
  /** The client that a trusted proxy has named; undefined: the connection's. */
  readonly #client: Endpoint | undefined;

  constructor(connection: Connection, request: HttpRequest, params: Parameters, client: Endpoint | undefined) {
    const { transport, bytes } = connection.origin;
    this.transport = transport;
    this.bytes = client === undefined ? bytes : packOrigin(transport, client, connection.origin.local());
    this.#connection = connection;
    this.#request = request;
    this.#params = params;
    this.#client = client;
  }

  client(): Endpoint {
    return this.#client ?? this.#connection.origin.client();
  }

  local(): Endpoint {
    return this.#connection.origin.local();
  }

  connection(): QueryConnection {
    const { version, method, target } = this.#request;
    const known = this.#connection.origin.connection();
    const params = this.#params;
    const http = { version, method, target, path: splitTarget(target).path, params, headers: headersOf(this.#request) };
    return this.#client === undefined
      ? { ...known, http }
      : { ...known, http, proxy: this.#connection.origin.client() };
  }
}
