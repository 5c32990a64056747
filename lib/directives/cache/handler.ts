import { setTimeout } from 'node:timers/promises';
import { MAX_MESSAGE } from '../../dns/numbers.js';
import { transports } from '../../message/batch.js';
import { replyLimit } from '../../message/reply-limit.js';
import { addon, type AnswerCache } from '../../native/addon.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import type { Dependency } from '../../message/cache-choice.js';
import type { Handler, Logger } from '../../message/handler.js';
import { printable } from '../../message/printable.js';
import type { Query } from '../../message/query.js';
import type { Rcode } from '../../dns/registry.js';
import { Reply } from '../../message/reply.js';
import { clampTtls, findSections } from '../../dns/encoded-message.js';
import { takeOver } from '../../message/take-over.js';
import { isInZones } from '../../dns/names.js';
import { CacheCounts } from './counts.js';
import type { CacheOptions, TtlBounds } from './options.js';
import { SharedMisses } from '../../worker/shared-misses.js';
import { sharedCache } from './shared-cache.js';

const { keeping: place, kind } = addon.layout;
/** The options of the reply that is being cached: one for each thread. */
const keeping = new Uint32Array(Object.keys(place).length);
/** The native cache has an answer, and asks for its renewal by this query. */
const RENEW = -1;
/** What native code compares besides the question. It keeps no reply to a query with options other than a subnet's. */
const COMPARED: readonly Dependency[] = ['transport', 'edns'];
/** Its offset in the header. */
const ANSWER_COUNT = 6;

/** Answers queries from the cache of a server block, and keeps there what the directives behind it answer. */
export class CacheHandler {
  readonly #options: CacheOptions;
  readonly #logger: Logger;
  readonly #maxPayloadSize: number;
  /** The cache, whose answers may be returned without this handler. */
  readonly answers: AnswerCache;
  readonly #misses: SharedMisses | undefined;
  readonly #counts: CacheCounts;
  /** A message that is about to be returned or cached: valid until the next one. */
  readonly #scratch = Buffer.alloc(MAX_MESSAGE);

  /**
   * `maxPayloadSize`: the longest UDP reply of the server in octets. `serverOf`: the name of the address that a query
   * came to; default: an empty name.
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
    this.answers = sharedCache(options, maxPayloadSize);
    this.#misses = options.misses && new SharedMisses(options.misses);
  }

  /** Answers a query of its zones from the cache; passes others, and those without a cached answer, to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const { zones, staleFor, verify, verifyTimeout } = this.#options;
    if (!isInZones(query.key, zones)) return next(query, reply);
    let length = this.#lookUp(query, false);
    const stale = length === 0 && staleFor > 0 && !verify;
    if (stale) length = this.#lookUp(query, true);
    if (length === RENEW) {
      this.#counts.prefetch(query);
      void this.#renew(query, next);
      length = this.#lookUp(query, stale);
    }
    if (length > 0) {
      if (stale) this.#counts.stale(query);
      this.#giveHit(query, reply, length);
      return;
    }
    if (verify && verifyTimeout > 0) {
      length = this.#lookUpStale(query);
      if (length > 0) return this.#verify(query, reply, next, length);
    }
    if (this.#misses === undefined) return this.#ask(query, reply, next);
    return this.#share(this.#misses, query, reply, next);
  }

  /** Returns the counts since the last call. */
  metrics(): MetricSample[] {
    return this.#counts.take(this.answers.counters());
  }

  /** Asks the chain, or waits for the answer to the same question if another query has asked it. */
  #share(misses: SharedMisses, query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const question = this.answers.question(query.octets, transports.indexOf(query.transport));
    const claim = misses.take(question);
    if (claim === 0) return this.#ask(query, reply, next);
    if (typeof claim === 'number') {
      return this.#ask(query, reply, next, (kept) => {
        misses.release(question, claim, kept);
      });
    }
    return claim.then(() => {
      const length = this.#lookUp(query, false);
      if (length <= 0) return this.#ask(query, reply, next);
      this.#giveHit(query, reply, length);
    });
  }

  /** Answers a miss by the chain. `done`: called when the chain has ended, with whether its answer is in the cache. */
  #ask(query: Query, reply: Reply, next: Handler, done: (kept: boolean) => void = ignore): void | Promise<void> {
    this.#counts.miss(query);
    const generation = this.answers.generation();
    // Directives before this one see each query, so it does not matter here what they depend on.
    reply.dependencies = [];
    const finish = (): void => {
      done(this.#finish(query, reply, generation));
    };
    const fail = (error: unknown): never => {
      done(false);
      throw error;
    };
    try {
      const answered = next(query, reply);
      if (answered !== undefined) return answered.then(finish, fail);
    } catch (error) {
      fail(error);
    }
    finish();
  }

  #lookUp(query: Query, allowStale: boolean): number {
    return this.answers.lookUp(query.octets, transports.indexOf(query.transport), allowStale, this.#scratch);
  }

  /** Also finds expired answers; the caller renews them anyway. */
  #lookUpStale(query: Query): number {
    const length = this.#lookUp(query, true);
    return length === RENEW ? this.#lookUp(query, true) : length;
  }

  #giveHit(query: Query, reply: Reply, length: number): void {
    this.#counts.hit(query, isDenial(this.#scratch));
    this.#give(query, reply, length);
  }

  #give(query: Query, reply: Reply, length: number): void {
    const message = Buffer.from(this.#scratch.subarray(0, length));
    const sections = findSections(message, query.question);
    // The cached reply was complete.
    if (sections !== undefined) takeOver(query, reply, sections);
    reply.fromCache = true;
  }

  /** Asks the chain once more, for the cache only. Resolves with the answer; undefined: it failed. */
  async #renew(query: Query, next: Handler): Promise<Reply | undefined> {
    query.detach();
    const generation = this.answers.generation();
    const reply = new Reply(query);
    try {
      await next(query, reply);
    } catch (error) {
      this.#logger.warn(`plugin/cache: ${query.name} ${query.type} was not renewed: ${printable(String(error))}`);
      return undefined;
    }
    this.#keep(query, reply, generation);
    return isFailure(reply) ? undefined : reply;
  }

  /** Waits for a new answer as long as `serve_stale` says, then returns the one in the scratch. */
  async #verify(query: Query, reply: Reply, next: Handler, length: number): Promise<void> {
    const stale = Buffer.from(this.#scratch.subarray(0, length));
    this.#counts.prefetch(query);
    const timeUp = new AbortController();
    const waiting = setTimeout(this.#options.verifyTimeout, undefined, { signal: timeUp.signal }).catch(
      () => undefined,
    );
    const renewed = await Promise.race([this.#renew(query, next), waiting]);
    timeUp.abort();
    let message = stale;
    if (renewed !== undefined) {
      const end = renewed.encode(this.#scratch, 0, MAX_MESSAGE, this.#maxPayloadSize);
      message = Buffer.from(this.#scratch.subarray(0, end));
    } else this.#counts.stale(query);
    this.#counts.hit(query, isDenial(message));
    const sections = findSections(message, query.question);
    if (sections !== undefined) takeOver(query, reply, sections);
  }

  /** Handles the chain's answer; returns whether it is in the cache. */
  #finish(query: Query, reply: Reply, generation: number): boolean {
    const { staleFor, verify } = this.#options;
    if (staleFor > 0 && verify && isFailure(reply)) {
      const length = this.#lookUpStale(query);
      if (length > 0) {
        this.#counts.stale(query);
        this.#give(query, reply, length);
        return false;
      }
    }
    return this.#keep(query, reply, generation);
  }

  /** Caches a reply if it is cacheable, and gives it the TTLs with which it is cached. Returns whether it is cached. */
  #keep(query: Query, reply: Reply, generation: number): boolean {
    const { ttl, varyBy } = reply.caching;
    if (!reply.answered || reply.dropped || ttl === 0) return false;
    if (varyBy !== 0 || reply.dependencies.some((dependency) => !COMPARED.includes(dependency))) return false;
    const limit = replyLimit(query, this.#maxPayloadSize);
    const length = reply.encode(this.#scratch, 0, limit, this.#maxPayloadSize);
    if (reply.truncated) return false;
    const message = this.#scratch.subarray(0, length);
    const bounds = this.#boundsOf(query, reply.rcode, message);
    if (bounds === undefined) return false;
    clampTtls(message, bounds.least, bounds.most);
    const kept = this.#store(query, reply, length, Math.min(bounds.most, ttl), generation);
    // A failure stays one, with its cause.
    if (isFailure(reply)) return kept;
    const sections = findSections(Buffer.from(message), query.question);
    if (sections !== undefined) reply.takeOver(sections);
    return kept;
  }

  /** Caches the reply of this many octets in the scratch; returns whether it is there. */
  #store(query: Query, { optStart, scope }: Reply, length: number, ttl: number, generation: number): boolean {
    keeping[place.transport] = transports.indexOf(query.transport);
    keeping[place.opt] = optStart;
    keeping[place.maxTtl] = ttl;
    keeping[place.varyBy] = 0;
    keeping[place.generation] = generation;
    keeping[place.scope] = scope === undefined ? 0 : scope + 1;
    return this.answers.store(query.octets, this.#scratch.subarray(0, length), keeping);
  }

  /** How long a reply may be cached; undefined if it is not cacheable (RFC 2308 s.5, s.7). */
  #boundsOf({ key }: Query, rcode: Rcode, message: Buffer): TtlBounds | undefined {
    const { success, denial, servfail, disabled } = this.#options;
    if (rcode === 'SERVFAIL' || rcode === 'NOTIMP') return servfail > 0 ? { least: 0, most: servfail } : undefined;
    switch (addon.answerKind(message)) {
      case kind.data:
      case kind.referral:
        return isInZones(key, disabled.success) ? undefined : success;
      case kind.denial:
        return isInZones(key, disabled.denial) ? undefined : denial;
      default:
        return undefined;
    }
  }
}

function ignore(): void {
  // Nobody waits for the answer.
}

/** Whether a reply must not replace cached data (RFC 8767 s.4): any RCODE but NOERROR and NXDOMAIN. */
function isFailure({ rcode }: Reply): boolean {
  return rcode !== 'NOERROR' && rcode !== 'NXDOMAIN';
}

/** Whether a message is negative: by its RCODE, or by having no answers. */
function isDenial(message: Buffer): boolean {
  return (message[3] & 15) !== 0 || message.readUInt16BE(ANSWER_COUNT) === 0;
}
