import { rcodeNumber } from '../dns/registry.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import type { QueryLog } from '../native/addon.js';
import { packOrigin } from './ip.js';
import type { ReplyEncoder } from './reply-encoder.js';

/** The words of a record: see `QueryLog.record`. One for each thread. */
const words = new Uint32Array(4);

/** Records each reply of a handler in the query log when it is encoded. */
export class LoggedEncoder implements Pick<ReplyEncoder, 'encode'> {
  readonly #encoder: Pick<ReplyEncoder, 'encode'>;
  readonly #log: QueryLog;
  readonly #sample: number;

  /** `sample`: the share of replies that are recorded, 0 to 1. */
  constructor(encoder: Pick<ReplyEncoder, 'encode'>, log: QueryLog, sample: number) {
    this.#encoder = encoder;
    this.#log = log;
    this.#sample = sample;
  }

  encode(query: Query, reply: Reply, target: Buffer, offset: number): number {
    const length = this.#encoder.encode(query, reply, target, offset);
    if (Math.random() >= this.#sample) return length;
    words[0] = query.questionEnd;
    words[1] = query.takenUp;
    words[2] = rcodeNumber(reply.rcode) ?? 0;
    words[3] = reply.fromCache ? 1 : 0;
    const origin = packOrigin(query.transport, query.client, query.local);
    this.#log.record(query.octets, target.subarray(offset, offset + length), origin, words);
    return length;
  }
}
