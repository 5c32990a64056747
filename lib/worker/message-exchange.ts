import { MAX_MESSAGE, LENGTH_PREFIX } from '../dns/numbers.js';
import { addon, type StreamAdmission } from '../native/addon.js';
import type { Transport } from '../message/batch.js';
import { Query } from '../message/query.js';
import { Reply } from '../message/reply.js';
import type { RequestOrigin } from './https/request-origin.js';
import type { Connection } from './stream/connection.js';
import type { WorkerContext } from './context.js';
import { workerCounter } from './counters.js';
import type { Deliver } from './dispatcher.js';

const { layout } = addon;
const { query: word, stream: streamWord, verdict } = layout;

/**
 * The outcome of a message: its reply; `'dropped'` if the handler dropped it; `'invalid'` if the message is not a
 * query: too short for a header, or a response.
 */
export type Outcome = Buffer | 'dropped' | 'invalid';

/**
 * Answers messages that come one at a time, as HTTPS and gRPC carry them, for all connections of a worker and
 * transport.
 */
export class MessageExchange {
  readonly #context: WorkerContext;
  readonly #queries: number;
  readonly #replies: number;
  readonly #words = new Uint32Array(layout.queryWords);
  readonly #text = Buffer.alloc(2 * layout.maxText);
  /** Holds a message while it is checked; what is kept longer is moved out (`Query.detach`). */
  readonly #input = Buffer.alloc(LENGTH_PREFIX + MAX_MESSAGE);
  readonly #output = Buffer.alloc(LENGTH_PREFIX + MAX_MESSAGE);
  readonly #stream = new Uint32Array(layout.streamWords);
  readonly #admission: StreamAdmission;

  constructor(transport: Extract<Transport, 'https' | 'grpc'>, context: WorkerContext) {
    this.#context = context;
    this.#stream[streamWord.most] = 1;
    const { counters, row, edns, guard } = context;
    const memory = {
      queries: this.#words,
      text: this.#text,
      counters,
      row,
      words: this.#stream,
      edns: edns[transport],
    };
    this.#admission = new addon.StreamAdmission({ ...memory, output: this.#output }, guard);
    this.#queries = context.row + workerCounter(`${transport}Queries`);
    this.#replies = context.row + workerCounter(`${transport}Replies`);
  }

  /**
   * Answers a message of at most 65,535 bytes, and calls `done` once with the outcome: before this returns if no
   * asynchronous handler is needed.
   */
  serve(message: Uint8Array, connection: Connection, origin: RequestOrigin, done: (outcome: Outcome) => void): void {
    const { counters, dispatcher, encoder } = this.#context;
    counters[this.#queries]++;
    counters[connection.socketQueries]++;
    const known = this.#check(message, connection, origin);
    if (known !== undefined) {
      this.#finish(known, done);
      return;
    }
    const query = new Query({ input: this.#input, words: this.#words, text: this.#text, origin }, 0);
    const reply = new Reply(query);
    const deliver: Deliver = (asked, answer) => {
      const length = encoder.encode(asked, answer, this.#output, 0);
      this.#finish(length === 0 ? 'dropped' : copy(this.#output, 0, length), done);
    };
    if (dispatcher.serve(query, reply, deliver)) deliver(query, reply);
    else dispatcher.keep();
  }

  /** The outcome of a message that needs no handler; undefined if it needs one. */
  #check(message: Uint8Array, { front }: Connection, origin: RequestOrigin): Outcome | undefined {
    const input = this.#input;
    const end = LENGTH_PREFIX + message.length;
    input.writeUInt16BE(message.length);
    input.set(message, LENGTH_PREFIX);
    this.#stream[streamWord.answersEnd] = 0;
    const rows = this.#admission.check(input, 0, end, front, origin.bytes);
    if (rows === 0) return copy(this.#output, LENGTH_PREFIX, this.#stream[streamWord.answersEnd]);
    const found = this.#words[word.verdict];
    if (found === verdict.drop) return 'invalid';
    return found === verdict.reply ? copy(input, LENGTH_PREFIX, LENGTH_PREFIX + this.#words[word.length]) : undefined;
  }

  #finish(outcome: Outcome, done: (outcome: Outcome) => void): void {
    if (typeof outcome !== 'string') this.#context.counters[this.#replies]++;
    done(outcome);
  }
}

function copy(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, end));
}
