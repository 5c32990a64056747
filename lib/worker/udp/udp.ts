import { markAsUntransferable } from 'node:worker_threads';
import { addon, type AnswerFront, type UdpEndpoint } from '../../native/addon.js';
import type { Endpoint, QueryBatch } from '../../message/batch.js';
import { copyOctets } from '../../dns/octets.js';
import { Query } from '../../message/query.js';
import { Reply } from '../../message/reply.js';
import type { WorkerContext } from '../context.js';
import type { Dispatcher } from '../dispatcher.js';
import type { Proxies } from '../proxies.js';
import { envelopeOrigin } from '../envelope.js';

const { layout } = addon;
const { envelope, outbox: outboxWord, outputOffset, slabSize, outboxEntryWords } = layout;

/** A fuller outbox is sent before more is added: native code needs room for a batch's own replies. */
const OUTBOX_LIMIT = layout.outboxEntries - layout.batchSize;

/** A UDP socket that is lent to a worker. */
export interface UdpSocket {
  /** The socket's number in this server: its row of counters. */
  number: number;
  /** The owner's descriptor; the transport works on a duplicate. */
  fd: number;
  /** Sockets of one address and port have the same group. */
  group: number;
  /** Whether it is bound to all addresses (0.0.0.0 or ::). */
  wildcard: boolean;
  /** The address and port that it is bound to. */
  local: Endpoint;
  /** Its address as in the option `listen`. */
  entry: string;
}

/**
 * A worker's side of DNS over UDP: receives batches of queries and sends their replies. Serves the sockets that it is
 * lent, on the event loop of the thread that made it.
 */
export class UdpTransport {
  readonly #slab = new ArrayBuffer(slabSize);
  readonly #bytes = Buffer.from(this.#slab);
  readonly #outbox = new Uint32Array(1 + layout.outboxEntries * outboxEntryWords);
  readonly #batch: QueryBatch;
  readonly #endpoint: UdpEndpoint;
  readonly #dispatcher: Dispatcher;
  readonly #encoder: WorkerContext['encoder'];
  readonly #maxPayloadSize: number;
  readonly #proxies: Proxies;
  readonly #envelopeSize: number;
  readonly #locals: Endpoint[] = [];
  /** Queries of a socket that a handler still holds. */
  readonly #inFlight: number[] = [];
  /**
   * The sockets to give back when the last query is answered. The function resolves with false if the socket was lent
   * again.
   */
  readonly #released = new Map<number, (done: boolean) => void>();
  readonly #deliver = (query: Query, reply: Reply): void => {
    this.#putLate(query, reply);
  };
  /** The offset in the slab of the next reply. */
  #cursor = outputOffset;
  #closed = false;

  constructor(context: WorkerContext) {
    const { settings } = context;
    this.#dispatcher = context.dispatcher;
    this.#encoder = context.encoder;
    this.#maxPayloadSize = settings.maxPayloadSize;
    // Native code holds the slab's address: the memory must not move to another thread.
    markAsUntransferable(this.#slab);
    const words = new Uint32Array(layout.batchSize * layout.queryWords);
    const { counters, row, edns, proxies } = context;
    const { envelopeSize } = proxies;
    this.#proxies = proxies;
    this.#envelopeSize = envelopeSize;
    const origin = envelopeOrigin('udp', this.#locals, envelopeSize);
    this.#batch = { input: this.#bytes, words, text: this.#bytes, origin };
    const memory = {
      slab: this.#slab,
      queries: words,
      outbox: this.#outbox,
      counters,
      row,
      edns: edns.udp,
      envelopeSize,
    };
    const onHeld = (): void => {
      this.#dispatcher.keep();
    };
    this.#endpoint = new addon.UdpEndpoint(memory, (count) => this.#serve(count), onHeld);
    this.#endpoint.dropOlderThan(settings.maxQueueDelay);
    if (context.guard !== undefined) this.#endpoint.guard(context.guard);
  }

  /** Starts to serve a socket; queries that `front` can answer need no handler. */
  add(socket: UdpSocket, front: AnswerFront | undefined): void {
    const released = this.#released.get(socket.number);
    if (released !== undefined) {
      // It was about to be given back, and stays.
      this.#released.delete(socket.number);
      this.#endpoint.start(socket.number);
      released(false);
      return;
    }
    this.#locals[socket.number] = socket.local;
    this.#inFlight[socket.number] = 0;
    this.#endpoint.add(socket.number, socket.fd, socket.group, socket.wildcard, front);
    const proxy = this.#proxies.of(socket.entry);
    if (proxy !== undefined) this.#endpoint.believe(socket.number, proxy);
  }

  /** Stops reading a socket; resolves when the last query that came through it is answered. */
  async release(number: number): Promise<void> {
    this.#endpoint.stop(number);
    const wait = this.#inFlight[number] > 0;
    const done = !wait || (await new Promise<boolean>((resolve) => this.#released.set(number, resolve)));
    if (done) this.#endpoint.remove(number);
  }

  /** Sends the replies that are ready and closes all; later replies are dropped. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endpoint.close();
  }

  ref(): void {
    this.#endpoint.ref();
  }

  unref(): void {
    this.#endpoint.unref();
  }

  /** Returns whether handlers hold some of the queries. */
  #serve(count: number): boolean {
    let held = false;
    for (let i = 0; i < count; i++) {
      const query = new Query(this.#batch, i);
      const reply = new Reply(query);
      // Read before the handler runs, which may move the query out of the slab.
      const envelopeOffset = query.offset - this.#envelopeSize;
      if (this.#dispatcher.serve(query, reply, this.#deliver)) {
        this.#makeRoom();
        this.#put(query, reply, envelopeOffset);
      } else {
        held = true;
        this.#inFlight[this.#bytes.readUInt32LE(envelopeOffset + envelope.socket)]++;
      }
    }
    return held;
  }

  /** The endpoint sends the reply after the batch, or before the loop waits. */
  #putLate(query: Query, reply: Reply): void {
    if (this.#closed) return;
    this.#makeRoom();
    let envelopeOffset = query.offset - this.#envelopeSize;
    if (query.bytes !== this.#bytes) {
      // The query has been kept longer than its batch, and its envelope with it.
      const at = this.#cursor;
      this.#cursor += copyOctets(query.bytes, envelopeOffset, query.offset, this.#bytes, at);
      envelopeOffset = at;
    }
    this.#put(query, reply, envelopeOffset);
    const number = this.#bytes.readUInt32LE(envelopeOffset + envelope.socket);
    const left = --this.#inFlight[number];
    if (left === 0 && this.#released.size > 0) {
      this.#endpoint.flush();
      this.#released.get(number)?.(true);
      this.#released.delete(number);
    }
  }

  /** Makes room in the slab and the outbox for one more envelope and reply. */
  #makeRoom(): void {
    if (this.#outbox[0] >= OUTBOX_LIMIT || this.#cursor + this.#envelopeSize + this.#maxPayloadSize > slabSize) {
      this.#endpoint.flush();
    }
    if (this.#outbox[0] === 0) this.#cursor = outputOffset;
  }

  #put(query: Query, reply: Reply, envelopeOffset: number): void {
    const length = this.#encoder.encode(query, reply, this.#bytes, this.#cursor);
    if (length === 0) return;
    const entry = 1 + this.#outbox[0] * outboxEntryWords;
    this.#outbox[entry + outboxWord.envelope] = envelopeOffset;
    this.#outbox[entry + outboxWord.message] = this.#cursor;
    this.#outbox[entry + outboxWord.length] = length;
    this.#outbox[entry + outboxWord.opt] = reply.optStart;
    this.#outbox[0]++;
    this.#cursor += length;
  }
}
