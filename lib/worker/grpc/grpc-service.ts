import { MAX_MESSAGE } from '../../dns/numbers.js';
import type { WorkerContext } from '../context.js';
import type { Connection, Protocol } from '../stream/connection.js';
import type { Service } from '../stream/connections.js';
import { fail, GrpcFailure, grpcStatus, httpFailure, messageOf, PREFIX, succeed, timeoutOf } from './grpc-call.js';
import { decodePacket, encodePacket } from './grpc-packet.js';
import { HttpFailure } from '../https/http-exchange.js';
import { DIRECT, RequestClients, type Caller } from '../https/request-clients.js';
import { RequestOrigin } from '../https/request-origin.js';
import { Http2Connection } from '../https/http2/connection.js';
import type { Http2Stream } from '../https/http2/stream.js';
import { MessageExchange } from '../message-exchange.js';

const PATH = '/coredns.dns.DnsService/Query';
/** Room for a message, and what gRPC and Protocol Buffers put around it. */
const MAX_BODY = PREFIX + MAX_MESSAGE + 16;

const TOO_LONG = new GrpcFailure(grpcStatus.invalidArgument, 'the message is too long');
const TOO_LONG_BODY = new GrpcFailure(grpcStatus.resourceExhausted, `a body of more than ${MAX_BODY} bytes`);
const NO_QUERY = new GrpcFailure(grpcStatus.invalidArgument, 'the message is not a query');
const NO_REPLY = new GrpcFailure(grpcStatus.unavailable, 'there is no reply');
const TOO_LATE = new GrpcFailure(grpcStatus.deadlineExceeded, 'the reply took longer than grpc-timeout');
/** The status of gRPC for a refusal by HTTP. */
const STATUS_OF: Readonly<Record<number, number>> = {
  400: grpcStatus.invalidArgument,
  429: grpcStatus.resourceExhausted,
};
const OTHER_METHOD = new GrpcFailure(grpcStatus.unimplemented, `the only method is ${PATH}`);

/**
 * DNS over gRPC as CoreDNS defines it, for all connections of a worker: `service coredns.dns.DnsService { rpc
 * Query(DnsPacket) returns (DnsPacket); }`. Without certificates it is not encrypted, as in CoreDNS.
 */
export class GrpcService implements Service {
  readonly alpn = ['h2'];
  readonly #exchange: MessageExchange;
  readonly #maxPipelined: number;
  readonly #clients: RequestClients;

  constructor(context: WorkerContext) {
    this.#clients = new RequestClients(context);
    this.#maxPipelined = context.settings.tcp.maxPipelined;
    this.#exchange = new MessageExchange('grpc', context);
  }

  start(connection: Connection): Protocol {
    const isProxy = this.#clients.isProxy(connection);
    return new Http2Connection(connection, {
      maxConcurrentStreams: this.#maxPipelined,
      maxBody: MAX_BODY,
      onRequest: (call) => {
        connection.begin();
        const status = httpFailure(call);
        call.readBody((body) => {
          if (body === 'broken off') connection.finish();
          else if (status !== undefined) {
            call.respond(status, {}, '');
            connection.finish();
          } else this.#serve(connection, call, body, isProxy ? this.#clients.callerOf(connection, call) : DIRECT);
        });
      },
    });
  }

  #serve(connection: Connection, call: Http2Stream, body: Buffer | 'too long', caller: Caller | HttpFailure): void {
    if (caller instanceof HttpFailure) {
      fail(call, new GrpcFailure(STATUS_OF[caller.status] ?? grpcStatus.internal, caller.message));
      connection.finish();
      return;
    }
    const end = (answer: Buffer | GrpcFailure): void => {
      if (answer instanceof GrpcFailure) fail(call, answer);
      else succeed(call, answer);
      connection.finish();
      caller.leave();
    };
    const timeout = timeoutOf(call);
    const message = queryOf(call, body);
    if (timeout instanceof GrpcFailure) end(timeout);
    else if (message instanceof GrpcFailure) end(message);
    else {
      const deadline = performance.now() + timeout;
      const origin = new RequestOrigin(connection, call, {}, caller.client);
      this.#exchange.serve(message, connection, origin, (outcome) => {
        // The call ends no earlier: it counts until its handler is done. The client enforces its own deadline.
        if (performance.now() > deadline) end(TOO_LATE);
        else if (outcome === 'invalid') end(NO_QUERY);
        else if (outcome === 'dropped') end(NO_REPLY);
        else end(encodePacket(outcome));
      });
    }
  }
}

/** The DNS message of a call. */
function queryOf(call: Http2Stream, body: Buffer | 'too long'): Buffer | GrpcFailure {
  if (call.target !== PATH) return OTHER_METHOD;
  if (body === 'too long') return TOO_LONG_BODY;
  const packet = messageOf(call, body);
  if (packet instanceof GrpcFailure) return packet;
  try {
    const message = decodePacket(packet);
    return message.length > MAX_MESSAGE ? TOO_LONG : message;
  } catch (error) {
    return new GrpcFailure(grpcStatus.internal, (error as Error).message);
  }
}
