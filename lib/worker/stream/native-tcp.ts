import { markAsUntransferable } from 'node:worker_threads';
import { LENGTH_PREFIX } from '../../dns/numbers.js';
import { addon, type AnswerFront, type TcpEndpoint } from '../../native/addon.js';
import type { Endpoint, QueryBatch } from '../../message/batch.js';
import { Query } from '../../message/query.js';
import { Reply } from '../../message/reply.js';
import type { MessageSource } from '../../message/stream.js';
import type { ConnectionBounds } from '../../options/tcp.js';
import type { WorkerContext } from '../context.js';
import type { Dispatcher } from '../dispatcher.js';
import { envelopeOrigin } from '../envelope.js';
import type { Proxies } from '../proxies.js';
import { DESCRIPTOR_RESERVE, descriptorsRunOut } from './acceptor.js';
import type { StreamSocket } from './connection.js';
import { NativeStreams } from './native-streams.js';

const { batchSize, envelope, queryWords, tcp, tcpReply: entryWord, tcpSetting } = addon.layout;

/** Whether native code can serve DNS over TCP here. Otherwise Node's `net` accepts the connections. */
export const hasNativeTcp = addon.TcpEndpoint !== undefined;

/**
 * A worker's DNS over TCP in native code: its connections, and the replies to their queries. No object of JavaScript
 * belongs to a connection.
 */
export class NativeTcp {
  readonly #slab = new ArrayBuffer(tcp.slabSize);
  readonly #bytes = Buffer.from(this.#slab);
  readonly #outbox = new Uint32Array(1 + tcp.outboxEntries * tcp.replyWords);
  readonly #batch: QueryBatch;
  readonly #endpoint: TcpEndpoint;
  readonly #streams: NativeStreams;
  readonly #dispatcher: Dispatcher;
  readonly #encoder: WorkerContext['encoder'];
  readonly #locals: Endpoint[] = [];
  readonly #proxies: Proxies;
  /** The endpoint sends what is delivered late, after the batch or before the loop waits. */
  readonly #deliver = (query: Query, reply: Reply): void => {
    this.#put(query, reply);
  };
  /** The offset in the slab of the next reply. */
  #cursor = tcp.outputOffset + LENGTH_PREFIX;
  #closed = false;
  readonly #onDrained: (() => void)[] = [];

  /** `bounds`: of all its connections. */
  constructor(context: WorkerContext, bounds: Required<ConnectionBounds>) {
    const { settings, counters, row, edns, guard, report } = context;
    if (addon.TcpEndpoint === undefined) throw new Error('native code cannot serve TCP on this platform');
    this.#dispatcher = context.dispatcher;
    this.#encoder = context.encoder;
    // Native code holds the slab's address: the memory must not move to another thread.
    markAsUntransferable(this.#slab);
    const words = new Uint32Array(batchSize * queryWords);
    const { envelopeSize } = context.proxies;
    this.#proxies = context.proxies;
    this.#streams = new NativeStreams(() => (this.#closed ? undefined : this.#endpoint), context);
    const origin = {
      ...envelopeOrigin('tcp', this.#locals, envelopeSize),
      openStream: (query: Query, reply: Reply, messages: MessageSource) =>
        this.#streams.open(this.#connectionOf(query), query, reply, messages),
    };
    this.#batch = { input: this.#bytes, words, text: this.#bytes, origin };
    const memory = {
      slab: this.#slab,
      queries: words,
      outbox: this.#outbox,
      counters,
      row,
      edns: edns.tcp,
      envelopeSize,
      connections: new Int32Array(settings.connections),
      seat: settings.seat,
      settings: packSettings({ ...settings.tcp, ...bounds }),
    };
    this.#endpoint = new addon.TcpEndpoint(memory, {
      onQueries: (count) => this.#serve(count),
      onHeld: () => {
        this.#dispatcher.keep();
      },
      onPause: () => {
        descriptorsRunOut(report);
      },
      onDrained: () => {
        this.#tellDrained();
      },
      onStream: (connection, open) => {
        this.#streams.changed(connection, open);
      },
    });
    if (guard !== undefined) this.#endpoint.guard(guard);
  }

  /** Starts to accept from a socket; queries that `front` can answer need no handler. Throws a system error. */
  add(socket: StreamSocket, front: AnswerFront | undefined): void {
    this.#locals[socket.number] = socket.local;
    this.#endpoint.add(socket.number, socket.fd, socket.wildcard, front, this.#proxies.of(socket.entry));
  }

  /** Stops accepting from a socket; its connections stay. */
  release(number: number): void {
    this.#endpoint.release(number);
  }

  /** Resolves when every connection is closed. Each closes when its queries are answered. */
  async drain(): Promise<void> {
    if (this.#closed || this.#endpoint.drain() === 0) return;
    await new Promise<void>((resolve) => this.#onDrained.push(resolve));
  }

  /** Stops accepting, and closes all at once. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endpoint.close();
    this.#streams.destroy();
    this.#tellDrained();
  }

  ref(): void {
    if (!this.#closed) this.#endpoint.ref();
  }

  unref(): void {
    if (!this.#closed) this.#endpoint.unref();
  }

  #tellDrained(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }

  /** Returns whether handlers hold some of the queries. */
  #serve(count: number): boolean {
    let held = false;
    for (let i = 0; i < count; i++) {
      const query = new Query(this.#batch, i);
      const reply = new Reply(query);
      if (this.#dispatcher.serve(query, reply, this.#deliver)) this.#put(query, reply);
      else held = true;
    }
    return held;
  }

  #put(query: Query, reply: Reply): void {
    if (this.#closed) return;
    if (this.#outbox[0] === tcp.outboxEntries || this.#cursor + tcp.maxFrame > tcp.outputEnd) this.#endpoint.flush();
    if (this.#outbox[0] === 0) this.#cursor = tcp.outputOffset + LENGTH_PREFIX;
    const length = this.#encoder.encode(query, reply, this.#bytes, this.#cursor);
    const entry = 1 + this.#outbox[0] * tcp.replyWords;
    this.#outbox[entry + entryWord.connection] = this.#connectionOf(query);
    this.#outbox[entry + entryWord.offset] = this.#cursor;
    this.#outbox[entry + entryWord.length] = length;
    this.#outbox[0]++;
    this.#cursor += length + LENGTH_PREFIX;
  }

  /** The number of the connection that brought a query. */
  #connectionOf(query: Query): number {
    return query.bytes.readUInt32LE(query.offset - this.#batch.origin.envelopeSize + envelope.connection);
  }
}

/** The options as words, named in `layout.tcpSetting`; those without an upper bound become the largest number. */
function packSettings(options: Readonly<Record<string, number>>): Uint32Array {
  const words = new Uint32Array(tcp.settings);
  for (const [name, place] of Object.entries(tcpSetting)) {
    words[place] = Math.min(name === 'reserve' ? DESCRIPTOR_RESERVE : options[name], 0xffffffff);
  }
  return words;
}
