import { rcodeNumber, type Rcode } from '../dns/registry.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import type { QueryLog } from '../native/addon.js';
import { packOrigin } from './ip.js';
import type { ReplyEncoder } from './reply-encoder.js';

/** The words of a record: see `QueryLog.record`. One for each thread. */
const words = new Uint32Array(4);

/** What transports use of a {@link ReplyEncoder}. */
export type Encoder = Pick<ReplyEncoder, 'encode' | 'encodeMessage' | 'countReply'>;

/** Records each reply of a handler in the query log when it is encoded, and each message of a stream. */
export class LoggedEncoder implements Encoder {
  readonly #encoder: Encoder;
  readonly #log: QueryLog;
  readonly #sample: number;

  /** `sample`: the share of replies that are recorded, 0 to 1. */
  constructor(encoder: Encoder, log: QueryLog, sample: number) {
    this.#encoder = encoder;
    this.#log = log;
    this.#sample = sample;
  }

  encode(query: Query, reply: Reply, target: Buffer, offset: number): number {
    const length = this.#encoder.encode(query, reply, target, offset);
    // The messages of a stream are recorded one by one.
    if (reply.streamed === undefined) this.#record(query, reply, target.subarray(offset, offset + length));
    return length;
  }

  encodeMessage(query: Query, message: Reply, target: Buffer, offset: number): number {
    const length = this.#encoder.encodeMessage(query, message, target, offset);
    this.#record(query, message, target.subarray(offset, offset + length));
    return length;
  }

  countReply(rcode: Rcode): void {
    this.#encoder.countReply(rcode);
  }

  #record(query: Query, reply: Reply, message: Buffer): void {
    if (Math.random() >= this.#sample) return;
    words[0] = query.questionEnd;
    words[1] = query.takenUp;
    words[2] = rcodeNumber(reply.rcode) ?? 0;
    words[3] = reply.fromCache ? 1 : 0;
    const origin = packOrigin(query.transport, query.client, query.local);
    this.#log.record(query.octets, message, origin, words);
  }
}
