import { MAX_MESSAGE } from '../../dns/numbers.js';
import { freshnessLifetime } from '../../dns/encoded-message.js';
import type { HttpRequestHead } from '../../message/batch.js';
import type { WorkerContext } from '../context.js';
import type { Connection, Protocol } from '../stream/connection.js';
import type { Service } from '../stream/connections.js';
import { HttpFailure, MEDIA_TYPE, messageInTarget } from './http-exchange.js';
import { Http1Server } from './http1-protocol.js';
import type { HttpFields, HttpRequest } from './http-request.js';
import type { HttpsOptions } from '../../options/https.js';
import { corsFields, PREFLIGHT_FIELDS, wantedFields } from './cors.js';
import { Http2Connection } from './http2/connection.js';
import { MessageExchange, type Outcome } from '../message-exchange.js';

const TOO_LONG = new HttpFailure(413, 'the message is too long');

const NOTHING = Buffer.alloc(0);

/** DNS over HTTPS (RFC 8484) by HTTP/2 and HTTP/1.1, for all connections of a worker. */
export class HttpsService implements Service {
  readonly alpn = ['h2', 'http/1.1'];
  readonly #exchange: MessageExchange;
  readonly #http1: Http1Server;
  readonly #maxPipelined: number;
  readonly #https: Required<HttpsOptions>;

  constructor(context: WorkerContext) {
    this.#https = context.settings.https;
    const { maxPipelined } = context.settings.tcp;
    this.#maxPipelined = maxPipelined;
    this.#exchange = new MessageExchange('https', context);
    this.#http1 = new Http1Server({
      maxPipelined,
      onRequest: (connection, request) => {
        this.#receive(connection, request);
      },
    });
  }

  start(connection: Connection): Protocol {
    if (connection.alpn !== 'h2') return this.#http1.start(connection);
    return new Http2Connection(connection, {
      maxConcurrentStreams: this.#maxPipelined,
      maxBody: MAX_MESSAGE,
      fields: wantedFields(this.#https),
      onRequest: (request) => {
        this.#receive(connection, request);
      },
    });
  }

  #receive(connection: Connection, request: HttpRequest): void {
    connection.begin();
    const isPreflight = request.method === 'OPTIONS' && this.#https.cors !== false;
    const message = isPreflight ? undefined : messageInTarget(request);
    request.readBody((body) => {
      if (body === 'broken off') connection.finish();
      else if (isPreflight) {
        request.respond(204, { ...PREFLIGHT_FIELDS, ...corsFields(this.#https.cors, request) }, NOTHING);
        connection.finish();
      }
      // A request is served when it is complete, so that a malformed end is noticed first (RFC 9113 s.8.1.1).
      else this.#serve(connection, request, message ?? (body === 'too long' ? TOO_LONG : body));
    });
  }

  #serve(connection: Connection, request: HttpRequest, message: Buffer | HttpFailure): void {
    if (message instanceof HttpFailure) {
      refuse(request, message, corsFields(this.#https.cors, request));
      connection.finish();
      return;
    }
    const answered = (outcome: Outcome): void => {
      answer(request, outcome, corsFields(this.#https.cors, request));
      connection.finish();
    };
    this.#exchange.serve(message, connection, answered, this.#https.requests ? headOf(request) : undefined);
  }
}

function headOf({ method, target, fields }: HttpRequest): HttpRequestHead {
  return { method, target, headers: Object.fromEntries(fields ?? []) };
}

function answer(request: HttpRequest, outcome: Outcome, cors: HttpFields): void {
  if (outcome === 'invalid') {
    refuse(request, new HttpFailure(400, 'the message is not a query'), cors);
  } else if (outcome === 'dropped') {
    request.abort();
  } else {
    const headers = {
      'content-type': MEDIA_TYPE,
      'content-length': outcome.length,
      // RFC 8484 s.5.1: HTTP may keep it as long as DNS may.
      'cache-control': `max-age=${freshnessLifetime(outcome)}`,
      ...cors,
    };
    request.respond(200, headers, outcome);
  }
}

function refuse(request: HttpRequest, { status, message, headers }: HttpFailure, cors: HttpFields): void {
  request.respond(status, { 'content-type': 'text/plain; charset=utf-8', ...headers, ...cors }, `${message}\n`);
}
