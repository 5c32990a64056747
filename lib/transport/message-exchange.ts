/** One message in, one reply out: what transports do that carry a message at a time, such as HTTPS and gRPC. */
import { addon, type AnswerFront, type Guard } from '../addon.js';
import type { Endpoint, Transport } from '../message/batch.js';
import { Query } from '../message/query.js';
import { Reply } from '../message/reply.js';
import { socketCounter, workerCounter } from './counters.js';
import type { Dispatcher } from './dispatcher.js';
import type { EdnsSettings } from './edns-settings.js';
import { packOrigin } from './ip.js';

const { layout } = addon;
const { query: word, verdict } = layout;
const MAX_MESSAGE = 0xffff;
const PREFIX = 2;
const SOCKET_QUERIES = socketCounter('queries');

/** What a {@link MessageExchange} is made from. */
export interface MessageExchangeOptions {
  dispatcher: Dispatcher;
  /** All rows of counters (see `lib/transport/counters.ts`). */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  edns: EdnsSettings;
  guard: Guard | undefined;
}

/** Where a message came from and went. */
export interface MessagePath {
  client: Endpoint;
  local: Endpoint;
  /** The number of the listening socket. */
  listener: number;
  /** What it knows needs no handler. */
  front: AnswerFront | undefined;
}

/** See the file's head. One a worker and transport. */
export class MessageExchange {
  readonly #options: MessageExchangeOptions;
  readonly #transport: 'https' | 'grpc';
  readonly #queries: number;
  readonly #replies: number;
  readonly #words = new Uint32Array(layout.batchSize * layout.queryWords);
  readonly #text = Buffer.alloc(layout.batchSize * 2 * layout.maxText);
  readonly #output = Buffer.alloc(PREFIX + MAX_MESSAGE);
  readonly #progress = new Uint32Array(2);

  constructor(transport: Extract<Transport, 'https' | 'grpc'>, options: MessageExchangeOptions) {
    this.#options = options;
    this.#transport = transport;
    this.#queries = options.row + workerCounter(`${transport}Queries`);
    this.#replies = options.row + workerCounter(`${transport}Replies`);
  }

  /**
   * The reply to a message of at most 65,535 bytes; `'dropped'` when the handler would have none, `'invalid'` when the
   * message is no query: too short for a header, or a response.
   */
  async serve(message: Uint8Array, path: MessagePath): Promise<Buffer | 'dropped' | 'invalid'> {
    const { counters } = this.#options;
    counters[this.#queries]++;
    counters[path.listener * layout.socketRow + SOCKET_QUERIES]++;
    const reply = await this.#answer(message, path);
    if (typeof reply !== 'string') counters[this.#replies]++;
    return reply;
  }

  #answer(
    message: Uint8Array,
    { client, local, front }: MessagePath,
  ): Buffer | 'invalid' | Promise<Buffer | 'dropped'> {
    const { dispatcher, counters, row, edns, guard } = this.#options;
    const transport = this.#transport;
    const input = Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);
    const words = this.#words;
    const text = this.#text;
    const check = [input, 0, input.length, 1, words, text, counters, row, this.#progress, edns[transport]] as const;
    if (front === undefined && guard === undefined) {
      addon.checkStream(...check);
    } else {
      const origin = packOrigin(transport, client, local);
      const rows = addon.checkStream(...check, front, guard, origin, this.#output, 0);
      if (rows === 0) return Buffer.from(this.#output.subarray(PREFIX, this.#progress[1]));
    }
    const outcome = words[word.verdict];
    if (outcome === verdict.drop) return 'invalid';
    if (outcome === verdict.reply) return input.subarray(PREFIX, PREFIX + words[word.length]);
    const path = { transport, envelopeSize: 0, client: () => client, local: () => local };
    const query = new Query({ input, words, text, origin: path }, 0);
    const reply = new Reply(query);
    return new Promise((resolve) => {
      const deliver = (): void => {
        const length = dispatcher.encode(query, reply, this.#output, 0);
        resolve(length === 0 ? 'dropped' : Buffer.from(this.#output.subarray(0, length)));
      };
      if (dispatcher.serve(query, reply, deliver)) deliver();
    });
  }
}
