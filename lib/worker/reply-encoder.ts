import { addon, type AnswerCache } from '../native/addon.js';
import type { Rcode } from '../dns/registry.js';
import { OPT_FIXED_SIZE } from '../dns/numbers.js';
import { transports } from '../message/batch.js';
import type { Query } from '../message/query.js';
import { replyLimit } from '../message/reply-limit.js';
import type { Reply } from '../message/reply.js';
import type { MessageSigner } from '../message/tsig-signer.js';
import { workerCounter } from './counters.js';
import { withNsid, type EdnsSettings } from './edns-settings.js';
import type { HandlerFailures } from './handler-failures.js';
import { packOrigin } from './ip.js';

/** Octets of the option in which a client gets its cookie (`kCookieOptionSize` of `native/guard/server_cookies.h`). */
const COOKIE_OPTION_SIZE = 28;
const { keeping: place } = addon.layout;
/** How the reply is kept that is being kept: one a thread. */
const keeping = new Uint32Array(Object.keys(place).length);

const TRUNCATED = workerCounter('truncated');
const RCODES: Readonly<Partial<Record<Rcode, number>>> = {
  NOERROR: workerCounter('repliesNoError'),
  NXDOMAIN: workerCounter('repliesNxDomain'),
  SERVFAIL: workerCounter('repliesServFail'),
  REFUSED: workerCounter('repliesRefused'),
};
const OTHER_RCODE = workerCounter('repliesOther');

/** Options of a {@link ReplyEncoder}. */
export interface ReplyEncoderOptions {
  /** The cache for replies; undefined: none. */
  cache: AnswerCache | undefined;
  /** The longest UDP reply in bytes. */
  maxPayloadSize: number;
  edns: EdnsSettings;
  /** All rows of counters. */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  failures: HandlerFailures;
}

/**
 * Encodes replies as messages, puts them into the cache, and adds the options that a client asked for. The replies to signed
 * queries are signed after that; the room of the signature is reserved, so that a reply is truncated before it (RFC 8945
 * s.5.3). There is one for each worker.
 */
export class ReplyEncoder {
  readonly #cache: AnswerCache | undefined;
  readonly #maxPayloadSize: number;
  readonly #edns: EdnsSettings;
  readonly #counters: Float64Array;
  readonly #row: number;
  readonly #failures: HandlerFailures;
  /** Whether the cache has the last reply that was written. */
  #kept = false;

  constructor(options: ReplyEncoderOptions) {
    this.#cache = options.cache;
    this.#maxPayloadSize = options.maxPayloadSize;
    this.#edns = options.edns;
    this.#counters = options.counters;
    this.#row = options.row;
    this.#failures = options.failures;
  }

  /**
   * Writes a reply into `target` and returns its length: at most what the query's transport and EDNS allow; 0 if the
   * handler dropped it. A reply that cannot be encoded becomes SERVFAIL.
   */
  encode(query: Query, reply: Reply, target: Buffer, offset: number): number {
    if (reply.dropped) {
      if (reply.streamed === undefined) reply.finished(0, false);
      return 0;
    }
    const whole = this.#limitOf(query, reply);
    const signer = signerOf(query, whole);
    const limit = signer === undefined ? whole : whole - signer.size;
    // Each reply to a client that sent a cookie has one (RFC 7873 s.5.2). Its room is reserved before that of any
    // record.
    const room = query.hasCookie ? limit - COOKIE_OPTION_SIZE : limit;
    let length = this.#tryEncode(query, reply, target, offset, room);
    if (reply.truncated && query.transport !== 'udp') {
      // No other transport could carry more: a message has 16 bits for its length.
      this.#failures.fail('replyInvalid', 'REPLY_TOO_LARGE', 'answered with more than 65,535 bytes', query, reply);
      length = this.#tryEncode(query, reply, target, offset, room);
    }
    if (reply.truncated) this.#counters[this.#row + TRUNCATED] += 1;
    if (this.#cache !== undefined) {
      this.#kept = this.#keep(this.#cache, query, reply, target.subarray(offset, offset + length));
    }
    // This follows the caching: the options of one client are for that client only.
    if (query.asksForOptions) length = this.#addOptions(query, reply, target, offset, length, limit);
    if (signer !== undefined) length = signer.sign(target, offset, length);
    this.countReply(reply.rcode);
    reply.finished(length, this.#kept);
    return length;
  }

  /**
   * Writes a message of a stream into `target` and returns its length, at most 65,535. Throws `Error` for a message that
   * is longer or cannot be encoded; the contents of `target` are then undefined. Each message is signed (RFC 8945 s.5.3.1).
   */
  encodeMessage(query: Query, message: Reply, target: Buffer, offset: number): number {
    const whole = this.#limitOf(query, message);
    const signer = signerOf(query, whole);
    const limit = signer === undefined ? whole : whole - signer.size;
    const room = query.hasCookie ? limit - COOKIE_OPTION_SIZE : limit;
    const length = message.encode(target, offset, room, this.#maxPayloadSize);
    if (message.truncated) throw new Error(`a message has more than ${room} octets`);
    const complete = query.asksForOptions ? this.#addOptions(query, message, target, offset, length, limit) : length;
    return signer?.sign(target, offset, complete) ?? complete;
  }

  /** Counts a reply by its response code. */
  countReply(rcode: Rcode): void {
    this.#counters[this.#row + (RCODES[rcode] ?? OTHER_RCODE)] += 1;
  }

  /** The most octets of a reply. */
  #limitOf(query: Query, reply: Reply): number {
    return replyLimit(query, Math.min(this.#maxPayloadSize, reply.maxPayloadSize ?? Infinity));
  }

  /** Adds the options that the client asked for; returns the new length. */
  #addOptions(query: Query, reply: Reply, target: Buffer, offset: number, length: number, limit: number): number {
    const { transport, row } = query;
    const edns = reply.nsid === undefined ? this.#edns[transport] : withNsid(this.#edns[transport], reply.nsid);
    return addon.addOptions(target.subarray(offset, offset + limit), length, reply.optStart, row, edns);
  }

  /** Puts a reply into the cache, unless the handler or the reply itself forbids it. Returns whether it is there. */
  #keep(cache: AnswerCache, query: Query, reply: Reply, message: Buffer): boolean {
    const { ttl, varyBy } = reply.caching;
    if (ttl === 0 || reply.truncated) return false;
    const { transport } = query;
    const origin = varyBy === 0 ? undefined : packOrigin(transport, query.client, query.local);
    keeping[place.transport] = transports.indexOf(transport);
    keeping[place.opt] = reply.optStart;
    keeping[place.maxTtl] = ttl;
    keeping[place.varyBy] = varyBy;
    keeping[place.generation] = reply.cacheGeneration;
    keeping[place.scope] = reply.scope === undefined ? 0 : reply.scope + 1;
    return cache.store(query.octets, message, keeping, origin);
  }

  #tryEncode(query: Query, reply: Reply, target: Buffer, offset: number, limit: number): number {
    try {
      return reply.encode(target, offset, limit, this.#maxPayloadSize);
    } catch (error) {
      this.#failures.fail('replyInvalid', 'REPLY_INVALID', 'answered what cannot be encoded', query, reply, error);
      return reply.encode(target, offset, limit, this.#maxPayloadSize);
    }
  }
}

/**
 * Signs the reply to a signed query, of at most `limit` octets. A refusal repeats the names in the query, which may leave no
 * room for the question; it is then not added.
 */
function signerOf(query: Query, limit: number): MessageSigner | undefined {
  const signer = query.signature?.signer;
  if (signer === undefined) return undefined;
  const least = query.questionEnd + OPT_FIXED_SIZE + COOKIE_OPTION_SIZE;
  return limit - signer.size < least ? undefined : signer;
}
