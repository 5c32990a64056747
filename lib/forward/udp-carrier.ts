import { markAsUntransferable } from 'node:worker_threads';
import { addon, type UdpClient } from '../native/addon.js';
import { formatAddress } from '../socket/addresses.js';
import { sectionsOf } from './answer-row.js';
import { SWEEP_INTERVAL, type Carrier, type Exchange } from './exchange.js';
import { CLOSED, socketFailed, timedOut, TOO_MANY, type Route } from './upstream-error.js';

const { layout } = addon;
const { client: memory, ask: askWord, answer: answerWord, outcome } = layout;

/** The native UDP client for all upstreams of a worker's `forward`. It sends the queries of a batch together. */
export class UdpCarrier {
  readonly #slab = new ArrayBuffer(memory.slabSize);
  readonly #bytes = Buffer.from(this.#slab);
  readonly #outbox = new Uint32Array(1 + memory.outboxEntries * memory.outboxWords);
  readonly #answers = new Uint32Array(layout.batchSize * memory.answerWords);
  readonly #client: UdpClient;
  /** Pending queries, by handle. */
  readonly #exchanges: (Exchange | undefined)[] = [];
  /** Their deadlines, by handle. */
  readonly #deadlines: number[] = [];
  /** The number of the upstream, by handle. */
  readonly #asked: number[] = [];
  readonly #free: number[] = [];
  /** The address and port of an upstream, by number. */
  readonly #upstreams: string[] = [];
  /** The offset in the slab of the next query. */
  #cursor = memory.queriesOffset;
  #flushing = false;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor() {
    // Native code holds the slab's address: the memory must not move to another thread.
    markAsUntransferable(this.#slab);
    this.#client = new addon.UdpClient(this.#slab, this.#outbox, this.#answers, (count) => {
      this.#deliver(count);
    });
  }

  /** Adds an upstream. `address`: numeric; `source`: where queries leave from, default: the kernel's choice. */
  add(address: string, port: number, source: string | undefined): Carrier {
    this.#client.add(address, port, source);
    const upstream = this.#upstreams.push(formatAddress(address, port)) - 1;
    return {
      ask: (exchange, deadline) => {
        this.#ask(upstream, exchange, deadline);
      },
      close: () => {
        this.close();
      },
    };
  }

  /** Datagrams that answered no pending query: late or forged ones. */
  get unmatched(): number {
    return this.#client.counters().unmatched;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweeper);
    this.#client.close();
    for (const exchange of this.#exchanges.splice(0)) exchange?.failed(CLOSED);
  }

  #ask(upstream: number, exchange: Exchange, deadline: number): void {
    if (this.#closed) {
      exchange.failed(CLOSED);
      return;
    }
    const handle = this.#free.pop() ?? this.#exchanges.length;
    if (handle >= memory.maxOutstanding) {
      exchange.failed(TOO_MANY);
      return;
    }
    const { length } = exchange;
    if (this.#outbox[0] === memory.outboxEntries || this.#cursor + length > memory.slabSize) this.#flush();
    this.#exchanges[handle] = exchange;
    this.#deadlines[handle] = deadline;
    this.#asked[handle] = upstream;
    exchange.write(this.#bytes, this.#cursor);
    const entry = 1 + this.#outbox[0]++ * memory.outboxWords;
    this.#outbox[entry + askWord.upstream] = upstream;
    this.#outbox[entry + askWord.handle] = handle;
    this.#outbox[entry + askWord.offset] = this.#cursor;
    this.#outbox[entry + askWord.length] = length;
    this.#outbox[entry + askWord.questionEnd] = exchange.questionEnd;
    this.#cursor += length;
    if (this.#flushing) return;
    this.#flushing = true;
    // After the handlers of all queries of the batch, and before native code goes on.
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
    // The sockets do not keep the process alive; this does, while queries wait.
    this.#sweeper ??= setInterval(this.#sweep, SWEEP_INTERVAL);
  }

  #flush(): void {
    const count = this.#outbox[0];
    if (count === 0 || this.#closed) return;
    this.#client.flush();
    this.#cursor = memory.queriesOffset;
    for (let i = 0; i < count; i++) {
      const entry = 1 + i * memory.outboxWords;
      const error = this.#outbox[entry + askWord.error];
      if (error === 0) continue;
      const handle = this.#outbox[entry + askWord.handle];
      const cause = socketFailed(this.#route(handle, ''), error);
      // Done last, since the receiver may ask again at once.
      const exchange = this.#take(handle);
      queueMicrotask(() => exchange?.failed(cause));
    }
  }

  #deliver(count: number): void {
    const rows = this.#answers;
    const now = performance.now();
    let end = 0;
    for (let i = 0; i < count; i++) {
      const row = i * memory.answerWords;
      if (rows[row + answerWord.outcome] === outcome.answered) {
        end = rows[row + answerWord.offset] + rows[row + answerWord.length];
      }
    }
    // One copy for all of them: the slab is reused for the next batch.
    const bytes = Buffer.allocUnsafe(end);
    this.#bytes.copy(bytes, 0, 0, end);
    for (let i = 0; i < count; i++) {
      const row = i * memory.answerWords;
      const handle = rows[row + answerWord.handle];
      const exchange = this.#take(handle);
      if (exchange === undefined) continue;
      switch (rows[row + answerWord.outcome]) {
        case outcome.answered:
          exchange.answered(sectionsOf(bytes, rows, row), now);
          break;
        case outcome.truncated:
          exchange.detour('truncated');
          break;
        case outcome.misspelt:
          exchange.detour('misspelt');
          break;
        case outcome.guessed:
          exchange.detour('guessed');
          break;
        case outcome.malformed:
          exchange.detour('malformed');
          break;
        default: {
          const { offset, length, error } = answerWord;
          const from = this.#bytes.toString('latin1', rows[row + offset], rows[row + offset] + rows[row + length]);
          exchange.failed(socketFailed(this.#route(handle, from), rows[row + error]));
        }
      }
    }
  }

  #route(handle: number, from: string): Route {
    return { network: 'udp', from, to: this.#upstreams[this.#asked[handle]] };
  }

  #take(handle: number): Exchange | undefined {
    const exchange = this.#exchanges[handle];
    if (exchange === undefined) return undefined;
    this.#exchanges[handle] = undefined;
    this.#free.push(handle);
    return exchange;
  }

  readonly #sweep = (): void => {
    const now = performance.now();
    let waiting = false;
    for (let handle = 0; handle < this.#exchanges.length; handle++) {
      if (this.#exchanges[handle] === undefined) continue;
      waiting = true;
      if (this.#deadlines[handle] > now) continue;
      const route = this.#route(handle, this.#client.forget(handle));
      this.#take(handle)?.failed(timedOut(route));
    }
    if (waiting) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  };
}
