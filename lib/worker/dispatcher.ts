/** Between transports and the handler: calls it, waits for it, and answers in its place when it does not. */
import { addon, type AnswerCache } from '../native/addon.js';
import { withCode, type CodedError } from '../errors.js';
import { transports } from '../message/batch.js';
import { replyLimit } from '../message/reply-limit.js';
import type { Handler } from '../message/handler.js';
import { printable } from '../message/printable.js';
import type { Query } from '../message/query.js';
import { Reply } from '../message/reply.js';
import type { Rcode } from '../dns/registry.js';
import { workerCounter } from './counters.js';
import { withNsid, type EdnsSettings } from './edns-settings.js';
import { packOrigin } from './ip.js';
import { WaitList, type ListEntry } from './wait-list.js';

/** Octets of the option in which a client gets its cookie (`kCookieOptionSize` of `native/guard/server_cookies.h`). */
const COOKIE_OPTION_SIZE = 28;

const { keeping: place } = addon.layout;
/** How the reply is kept that is being kept: one a thread. */
const keeping = new Uint32Array(Object.keys(place).length);

/** What happens to a query when handlers hold as many as they may: nothing is sent, or this response code. */
export type Overload = 'drop' | 'SERVFAIL' | 'REFUSED';

/** What a {@link Dispatcher} is made from. */
export interface DispatcherOptions {
  handler: Handler;
  /** Milliseconds that an asynchronous handler has. */
  handlerTimeout: number;
  /** Queries that asynchronous handlers may hold at a time. */
  maxInFlight: number;
  overload: Overload;
  /** Where replies are kept; undefined: nowhere. */
  cache: AnswerCache | undefined;
  /** The longest UDP reply in bytes. */
  maxPayloadSize: number;
  edns: EdnsSettings;
  /** All rows of counters. */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  /** Told of each handler that failed. Codes: `ERR_MULTISOCKET_HANDLER_*` and `ERR_MULTISOCKET_REPLY_*`. */
  report: (code: string, make: () => CodedError) => void;
}

/** Takes a reply that comes later than its query's batch. */
export type Deliver = (query: Query, reply: Reply) => void;

interface Pending extends ListEntry {
  query: Query;
  deliver: Deliver;
  deadline: number;
}

const HANDLED = workerCounter('handled');
const THREW = workerCounter('handlerThrew');
const REJECTED = workerCounter('handlerRejected');
const SILENT = workerCounter('handlerSilent');
const TIMED_OUT = workerCounter('handlerTimedOut');
const DROPPED = workerCounter('handlerDropped');
const SHED = workerCounter('shed');
const INVALID = workerCounter('replyInvalid');
const RCODES: Readonly<Partial<Record<Rcode, number>>> = {
  NOERROR: workerCounter('repliesNoError'),
  NXDOMAIN: workerCounter('repliesNxDomain'),
  SERVFAIL: workerCounter('repliesServFail'),
  REFUSED: workerCounter('repliesRefused'),
};
const OTHER_RCODE = workerCounter('repliesOther');
const TRUNCATED = workerCounter('truncated');
const IN_FLIGHT = workerCounter('inFlight');

/** See the file's head. One a worker. */
export class Dispatcher {
  readonly #handler: Handler;
  readonly #handlerTimeout: number;
  readonly #maxInFlight: number;
  readonly #overload: Overload;
  readonly #cache: AnswerCache | undefined;
  readonly #maxPayloadSize: number;
  readonly #edns: EdnsSettings;
  readonly #counters: Float64Array;
  readonly #row: number;
  readonly #report: DispatcherOptions['report'];
  /** In the order of their deadlines, since all have the same time. */
  readonly #pending = new WaitList<Pending>();
  #timer: NodeJS.Timeout | undefined;
  #onDrained: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#handler = options.handler;
    this.#handlerTimeout = options.handlerTimeout;
    this.#maxInFlight = options.maxInFlight;
    this.#overload = options.overload;
    this.#cache = options.cache;
    this.#maxPayloadSize = options.maxPayloadSize;
    this.#edns = options.edns;
    this.#counters = options.counters;
    this.#row = options.row;
    this.#report = options.report;
  }

  /**
   * Has the handler answer a query. True: the reply is ready. False: `deliver` is called with it later, exactly once,
   * and the query has been moved out of its batch.
   */
  serve(query: Query, reply: Reply, deliver: Deliver): boolean {
    if (this.#pending.size >= this.#maxInFlight) {
      this.#shed(reply);
      return true;
    }
    this.#counters[this.#row + HANDLED] += 1;
    if (this.#cache !== undefined) reply.cacheGeneration = this.#cache.generation();
    let answered: void | Promise<void>;
    try {
      answered = this.#handler(query, reply);
    } catch (error) {
      this.#fail(THREW, 'HANDLER_THREW', 'threw', query, reply, error);
      return true;
    }
    if (answered === undefined || typeof answered.then !== 'function') {
      this.#finish(query, reply);
      return true;
    }
    query.detach();
    this.#wait(query, reply, deliver, answered);
    return false;
  }

  /**
   * Writes a reply into `target` and returns its length: at most what the query's transport and EDNS allow; 0 when the
   * handler dropped it. One that cannot be encoded is SERVFAIL instead.
   */
  encode(query: Query, reply: Reply, target: Buffer, offset: number): number {
    if (reply.dropped) {
      reply.finished(0);
      return 0;
    }
    const limit = replyLimit(query, Math.min(this.#maxPayloadSize, reply.maxPayloadSize ?? Infinity));
    // Each reply to who sent a cookie has one (RFC 7873 s.5.2), so that it has its room before any record has.
    const room = query.hasCookie ? limit - COOKIE_OPTION_SIZE : limit;
    let length = this.#tryEncode(query, reply, target, offset, room);
    if (reply.truncated && query.transport !== 'udp') {
      // There is no better transport to point to: a message has no more than 16 bits for its length.
      this.#fail(INVALID, 'REPLY_TOO_LARGE', 'answered with more than 65,535 bytes', query, reply);
      length = this.#tryEncode(query, reply, target, offset, room);
    }
    if (reply.truncated) this.#counters[this.#row + TRUNCATED] += 1;
    if (this.#cache !== undefined) this.#keep(this.#cache, query, reply, target, offset, length);
    // After it was kept: what one client asked for is nobody else's.
    if (query.asksForOptions) {
      const { transport, row } = query;
      const edns = reply.nsid === undefined ? this.#edns[transport] : withNsid(this.#edns[transport], reply.nsid);
      length = addon.addOptions(target.subarray(offset, offset + limit), length, reply.optStart, row, edns);
    }
    this.#counters[this.#row + (RCODES[reply.rcode] ?? OTHER_RCODE)] += 1;
    reply.finished(length);
    return length;
  }

  /** Puts a reply into the cache, unless the handler or the reply itself forbids it. */
  #keep(cache: AnswerCache, query: Query, reply: Reply, target: Buffer, offset: number, length: number): void {
    const { ttl, varyBy } = reply.caching;
    if (ttl === 0 || reply.truncated) return;
    const { bytes, offset: start, length: size, transport } = query;
    const origin = varyBy === 0 ? undefined : packOrigin(transport, query.client, query.local);
    keeping[place.transport] = transports.indexOf(transport);
    keeping[place.opt] = reply.optStart;
    keeping[place.maxTtl] = ttl;
    keeping[place.varyBy] = varyBy;
    keeping[place.generation] = reply.cacheGeneration;
    cache.store(bytes.subarray(start, start + size), target.subarray(offset, offset + length), keeping, origin);
  }

  /** Resolves when no handler holds a query. */
  drained(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Forgets what handlers still hold; nothing of it is delivered any more. */
  abort(): void {
    clearTimeout(this.#timer);
    for (let pending = this.#pending.first; pending !== undefined; pending = this.#pending.first) this.#settle(pending);
  }

  #tryEncode(query: Query, reply: Reply, target: Buffer, offset: number, limit: number): number {
    try {
      return reply.encode(target, offset, limit, this.#maxPayloadSize);
    } catch (error) {
      this.#fail(INVALID, 'REPLY_INVALID', 'answered what cannot be encoded', query, reply, error);
      return reply.encode(target, offset, limit, this.#maxPayloadSize);
    }
  }

  /** A handler has said all that it will. */
  #finish(query: Query, reply: Reply): void {
    if (!reply.answered) this.#fail(SILENT, 'HANDLER_SILENT', 'answered nothing', query, reply);
    else if (reply.dropped) this.#counters[this.#row + DROPPED] += 1;
    else if (reply.cause !== undefined) this.#tell(query, reply.rcode, reply.cause);
  }

  /** A handler said why it failed. */
  #tell({ name, class: queryClass, type }: Query, rcode: Rcode, cause: Error): void {
    const code = 'ERR_MULTISOCKET_REPLY_FAILED';
    this.#report(code, () => {
      const message = `${name} ${queryClass} ${type} was answered ${rcode}: ${printable(cause.message)}`;
      return withCode(new Error(message, { cause }), code);
    });
  }

  #shed(reply: Reply): void {
    this.#counters[this.#row + SHED] += 1;
    if (this.#overload === 'drop') reply.drop();
    else reply.fail(this.#overload);
    const code = 'ERR_MULTISOCKET_OVERLOAD';
    this.#report(code, () => withCode(new Error(`queries are shed: handlers hold ${this.#maxInFlight} already`), code));
  }

  #wait(query: Query, reply: Reply, deliver: Deliver, answered: Promise<void>): void {
    const deadline = performance.now() + this.#handlerTimeout;
    const pending: Pending = { query, deliver, deadline, before: undefined, after: undefined, listed: false };
    this.#pending.add(pending);
    this.#counters[this.#row + IN_FLIGHT] += 1;
    this.#timer ??= setTimeout(this.#sweep, this.#handlerTimeout);
    answered.then(
      () => {
        if (!this.#settle(pending)) return;
        this.#finish(query, reply);
        deliver(query, reply);
      },
      (error: unknown) => {
        if (!this.#settle(pending)) return;
        this.#fail(REJECTED, 'HANDLER_REJECTED', 'rejected', query, reply, error);
        deliver(query, reply);
      },
    );
  }

  /** Takes a query out of the handler's hands; false when it had been taken before. */
  #settle(pending: Pending): boolean {
    if (!this.#pending.delete(pending)) return false;
    this.#counters[this.#row + IN_FLIGHT] -= 1;
    if (this.#pending.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      // After the reply has been delivered, which is what whoever waits here wants to see.
      for (const resolve of this.#onDrained.splice(0)) setImmediate(resolve);
    }
    return true;
  }

  readonly #sweep = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    for (let pending = this.#pending.first; pending !== undefined; pending = this.#pending.first) {
      if (pending.deadline > now) {
        this.#timer = setTimeout(this.#sweep, Math.ceil(pending.deadline - now));
        return;
      }
      const { query, deliver } = pending;
      this.#settle(pending);
      // A new one: what the handler does to its own from now on is nobody's business.
      const reply = new Reply(query);
      this.#fail(TIMED_OUT, 'HANDLER_TIMEOUT', `took longer than ${this.#handlerTimeout} ms`, query, reply);
      deliver(query, reply);
    }
  };

  #fail(counter: number, code: string, what: string, query: Query, reply: Reply, cause?: unknown): void {
    this.#counters[this.#row + counter] += 1;
    reply.fail('SERVFAIL');
    const fullCode = `ERR_MULTISOCKET_${code}`;
    const { name, class: queryClass, type } = query;
    this.#report(fullCode, () => {
      const reason = cause instanceof Error ? `: ${printable(cause.message)}` : '';
      return withCode(new Error(`the handler ${what} for ${name} ${queryClass} ${type}${reason}`, { cause }), fullCode);
    });
  }
}
