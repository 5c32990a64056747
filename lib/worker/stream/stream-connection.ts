/** One client's connection: length-prefixed messages in (RFC 1035 s.4.2.2), their replies out in any order (RFC 7766). */
import type { Socket } from 'node:net';
import { addon, type AnswerFront, type Guard } from '../../native/addon.js';
import type { Origin, QueryBatch } from '../../message/batch.js';
import { Query } from '../../message/query.js';
import { Reply } from '../../message/reply.js';
import { socketCounter, workerCounter } from '../counters.js';
import type { Dispatcher } from '../dispatcher.js';
import type { EdnsSettings } from '../edns-settings.js';
import { FrameInput } from './frame-input.js';
import type { FrameOutput } from './frame-output.js';

const { query: word, queryWords, verdict, batchSize } = addon.layout;

/** Replies that may wait for a client to read before no more of its queries are taken, in bytes. */
const MAX_UNREAD = 256 * 1024;
/**
 * Batches that a connection is served in one turn of the loop. A read brings up to 64 KiB, which are some 1,500 queries:
 * were they all served at once, a few such clients would keep datagrams and new connections waiting for seconds.
 */
const BATCHES_A_TURN = 1;
const QUERIES = workerCounter('tcpQueries');
const REPLIES = workerCounter('tcpReplies');
const SOCKET_QUERIES = socketCounter('queries');

/** What the connections of one worker share. */
export interface StreamContext {
  dispatcher: Dispatcher;
  /** All rows of counters. */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  edns: EdnsSettings;
  /** Queries of one connection that handlers may hold at a time. */
  maxPipelined: number;
  /** Rows and names of the messages that are being looked at; of use until the next look. */
  words: Uint32Array;
  text: Buffer;
  /** Where the replies of one read are gathered. */
  output: FrameOutput;
  guard: Guard | undefined;
  /** Two numbers that the look at messages tells: see `addon.checkStream`. */
  progress: Uint32Array;
}

/** See the file's head. */
export class StreamConnection {
  readonly #socket: Socket;
  readonly #context: StreamContext;
  readonly #socketRow: number;
  readonly #origin: Origin;
  readonly #front: AnswerFront | undefined;
  readonly #input = new FrameInput();
  /**
   * Whether what one turn of the loop brings is served at its end. TLS brings records one by one, and most clients send a
   * query in each: served as they come, each answer would be a record and a system call of its own.
   */
  readonly #gathers: boolean;
  #inFlight = 0;
  /** Nothing is read until handlers or the client have caught up, or it is this connection's turn again. */
  #blocked = false;
  /** It will be its turn again soon. */
  #serving = false;
  /** The client has closed its side, or we are about to close ours: what has come is answered, then it ends. */
  #ending = false;
  #draining = false;
  #flushing = false;
  /** When something last came or went, by `performance.now()`. */
  #lastActive = performance.now();
  /** We have closed our side. */
  #ended = false;
  #unreadSince: number | undefined;
  /** How much waited when it was last asked for, in bytes. */
  #unread = 0;
  readonly #deliver = (query: Query, reply: Reply): void => {
    this.#putLate(query, reply);
  };

  /** `socketRow`: the element of the counters at which the listening socket's row starts. */
  constructor(
    socket: Socket,
    context: StreamContext,
    socketRow: number,
    origin: Origin,
    front: AnswerFront | undefined,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.#socketRow = socketRow;
    this.#origin = origin;
    this.#front = front;
    this.#gathers = origin.transport === 'tls';
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    socket.on('drain', () => {
      this.#unreadSince = undefined;
      if (this.#blocked) this.#serve();
    });
    socket.on('end', () => {
      this.#ending = true;
      this.#endWhenDone();
    });
    // A reset by the client is its own affair; 'close' follows.
    socket.on('error', () => undefined);
  }

  /** How long nothing has come though nothing is owed to the client, in ms; 0 when something is. */
  idleFor(now: number): number {
    return this.#inFlight > 0 || this.#input.startedAt !== undefined ? 0 : now - this.#lastActive;
  }

  /** How long ago we closed our side, in ms, or 0: no longer than a client is waited for that does not close its own. */
  lingersFor(now: number): number {
    return this.#ended ? now - this.#lastActive : 0;
  }

  /** How long the first message that is not complete has been coming, in ms. */
  messageFor(now: number): number {
    return this.#blocked || this.#input.startedAt === undefined ? 0 : now - this.#input.startedAt;
  }

  /** How long the client has read nothing though replies wait for it, in ms. To be asked now and then. */
  unreadFor(now: number): number {
    const { writableLength } = this.#socket;
    // A client that reads slowly, and not enough to empty what waits, is no dead one.
    if (this.#unreadSince !== undefined && writableLength < this.#unread) this.#unreadSince = now;
    this.#unread = writableLength;
    return this.#unreadSince === undefined ? 0 : now - this.#unreadSince;
  }

  /** Takes no more queries, and closes when all that have come are answered. */
  drain(): void {
    this.#draining = this.#ending = true;
    this.#endWhenDone();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  #read(chunk: Buffer): void {
    // Read all the same: closing a socket with unread data resets it, and the client might lose its last replies.
    if (this.#draining) return;
    this.#lastActive = performance.now();
    this.#input.push(chunk, this.#lastActive);
    if (this.#blocked) return;
    if (this.#gathers) this.#serveSoon();
    else this.#serve();
  }

  /** Serves the complete messages that have come, as far as the client's share allows: of them, and of this turn. */
  #serve(): void {
    const { counters, row, words, text, output, progress, edns, guard } = this.#context;
    const front = this.#front;
    let batches = 0;
    while (batches < BATCHES_A_TURN && !this.#full()) {
      const { bytes, start, end } = this.#input;
      const most = Math.min(batchSize, this.#context.maxPipelined - this.#inFlight);
      const { bytes: origin, transport } = this.#origin;
      const check = [bytes, start, end, most, words, text, counters, row, progress, edns[transport]] as const;
      const answers = front !== undefined || guard !== undefined;
      const count = answers
        ? addon.checkStream(...check, front, guard, origin, output.bytes, output.end)
        : addon.checkStream(...check);
      if (progress[0] === start) break;
      batches++;
      this.#input.consume(progress[0], this.#lastActive);
      const answered = answers ? output.addAnswers(progress[1]) : 0;
      counters[row + QUERIES] += count + answered;
      counters[row + REPLIES] += answered;
      counters[this.#socketRow + SOCKET_QUERIES] += count + answered;
      this.#serveBatch({ input: bytes, words, text, origin: this.#origin }, count);
      this.#send(output.take());
    }
    const more = batches === BATCHES_A_TURN && this.#input.startedAt !== undefined;
    if (more) this.#serveSoon();
    this.#block(more || this.#full());
    this.#endWhenDone();
  }

  /** In the next turn of the loop, when others have had theirs. */
  #serveSoon(): void {
    if (this.#serving) return;
    this.#serving = true;
    setImmediate(() => {
      this.#serving = false;
      if (!this.#socket.destroyed) this.#serve();
    });
  }

  #serveBatch(batch: QueryBatch, count: number): void {
    const { dispatcher, output, counters, row } = this.#context;
    for (let i = 0; i < count; i++) {
      const at = i * queryWords;
      const outcome = batch.words[at + word.verdict];
      if (outcome === verdict.query) {
        const query = new Query(batch, i);
        const reply = new Reply(query);
        if (dispatcher.serve(query, reply, this.#deliver)) this.#put(query, reply);
        else this.#inFlight++;
      } else if (outcome === verdict.reply) {
        if (output.full) this.#send(output.take());
        const offset = batch.words[at + word.offset];
        output.add(batch.input.copy(output.bytes, output.next, offset, offset + batch.words[at + word.length]));
        counters[row + REPLIES]++;
      }
    }
  }

  #put(query: Query, reply: Reply): void {
    const { dispatcher, counters, row, output } = this.#context;
    if (output.full) this.#send(output.take());
    const length = dispatcher.encode(query, reply, output.bytes, output.next);
    if (length === 0) return;
    output.add(length);
    counters[row + REPLIES]++;
  }

  #putLate(query: Query, reply: Reply): void {
    this.#inFlight--;
    if (this.#socket.destroyed) return;
    if (!this.#flushing) {
      // Replies that become ready in one turn of the loop leave together.
      this.#flushing = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#flushing = false;
        this.#socket.uncork();
        if (this.#blocked) this.#serve();
        else this.#endWhenDone();
      });
    }
    this.#put(query, reply);
    this.#send(this.#context.output.take());
  }

  #send(frames: Buffer | undefined): void {
    if (frames === undefined || this.#socket.destroyed) return;
    this.#lastActive = performance.now();
    if (!this.#socket.write(frames)) this.#unreadSince ??= this.#lastActive;
  }

  #full(): boolean {
    return this.#inFlight >= this.#context.maxPipelined || this.#socket.writableLength > MAX_UNREAD;
  }

  #block(on: boolean): void {
    if (on === this.#blocked) return;
    this.#blocked = on;
    if (on) this.#socket.pause();
    else this.#socket.resume();
  }

  #endWhenDone(): void {
    if (!this.#ending || this.#inFlight > 0 || this.#blocked || this.#serving || this.#flushing || this.#ended) return;
    this.#ended = true;
    this.#lastActive = performance.now();
    this.#socket.end();
  }
}
