import { MAX_MESSAGE } from '../../dns/numbers.js';
import { freshnessLifetime } from '../../dns/encoded-message.js';
import type { HttpsConfig } from '../../options/https.js';
import type { WorkerContext } from '../context.js';
import { MessageExchange, type Outcome } from '../message-exchange.js';
import type { Connection, Protocol } from '../stream/connection.js';
import type { Service } from '../stream/connections.js';
import { corsFields, PREFLIGHT_FIELDS } from './cors.js';
import { HttpFailure, MEDIA_TYPE, messageInQuery, NOT_FOUND, splitTarget } from './http-exchange.js';
import { Http1Server } from './http1-protocol.js';
import type { HttpFields, HttpRequest } from './http-request.js';
import { Http2Connection } from './http2/connection.js';
import { UnknownHttp } from './prior-knowledge.js';
import { DIRECT, RequestClients } from './request-clients.js';
import { RequestOrigin } from './request-origin.js';
import { Routes } from './routes.js';

const TOO_LONG = new HttpFailure(413, 'the message is too long');
const NO_QUERY = new HttpFailure(400, 'the message is not a query');

const NOTHING = Buffer.alloc(0);

/** DNS over HTTPS (RFC 8484) by HTTP/2 and HTTP/1.1, for all connections of a worker. */
export class HttpsService implements Service {
  readonly alpn = ['h2', 'http/1.1'];
  readonly #exchange: MessageExchange;
  readonly #http1: Http1Server;
  readonly #maxPipelined: number;
  readonly #cors: HttpsConfig['cors'];
  readonly #routes: Routes;
  readonly #clients: RequestClients;

  constructor(context: WorkerContext) {
    const { https, tcp } = context.settings;
    this.#cors = https.cors;
    this.#routes = new Routes(https.paths);
    this.#clients = new RequestClients(context);
    this.#maxPipelined = tcp.maxPipelined;
    this.#exchange = new MessageExchange('https', context);
    this.#http1 = new Http1Server(tcp.maxPipelined);
  }

  start(connection: Connection): Protocol {
    const isProxy = this.#clients.isProxy(connection);
    const onRequest = (request: HttpRequest): void => {
      this.#receive(connection, request, isProxy);
    };
    const http1 = (): Protocol => this.#http1.start(connection, onRequest);
    const http2 = (): Protocol =>
      new Http2Connection(connection, {
        maxConcurrentStreams: this.#maxPipelined,
        maxBody: MAX_MESSAGE,
        onRequest,
      });
    if (!connection.encrypted) return new UnknownHttp(connection.socket, { http1, http2 });
    return connection.alpn === 'h2' ? http2() : http1();
  }

  #receive(connection: Connection, request: HttpRequest, isProxy: boolean): void {
    connection.begin();
    const { path, query } = splitTarget(request.target);
    const params = this.#routes.match(path);
    const caller = isProxy ? this.#clients.callerOf(connection, request) : DIRECT;
    const end = (): void => {
      connection.finish();
      if (!(caller instanceof HttpFailure)) caller.leave();
    };
    const refuse = (failure: HttpFailure): void => {
      sendFailure(request, failure, corsFields(this.#cors, request));
      end();
    };
    request.readBody((body) => {
      // A request is served when it is complete, so that a malformed end is noticed first (RFC 9113 s.8.1.1).
      if (body === 'broken off') end();
      else if (params === undefined) refuse(NOT_FOUND);
      else if (request.method === 'OPTIONS' && this.#cors !== false) {
        request.respond(204, { ...PREFLIGHT_FIELDS, ...corsFields(this.#cors, request) }, NOTHING);
        end();
      } else if (caller instanceof HttpFailure) refuse(caller);
      else {
        const message = messageInQuery(request, query) ?? (body === 'too long' ? TOO_LONG : body);
        if (message instanceof HttpFailure) refuse(message);
        else {
          const origin = new RequestOrigin(connection, request, params, caller.client);
          this.#exchange.serve(message, connection, origin, (outcome) => {
            this.#answer(request, outcome);
            end();
          });
        }
      }
    });
  }

  #answer(request: HttpRequest, outcome: Outcome): void {
    if (outcome === 'invalid') sendFailure(request, NO_QUERY, corsFields(this.#cors, request));
    else if (outcome === 'dropped') request.abort();
    else {
      const headers = {
        'content-type': MEDIA_TYPE,
        'content-length': outcome.length,
        // RFC 8484 s.5.1: HTTP may keep it as long as DNS may.
        'cache-control': `max-age=${freshnessLifetime(outcome)}`,
        ...corsFields(this.#cors, request),
      };
      request.respond(200, headers, outcome);
    }
  }
}

function sendFailure(request: HttpRequest, { status, message, headers }: HttpFailure, cors: HttpFields): void {
  request.respond(status, { 'content-type': 'text/plain; charset=utf-8', ...headers, ...cors }, `${message}\n`);
}
