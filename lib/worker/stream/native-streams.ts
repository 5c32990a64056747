import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import type { MessageSource } from '../../message/stream.js';
import type { TcpEndpoint } from '../../native/addon.js';
import type { WorkerContext } from '../context.js';
import { MessageStream, type StreamCarrier } from './message-stream.js';

/** The streams of messages on the connections of a native endpoint. */
export class NativeStreams {
  readonly #endpoint: () => TcpEndpoint | undefined;
  readonly #context: WorkerContext;
  readonly #open = new Map<number, Set<MessageStream>>();

  /** `endpoint` returns undefined when the endpoint is closed. */
  constructor(endpoint: () => TcpEndpoint | undefined, context: WorkerContext) {
    this.#endpoint = endpoint;
    this.#context = context;
  }

  /** Starts the stream of a reply on the connection with that number, which has brought the query. */
  open(connection: number, query: Query, reply: Reply, messages: MessageSource): MessageStream {
    const carrier: StreamCarrier = {
      send: (frames) => {
        const waiting = this.#endpoint()?.sendStream(connection, frames) ?? -1;
        return waiting < 0 ? undefined : waiting === 0;
      },
      end: (cut) => {
        const streams = this.#open.get(connection);
        streams?.delete(stream);
        if (streams?.size === 0) this.#open.delete(connection);
        this.#endpoint()?.endStream(connection, cut);
      },
    };
    const stream = new MessageStream(query, reply, messages, carrier, this.#context);
    this.#endpoint()?.beginStream(connection);
    let streams = this.#open.get(connection);
    if (streams === undefined) this.#open.set(connection, (streams = new Set()));
    streams.add(stream);
    return stream;
  }

  /** Takes the news of a connection: its client has read all, or it is closed. */
  changed(connection: number, open: boolean): void {
    for (const stream of [...(this.#open.get(connection) ?? [])]) {
      if (open) stream.resume();
      else stream.closed();
    }
  }

  /** Ends all streams; their endpoint is closed. */
  destroy(): void {
    for (const connection of [...this.#open.keys()]) this.changed(connection, false);
  }
}
