import type { Endpoint } from '../../message/batch.js';
import type { WorkerContext } from '../context.js';
import { workerCounter } from '../counters.js';
import type { Connection } from '../stream/connection.js';
import { hopsOfForwarded, hopsOfXForwardedFor, type Hop } from './forwarded.js';
import { HttpFailure } from './http-exchange.js';
import { valuesOf, type HttpRequest } from './http-request.js';

/** The most proxies that a request may have passed. */
const MAX_PROXIES = 32;
const MALFORMED = new HttpFailure(400, 'Forwarded or X-Forwarded-For is malformed');
const DIFFERENT = new HttpFailure(400, 'Forwarded and X-Forwarded-For name different clients');
const TOO_MANY = new HttpFailure(429, 'too many requests at a time', { 'retry-after': '1' });
const REFUSED = workerCounter('tcpRefusedClient');

/** Who makes a request. */
export interface Caller {
  /** Undefined: the client of the connection. */
  readonly client: Endpoint | undefined;
  /** Called when the request has ended. */
  leave(): void;
}

/** The caller who has a connection of its own. */
export const DIRECT: Caller = { client: undefined, leave: () => undefined };

/** Finds out who makes the requests that come through trusted proxies. There is one for each worker and transport. */
export class RequestClients {
  readonly #context: WorkerContext;

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /** Whether the other end of a connection is a trusted proxy. */
  isProxy({ origin }: Connection): boolean {
    return this.#context.trustedProxies.has(origin.client().address);
  }

  /**
   * The client of a request that a trusted proxy passes on: the last address in its header that is not a trusted proxy
   * itself. Each of those has added the address from which it got the request, so that nobody else can have written it.
   * Without such a field it is the proxy. A failure: the fields are malformed, or contradict each other.
   */
  #clientOf({ origin }: Connection, request: HttpRequest): Endpoint | HttpFailure {
    const proxy = origin.client();
    const forwarded = valuesOf(request, 'forwarded');
    const xForwardedFor = valuesOf(request, 'x-forwarded-for');
    const one = this.#walk(proxy, hopsOfForwarded(forwarded));
    const other = this.#walk(proxy, hopsOfXForwardedFor(xForwardedFor));
    if (one instanceof HttpFailure || xForwardedFor.length === 0) return one;
    if (other instanceof HttpFailure || forwarded.length === 0) return other;
    // A proxy that writes one of the fields passes on what its client has sent in the other one.
    return one.address === other.address ? one : DIFFERENT;
  }

  /**
   * Who makes a request that a trusted proxy passes on. Counts the request as a connection of its client
   * (`tcp.maxConnectionsPerClient`) until `leave` is called, since the proxy's connections belong to all of its clients. A
   * failure: the client has as many already, or cannot be told.
   */
  callerOf(connection: Connection, request: HttpRequest): Caller | HttpFailure {
    const client = this.#clientOf(connection, request);
    if (client instanceof HttpFailure) return client;
    // The proxy asks for itself.
    if (client === connection.origin.client()) return DIRECT;
    const { limits, counters, row, settings } = this.#context;
    const bucket = limits.bucketOf(client);
    if (limits.openOf(bucket) >= settings.tcp.maxConnectionsPerClient) {
      counters[row + REFUSED]++;
      return TOO_MANY;
    }
    limits.hold(bucket);
    return {
      client,
      leave: () => {
        limits.release(bucket);
      },
    };
  }

  #walk(proxy: Endpoint, hops: Iterable<Hop>): Endpoint | HttpFailure {
    let client = proxy;
    let passed = 0;
    for (const hop of hops) {
      if (hop === 'malformed' || ++passed > MAX_PROXIES) return MALFORMED;
      if (hop === 'hidden') return client;
      client = hop;
      if (!this.#context.trustedProxies.has(hop.address)) return client;
    }
    return client;
  }
}
