/** Answers from the native cache, and keeps there what the rest of the chain answers. */
import { transports } from '../../message/batch.js';
import { replyLimit } from '../../message/reply-limit.js';
import type { AnswerCache } from '../../native/addon.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import type { Dependency } from '../../message/cache-choice.js';
import type { Handler, Logger } from '../../message/handler.js';
import { printable } from '../../message/printable.js';
import type { Query } from '../../message/query.js';
import type { Rcode } from '../../dns/registry.js';
import { Reply } from '../../message/reply.js';
import { clampTtls, findSections, hasSoa } from '../../dns/encoded-message.js';
import { takeOver } from '../take-over.js';
import { isInZones } from '../../dns/zone-name.js';
import { CacheCounts } from './counts.js';
import type { CacheOptions, TtlBounds } from './options.js';
import { SharedCache } from './shared-cache.js';

/** The native cache has an answer, and wants this query to renew it. */
const RENEW = -1;
const MAX_MESSAGE = 0xffff;
/** What native code compares besides the question. It keeps no reply to a query with options other than a subnet's. */
const COMPARED: readonly Dependency[] = ['transport', 'edns'];
/** Its offset in the header. */
const ANSWER_COUNT = 6;

/** See the file's head. */
export class CacheHandler {
  readonly #options: CacheOptions;
  readonly #logger: Logger;
  readonly #maxPayloadSize: number;
  readonly #cache: SharedCache;
  readonly #counts: CacheCounts;
  /** A message that is about to be given or kept: of use until the next one. */
  readonly #scratch = Buffer.alloc(MAX_MESSAGE);

  /**
   * `maxPayloadSize`: the longest UDP reply of the server in octets. `serverOf`: the name of the address that a query came
   * to; default: none.
   */
  constructor(
    options: CacheOptions,
    logger: Logger,
    maxPayloadSize: number,
    serverOf: (query: Query) => string = () => '',
  ) {
    this.#options = options;
    this.#logger = logger;
    this.#maxPayloadSize = maxPayloadSize;
    this.#counts = new CacheCounts(serverOf, options.zones);
    this.#cache = new SharedCache(options, maxPayloadSize);
  }

  /** What can be answered without this handler, once it has been answered by it. */
  get answers(): AnswerCache {
    return this.#cache.answers;
  }

  /** Answers a query of its zones from the cache; others, and those that it knows nothing of, go to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const { zones, verify } = this.#options;
    if (!isInZones(query.key, zones)) return next(query, reply);
    let length = this.#lookUp(query, !verify);
    if (length === RENEW) {
      this.#counts.prefetch(query);
      this.#renew(query, next);
      length = this.#lookUp(query, !verify);
    }
    if (length > 0) {
      this.#counts.hit(query, isDenial(this.#scratch));
      this.#give(query, reply, length);
      return;
    }
    this.#counts.miss(query);
    // Directives before this one see each query, so it does not matter here what they depend on.
    reply.dependencies = [];
    const answered = next(query, reply);
    if (answered === undefined) {
      this.#finish(query, reply);
      return;
    }
    return answered.then(() => {
      this.#finish(query, reply);
    });
  }

  /** What has been counted since this was last called. */
  metrics(): MetricSample[] {
    return this.#counts.take(this.#cache.answers.counters());
  }

  close(): void {
    this.#cache.close();
  }

  #lookUp(query: Query, allowStale: boolean): number {
    const { bytes, offset, length, transport } = query;
    return this.#cache.answers.lookUp(bytes, offset, length, transports.indexOf(transport), allowStale, this.#scratch);
  }

  #give(query: Query, reply: Reply, length: number): void {
    const message = Buffer.from(this.#scratch.subarray(0, length));
    const sections = findSections(message, query.question);
    // What was kept was in one piece.
    if (sections !== undefined) takeOver(reply, sections);
  }

  /** Has the chain answer once more, for the cache alone. */
  #renew(query: Query, next: Handler): void {
    query.detach();
    const reply = new Reply(query);
    const answered = new Promise<void>((resolve) => {
      resolve(next(query, reply));
    });
    answered.then(
      () => {
        this.#keep(query, reply);
      },
      (error: unknown) => {
        this.#logger.warn(`plugin/cache: ${query.name} ${query.type} was not renewed: ${printable(String(error))}`);
      },
    );
  }

  /** The chain has answered. */
  #finish(query: Query, reply: Reply): void {
    const { staleFor, verify } = this.#options;
    if (staleFor > 0 && verify && reply.rcode === 'SERVFAIL') {
      let length = this.#lookUp(query, true);
      // This query was the one that was to renew it.
      if (length === RENEW) length = this.#lookUp(query, true);
      if (length > 0) {
        this.#give(query, reply, length);
        return;
      }
    }
    this.#keep(query, reply);
  }

  /** Keeps a reply, if it is of a kind to be kept, and gives it the TTLs with which it is kept. */
  #keep(query: Query, reply: Reply): void {
    const { ttl, varyBy } = reply.caching;
    if (!reply.answered || reply.dropped || ttl === 0) return;
    if (varyBy !== 0 || reply.dependencies.some((dependency) => !COMPARED.includes(dependency))) return;
    const limit = replyLimit(query, this.#maxPayloadSize);
    const length = reply.encode(this.#scratch, 0, limit, this.#maxPayloadSize);
    if (reply.truncated) return;
    const message = this.#scratch.subarray(0, length);
    const bounds = this.#boundsOf(query, reply.rcode, message);
    if (bounds === undefined) return;
    clampTtls(message, bounds.least, bounds.most);
    this.#store(query, length, reply.optStart, Math.min(bounds.most, ttl));
    const sections = findSections(Buffer.from(message), query.question);
    if (sections !== undefined) reply.takeOver(sections);
  }

  /** Keeps the reply that stands in the scratch. */
  #store({ bytes, offset, length: size, transport }: Query, length: number, optStart: number, ttl: number): void {
    const number = transports.indexOf(transport);
    this.#cache.answers.store(bytes, offset, size, number, undefined, this.#scratch, 0, length, optStart, ttl, 0);
  }

  /** How long a reply may be kept; undefined when it is not (RFC 2308 s.5, s.7). */
  #boundsOf({ key }: Query, rcode: Rcode, message: Buffer): TtlBounds | undefined {
    const { success, denial, servfail, disabled } = this.#options;
    if (rcode === 'SERVFAIL' || rcode === 'NOTIMP') return servfail > 0 ? { least: 0, most: servfail } : undefined;
    if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') return undefined;
    const denies = rcode === 'NXDOMAIN' || (message.readUInt16BE(ANSWER_COUNT) === 0 && hasSoa(message));
    if (isInZones(key, denies ? disabled.denial : disabled.success)) return undefined;
    if (!denies) return success;
    return hasSoa(message) ? denial : undefined;
  }
}

/** Whether a message says that there is nothing: by its RCODE, or by having no answers. */
function isDenial(message: Buffer): boolean {
  return (message[3] & 15) !== 0 || message.readUInt16BE(ANSWER_COUNT) === 0;
}
