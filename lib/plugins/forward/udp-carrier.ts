/** Queries to upstreams over UDP, gathered so that those of one batch leave together. */
import { markAsUntransferable } from 'node:worker_threads';
import { addon, type UdpClient } from '../../addon.js';
import type { EncodedSections } from '../../dns/encoded-message.js';
import { CLOSED, SWEEP_INTERVAL, TIMED_OUT, type Carrier, type Exchange } from './exchange.js';

const { layout } = addon;
const { client: memory, ask: askWord, answer: answerWord, outcome } = layout;

/** See the file's head. One for all upstreams of a worker's `forward`. */
export class UdpCarrier {
  readonly #slab = new ArrayBuffer(memory.slabSize);
  readonly #bytes = Buffer.from(this.#slab);
  readonly #outbox = new Uint32Array(1 + memory.outboxEntries * memory.outboxWords);
  readonly #answers = new Uint32Array(layout.batchSize * memory.answerWords);
  readonly #client: UdpClient;
  /** By handle: what is waited for. */
  readonly #exchanges: (Exchange | undefined)[] = [];
  /** By handle: until when. */
  readonly #deadlines: number[] = [];
  readonly #free: number[] = [];
  #upstreams = 0;
  /** Where in the slab the next query goes. */
  #cursor = memory.queriesOffset;
  #flushing = false;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor() {
    // Native code holds the slab's address: nobody may move the memory to another thread.
    markAsUntransferable(this.#slab);
    this.#client = new addon.UdpClient(this.#slab, this.#outbox, this.#answers, (count) => {
      this.#deliver(count);
    });
  }

  /** Adds an upstream. `address`: numeric. */
  add(address: string, port: number): Carrier {
    this.#client.add(address, port);
    const upstream = this.#upstreams++;
    return {
      ask: (exchange, deadline) => {
        this.#ask(upstream, exchange, deadline);
      },
      close: () => {
        this.close();
      },
    };
  }

  /** Datagrams that answered no query that was waited for: late ones, and those that somebody made up. */
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
      exchange.failed('too many queries wait for answers');
      return;
    }
    const { length } = exchange;
    if (this.#outbox[0] === memory.outboxEntries || this.#cursor + length > memory.slabSize) this.#flush();
    this.#exchanges[handle] = exchange;
    this.#deadlines[handle] = deadline;
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
    this.#sweeper ??= setInterval(this.#sweep, SWEEP_INTERVAL).unref();
  }

  #flush(): void {
    const count = this.#outbox[0];
    if (count === 0 || this.#closed) return;
    const handles: number[] = [];
    for (let i = 0; i < count; i++) handles.push(this.#outbox[1 + i * memory.outboxWords + askWord.handle]);
    this.#client.flush();
    this.#cursor = memory.queriesOffset;
    for (let i = 0; i < count; i++) {
      if (this.#outbox[1 + i * memory.outboxWords + askWord.handle] !== memory.unsent) continue;
      // Later, since whoever has it may ask again at once.
      const exchange = this.#take(handles[i]);
      queueMicrotask(() => exchange?.failed('the query could not be sent'));
    }
  }

  #deliver(count: number): void {
    const rows = this.#answers;
    let end = 0;
    for (let i = 0; i < count; i++) {
      const row = i * memory.answerWords;
      if (rows[row + answerWord.outcome] === outcome.answered) {
        end = rows[row + answerWord.offset] + rows[row + answerWord.length];
      }
    }
    // One copy for all of them: the slab is used again for the next batch.
    const bytes = Buffer.allocUnsafe(end);
    this.#bytes.copy(bytes, 0, 0, end);
    for (let i = 0; i < count; i++) {
      const row = i * memory.answerWords;
      const exchange = this.#take(rows[row + answerWord.handle]);
      if (exchange === undefined) continue;
      switch (rows[row + answerWord.outcome]) {
        case outcome.answered:
          exchange.answered(sectionsOf(bytes, rows, row));
          break;
        case outcome.truncated:
          exchange.truncated();
          break;
        case outcome.malformed:
          exchange.failed('the answer cannot be read');
          break;
        default:
          exchange.failed('nobody is there');
      }
    }
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
      this.#client.forget(handle);
      this.#take(handle)?.failed(TIMED_OUT);
    }
    if (waiting) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  };
}

function sectionsOf(bytes: Buffer, rows: Uint32Array, row: number): EncodedSections {
  const offset = rows[row + answerWord.offset];
  const flagsAndRcode = rows[row + answerWord.flagsAndRcode];
  const optionsStart = offset + rows[row + answerWord.optionsOffset];
  return {
    bytes,
    offset,
    start: offset + rows[row + answerWord.questionEnd],
    end: offset + rows[row + answerWord.recordsEnd],
    optionsStart,
    optionsEnd: optionsStart + rows[row + answerWord.optionsLength],
    counts: {
      answers: rows[row + answerWord.answers],
      authorities: rows[row + answerWord.authorities],
      additionals: rows[row + answerWord.additionals],
    },
    flags: flagsAndRcode >>> 16,
    rcode: flagsAndRcode & 0xffff,
  };
}
