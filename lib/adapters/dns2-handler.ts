/** Adapter for handlers of dns2: `(request, send, client)`. */
import type { RemoteInfo } from 'node:dgram';
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import { sendEncoded } from './encoded-reply.js';
import { untilDone } from './once.js';
import { QuestionName } from './question-name.js';

/** The part of the module `dns2` that is used. */
export interface Dns2 {
  Packet: { parse(message: Buffer): unknown };
}

/** The queries of a module `dns2`: its `Packet`. */
export type Dns2Request<Module extends Dns2> = ReturnType<Module['Packet']['parse']>;

/** Sends a packet of dns2, or an encoded one; resolves with its octets. Throws for anything else. */
export type Dns2Send = (response: { toBuffer(): Buffer } | Buffer) => Promise<Buffer>;

/**
 * The client: the fields that dns2 has by UDP, and the names that these have where it gives a socket or an HTTP
 * request. It is a plain object for all transports.
 */
export interface Dns2Client extends RemoteInfo {
  remoteAddress: string;
  remotePort: number;
  remoteFamily: string;
  localAddress: string;
  localPort: number;
  localFamily: string;
  /** For a request by HTTPS. */
  method?: string | undefined;
  url?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** The same members again, for code that expects a request of HTTP. */
  socket?: Dns2Client;
}

/** The shape of dns2's handlers. A method, so that a handler may declare a narrower type than `Packet`. */
export type Dns2Handler<Module extends Dns2 = Dns2> = {
  handle(request: Dns2Request<Module>, send: Dns2Send, client: Dns2Client): unknown;
}['handle'];

/** How a request can end without `send`. */
export interface Ending {
  /** The client gets SERVFAIL. */
  refuse: () => void;
  /** The client gets nothing. */
  drop: () => void;
}

/** Makes a handler from one of dns2, whose `Packet` reads the queries; it is done when the handler calls `send`. */
export function fromDns2<Module extends Dns2>(dns2: Module, handle: Dns2Handler<Module>): Handler {
  return fromListener(dns2, handle);
}

/** {@link fromDns2} for a `handle` that also gets other ways to end a request. */
export function fromListener<Module extends Dns2>(
  { Packet }: Module,
  handle: (...args: [...Parameters<Dns2Handler<Module>>, Ending]) => unknown,
): Handler {
  return untilDone((query, reply, done) => {
    const question = new QuestionName(query.question, 'latin1');
    const request = Packet.parse(query.raw) as Dns2Request<Module>;
    if (!question.exact) (request as { questions: { name: string }[] }).questions[0].name = question.shown;
    const send: Dns2Send = (response) => {
      const message = response instanceof Uint8Array ? response : response.toBuffer();
      sendEncoded(query, reply, message, question);
      done();
      return Promise.resolve(message);
    };
    const refuse = (): void => {
      reply.rcode = 'SERVFAIL';
      done();
    };
    const drop = (): void => {
      reply.drop();
      done();
    };
    return handle(request, send, clientOf(query), { refuse, drop });
  });
}

function clientOf(query: Query): Dns2Client {
  const { client, local, length } = query;
  const ends = {
    ...client,
    size: length,
    remoteAddress: client.address,
    remotePort: client.port,
    remoteFamily: client.family,
    localAddress: local.address,
    localPort: local.port,
    localFamily: local.family,
  };
  if (query.transport !== 'https') return ends;
  return {
    ...ends,
    socket: ends,
    // Read when they are needed: a cache keeps no reply whose handler has looked at the request.
    get method() {
      return query.connection.http?.method;
    },
    get url() {
      return query.connection.http?.target;
    },
    get headers() {
      return query.connection.http?.headers;
    },
  };
}
