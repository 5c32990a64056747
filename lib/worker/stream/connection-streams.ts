import { TLSSocket } from 'node:tls';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import type { MessageSource } from '../../message/stream.js';
import type { WorkerContext } from '../context.js';
import type { Connection } from './connection.js';
import { MessageStream, type StreamCarrier } from './message-stream.js';

/** The streams of messages on one connection of Node's. */
export class ConnectionStreams {
  readonly #connection: Connection;
  readonly #context: WorkerContext;
  readonly #ended: () => void;
  #open: Set<MessageStream> | undefined;

  /** `ended` is called when a stream has ended and its connection goes on. */
  constructor(connection: Connection, context: WorkerContext, ended: () => void) {
    this.#connection = connection;
    this.#context = context;
    this.#ended = ended;
  }

  open(query: Query, reply: Reply, messages: MessageSource): MessageStream {
    const connection = this.#connection;
    const { socket } = connection;
    const open = (this.#open ??= this.#start());
    const carrier: StreamCarrier = {
      send: (frames) => {
        if (socket.destroyed) return undefined;
        connection.active();
        // Node keeps what it cannot send at once.
        return socket.write(Buffer.from(frames));
      },
      end: (cut) => {
        open.delete(stream);
        connection.finish();
        if (socket.destroyed) return;
        // With TLS the missing close_notify tells that something is missing (RFC 8446 s.6.1).
        if (cut && socket instanceof TLSSocket) socket.destroy();
        else if (cut) socket.resetAndDestroy();
        else this.#ended();
      },
    };
    const stream = new MessageStream(query, reply, messages, carrier, this.#context);
    connection.begin();
    open.add(stream);
    return stream;
  }

  /** Watches the socket, which has its first stream. */
  #start(): Set<MessageStream> {
    const open = new Set<MessageStream>();
    const { socket } = this.#connection;
    socket.on('drain', () => {
      for (const stream of open) stream.resume();
    });
    socket.once('close', () => {
      for (const stream of [...open]) stream.closed();
    });
    return open;
  }
}
