import type { Socket } from 'node:net';
import { LENGTH_PREFIX } from '../../dns/numbers.js';
import { addon, type StreamAdmission } from '../../native/addon.js';
import type { QueryBatch } from '../../message/batch.js';
import { Query } from '../../message/query.js';
import { Reply } from '../../message/reply.js';
import type { MessageSource } from '../../message/stream.js';
import { CONNECTION_GIVEN_UP, NOTHING_GIVEN_UP, type Connection, type Protocol } from './connection.js';
import type { Service } from './connections.js';
import type { WorkerContext } from '../context.js';
import { workerCounter } from '../counters.js';
import { ConnectionStreams } from './connection-streams.js';
import { FrameInput } from './frame-input.js';
import { FrameOutput } from './frame-output.js';

const { query: word, queryWords, stream: streamWord, streamWords, verdict, batchSize, maxText } = addon.layout;

/** When more bytes of replies than this wait for a client to read, no more of its queries are taken. */
const MAX_UNREAD = 256 * 1024;
/**
 * Batches that are served for a connection in one turn of the loop. A read brings up to 64 KiB, some 1,500 queries: if
 * all were served at once, a few such clients would delay datagrams and new connections for seconds.
 */
const BATCHES_A_TURN = 1;
const QUERIES = workerCounter('tcpQueries');
const REPLIES = workerCounter('tcpReplies');

interface Shared extends WorkerContext {
  /** Rows and names of the messages being checked; valid until the next check. */
  words: Uint32Array;
  text: Buffer;
  /** The gathered replies of one read. */
  output: FrameOutput;
  admission: StreamAdmission;
  /** The input and output of the admission: `layout.stream`. */
  stream: Uint32Array;
}

/** DNS over TCP (RFC 7766) and over TLS (RFC 7858), for all connections of a worker. */
export class TcpService implements Service {
  readonly alpn: readonly string[] | undefined;
  readonly #shared: Shared;

  /** `encrypted`: whether its connections are encrypted. */
  constructor(context: WorkerContext, encrypted: boolean) {
    this.alpn = encrypted ? ['dot'] : undefined; // RFC 7858 s.3.2 (IANA: ALPN protocol IDs)
    const words = new Uint32Array(batchSize * queryWords);
    const text = Buffer.alloc(batchSize * 2 * maxText);
    const stream = new Uint32Array(streamWords);
    const output = new FrameOutput();
    const { counters, row, edns, guard } = context;
    const admission = new addon.StreamAdmission(
      {
        queries: words,
        text,
        counters,
        row,
        words: stream,
        edns: edns[encrypted ? 'tls' : 'tcp'],
        output: output.bytes,
      },
      guard,
    );
    this.#shared = { ...context, words, text, output, admission, stream };
  }

  start(connection: Connection): Protocol {
    return new TcpProtocol(connection, this.#shared);
  }
}

/** Length-prefixed messages in (RFC 1035 s.4.2.2), their replies out in any order (RFC 7766 s.6.2.1.1). */
class TcpProtocol implements Protocol {
  readonly unsent = 0;
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #context: Shared;
  readonly #input = new FrameInput();
  /**
   * Whether the queries of one turn of the loop are served together at its end. TLS brings records one by one, and most
   * clients send a query in each: served at once, each answer would cost a record and a system call of its own.
   */
  readonly #gathers: boolean;
  /** Whether reading is paused until handlers or the client have caught up, or until this connection's next turn. */
  #blocked = false;
  /** Whether its next turn is scheduled. */
  #serving = false;
  /** The client has closed its side, or we are about to close ours: it ends when all queries are answered. */
  #ending = false;
  #draining = false;
  /** Queries that the connection may still bring. */
  #left: number;
  #asked = false;
  #flushing = false;
  readonly #streams: ConnectionStreams;
  readonly #deliver = (query: Query, reply: Reply): void => {
    this.#putLate(query, reply);
  };

  constructor(connection: Connection, context: Shared) {
    const { socket } = connection;
    this.#connection = connection;
    this.#socket = socket;
    this.#context = context;
    this.#left = connection.bounds.maxQueries;
    this.#streams = new ConnectionStreams(connection, context, () => {
      if (this.#blocked) this.#serve();
      else this.#endWhenDone();
    });
    this.#gathers = connection.origin.transport === 'tls';
    connection.origin.openStream = (query: Query, reply: Reply, messages: MessageSource) =>
      this.#streams.open(query, reply, messages);
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    socket.on('drain', () => {
      if (this.#blocked) this.#serve();
    });
    socket.on('end', () => {
      this.#ending = true;
      this.#endWhenDone();
    });
  }

  drain(): void {
    this.#draining = this.#ending = true;
    this.#endWhenDone();
  }

  get expects(): boolean {
    return !this.#asked || this.#input.startedAt !== undefined;
  }

  giveUp(before: number): { messages: number; fatal: boolean } {
    const { startedAt } = this.#input;
    // While it is blocked, the rest of a message may have arrived and wait for us.
    const overdue = !this.#blocked && startedAt !== undefined && startedAt <= before;
    return overdue ? CONNECTION_GIVEN_UP : NOTHING_GIVEN_UP;
  }

  #read(chunk: Buffer): void {
    // The bytes are still read: closing a socket with unread data resets it, and the client might lose its last
    // replies.
    if (this.#draining) return;
    const now = performance.now();
    if (this.#input.startedAt === undefined) this.#connection.active(now);
    this.#input.push(chunk, now);
    if (this.#blocked) return;
    if (this.#gathers) this.#serveSoon();
    else this.#serve();
  }

  /** Serves the complete messages that have come, within the client's limit of queries and of this turn. */
  #serve(): void {
    const { counters, row, words, text, output, admission, stream } = this.#context;
    const { front, socketQueries, origin } = this.#connection;
    let batches = 0;
    while (batches < BATCHES_A_TURN && !this.#full() && this.#left > 0) {
      const { bytes, start, end } = this.#input;
      const { maxPipelined } = this.#context.settings.tcp;
      stream[streamWord.most] = Math.min(batchSize, maxPipelined - this.#connection.inFlight);
      stream[streamWord.answersEnd] = output.end;
      const count = admission.check(bytes, start, endOf(bytes, start, end, this.#left), front, origin.bytes);
      const consumed = stream[streamWord.consumed];
      if (consumed === start) break;
      batches++;
      this.#asked = true;
      this.#input.consume(consumed, performance.now());
      const answered = output.addAnswers(stream[streamWord.answersEnd]);
      counters[row + QUERIES] += count + answered;
      counters[row + REPLIES] += answered;
      counters[socketQueries] += count + answered;
      this.#left -= count + answered;
      this.#serveBatch({ input: bytes, words, text, origin }, count);
      this.#send(output.take());
      if (this.#left <= 0) this.#draining = this.#ending = true;
    }
    const more = !this.#draining && batches === BATCHES_A_TURN && this.#input.startedAt !== undefined;
    if (more) this.#serveSoon();
    this.#block(more || this.#full());
    this.#endWhenDone();
  }

  /** In the next turn of the loop, after other connections have had theirs. */
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
        else this.#connection.begin();
      } else if (outcome === verdict.reply) {
        if (output.full) this.#send(output.take());
        const offset = batch.words[at + word.offset];
        output.add(batch.input.copy(output.bytes, output.next, offset, offset + batch.words[at + word.length]));
        counters[row + REPLIES]++;
      }
    }
    dispatcher.keep();
  }

  #put(query: Query, reply: Reply): void {
    const { encoder, counters, row, output } = this.#context;
    if (output.full) this.#send(output.take());
    const length = encoder.encode(query, reply, output.bytes, output.next);
    if (length === 0) return;
    output.add(length);
    counters[row + REPLIES]++;
  }

  #putLate(query: Query, reply: Reply): void {
    this.#connection.finish();
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
    this.#connection.active();
    this.#socket.write(frames);
  }

  #full(): boolean {
    return (
      this.#connection.inFlight >= this.#context.settings.tcp.maxPipelined || this.#socket.writableLength > MAX_UNREAD
    );
  }

  #block(on: boolean): void {
    if (on === this.#blocked) return;
    this.#blocked = on;
    if (on) this.#socket.pause();
    else this.#socket.resume();
  }

  #endWhenDone(): void {
    if (!this.#ending || this.#connection.inFlight > 0 || this.#blocked || this.#serving || this.#flushing) return;
    if (!this.#socket.writableEnded) this.#socket.end();
  }
}

/** The end of the first `most` messages of a stream, or `end` if it has fewer. */
function endOf(bytes: Buffer, start: number, end: number, most: number): number {
  if (end - start < most * LENGTH_PREFIX) return end;
  let at = start;
  for (let count = 0; count < most && end - at >= LENGTH_PREFIX; count++) at += LENGTH_PREFIX + bytes.readUInt16BE(at);
  return Math.min(at, end);
}
