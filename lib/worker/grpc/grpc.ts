/** A worker's side of DNS over gRPC: connections are ours, what is spoken on them is grpc-js's. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type * as Grpc from '@grpc/grpc-js';
import type { AnswerFront } from '../../native/addon.js';
import { withCode } from '../../errors.js';
import { dnsService } from './grpc-service.js';
import { MessageExchange, type MessagePath } from '../message-exchange.js';
import { serverOptions, type SharedTls } from '../stream/secure-context.js';
import type { StreamSocket, StreamTransportOptions } from '../stream/stream.js';

type GrpcPackage = typeof Grpc;

const MAX_MESSAGE = 0xffff;
/** A message and what Protocol Buffers put around it. */
const MAX_PACKET = MAX_MESSAGE + 16;
/** Megabytes that a client may have a connection hold; grpc-js would let it be any. */
const MAX_SESSION_MEMORY = 10;
/** How often connections are looked through for those whose time is up, in ms; at most a quarter of their time. */
const MIN_SWEEP = 10;

/** A connection, and the server of grpc-js that speaks on it. */
interface Connection {
  socket: Socket;
  server: Grpc.Server;
  /** Queries that are being answered. */
  inFlight: number;
  lastActive: number;
}

/** See the file's head. Without certificates it is not encrypted, as in CoreDNS. */
export class GrpcTransport {
  readonly #options: StreamTransportOptions;
  readonly #exchange: MessageExchange;
  readonly #connections = new Set<Connection>();
  #sweeper: NodeJS.Timeout | undefined;
  #onEmpty: (() => void)[] = [];
  #ref = true;

  constructor(options: StreamTransportOptions) {
    this.#options = options;
    this.#exchange = new MessageExchange('grpc', options);
  }

  /**
   * Starts to accept from a socket; what `front` knows needs no handler. Rejects with a system error, or with
   * `ERR_MULTISOCKET_GRPC_PACKAGE` when `@grpc/grpc-js` is not installed.
   */
  async add(listener: StreamSocket, front: AnswerFront | undefined): Promise<void> {
    const grpc = await loadPackage();
    await this.#options.acceptor.add(listener.number, listener.fd, () => this.#server(grpc, listener, front));
  }

  /** New connections are shown these certificates. There were others before. */
  secure(tls: SharedTls): void {
    this.#options.tls = tls;
  }

  /** Resolves when every connection is closed; each is, when the queries that have come are answered. */
  async drain(): Promise<void> {
    for (const { server } of this.#connections) server.tryShutdown(() => undefined);
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Closes all at once. */
  destroy(): void {
    for (const { socket } of this.#connections) socket.destroy();
    clearInterval(this.#sweeper);
  }

  ref(): void {
    this.#ref = true;
    for (const { socket } of this.#connections) socket.ref();
  }

  unref(): void {
    this.#ref = false;
    for (const { socket } of this.#connections) socket.unref();
  }

  #server(grpc: GrpcPackage, listener: StreamSocket, front: AnswerFront | undefined): Server {
    const { tls, messageTimeout, gate } = this.#options;
    const keep = (socket: Socket): void => {
      this.#keep(grpc, socket, listener, front);
    };
    const server =
      tls === undefined ? createServer({ noDelay: true }) : createTlsServer(serverOptions(tls, ['h2'], messageTimeout));
    // With TLS before the handshake begins: those that are refused cost none.
    server.prependListener('connection', (socket: Socket) => {
      if (gate.admit(socket, listener.number) !== undefined && tls === undefined) keep(socket);
    });
    server.on('secureConnection', keep);
    server.on('tlsClientError', () => {
      gate.count('tlsHandshakeFailures');
    });
    return server;
  }

  #keep(grpc: GrpcPackage, socket: Socket, listener: StreamSocket, front: AnswerFront | undefined): void {
    const path = this.#exchange.pathOf(socket, listener, front);
    if (path === undefined) {
      socket.destroy(); // gone already
      return;
    }
    // One server a connection, since grpc-js does not tell which one a query came by. It is a few objects.
    const server = new grpc.Server({
      'grpc.enable_channelz': 0,
      'grpc.max_concurrent_streams': this.#options.maxPipelined,
      'grpc.max_receive_message_length': MAX_PACKET,
      'grpc-node.max_session_memory': MAX_SESSION_MEMORY,
    });
    const connection: Connection = { socket, server, inFlight: 0, lastActive: performance.now() };
    server.addService(dnsService, {
      query: (call: Grpc.ServerUnaryCall<Buffer, Buffer>, answer: Grpc.sendUnaryData<Buffer>) => {
        this.#answer(grpc, connection, call.request, path, answer);
      },
    });
    this.#connections.add(connection);
    if (!this.#ref) socket.unref();
    socket.on('error', () => undefined); // the client's affair; 'close' follows
    socket.on('close', () => {
      server.forceShutdown();
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#emptied();
    });
    this.#sweeper ??= setInterval(
      () => {
        this.#sweep();
      },
      Math.max(MIN_SWEEP, this.#options.idleTimeout / 4),
    ).unref();
    server.createConnectionInjector(grpc.ServerCredentials.createInsecure()).injectConnection(socket);
  }

  /** Answers with the reply to a message, or with a status of gRPC where there is none. */
  #answer(
    grpc: GrpcPackage,
    connection: Connection,
    message: Buffer,
    path: MessagePath,
    answer: Grpc.sendUnaryData<Buffer>,
  ): void {
    const fail = (code: Grpc.status, details: string): void => {
      answer({ code, details });
    };
    if (message.length > MAX_MESSAGE) {
      fail(grpc.status.INVALID_ARGUMENT, 'the message is too long');
      return;
    }
    connection.inFlight++;
    this.#exchange.serve(message, path, (outcome) => {
      connection.inFlight--;
      connection.lastActive = performance.now();
      if (outcome === 'invalid') fail(grpc.status.INVALID_ARGUMENT, 'the message is no query');
      else if (outcome === 'dropped') fail(grpc.status.UNAVAILABLE, 'there is no reply');
      else answer(null, outcome);
    });
  }

  #emptied(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #sweep(): void {
    const { idleTimeout, gate } = this.#options;
    const now = performance.now();
    for (const { socket, inFlight, lastActive } of this.#connections) {
      if (inFlight > 0 || now - lastActive < idleTimeout) continue;
      gate.count('tcpIdle');
      socket.destroy();
    }
  }
}

/** Loads the package when it is first needed: those who do not serve gRPC need not have it. */
async function loadPackage(): Promise<GrpcPackage> {
  try {
    return await import('@grpc/grpc-js');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message = 'grpc:// needs the package @grpc/grpc-js, which is not installed: npm install @grpc/grpc-js';
    throw withCode(new Error(message, { cause: error }), 'ERR_MULTISOCKET_GRPC_PACKAGE');
  }
}
