import type { AnswerCache } from '../native/addon.js';
import { withCode } from '../errors.js';
import type { Handler } from '../message/handler.js';
import { printable } from '../message/printable.js';
import { lookupsThrough } from '../message/lookup.js';
import type { Lookups } from '../message/lookup-answer.js';
import type { Query } from '../message/query.js';
import { Reply } from '../message/reply.js';
import type { Rcode } from '../dns/registry.js';
import type { Overload } from '../options/serving.js';
import { workerCounter } from './counters.js';
import type { HandlerFailures, Report } from './handler-failures.js';
import { WaitList, type ListEntry } from './wait-list.js';

/** Options of a {@link Dispatcher}. */
export interface DispatcherOptions {
  handler: Handler;
  /** Makes what clients' queries go to from the handler; undefined: they go to the handler. */
  around?: ((handler: Handler) => Handler) | undefined;
  /** Milliseconds that an asynchronous handler may take. */
  handlerTimeout: number;
  /** Queries that asynchronous handlers may hold at a time. */
  maxInFlight: number;
  overload: Overload;
  /** Where replies are kept; undefined: nowhere. */
  cache: Pick<AnswerCache, 'generation'> | undefined;
  /** All rows of counters. */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  failures: HandlerFailures;
  /** Receives reports of overload and of faulty replies. */
  report: Report;
}

/** Receives a reply that comes later than its query's batch. */
export type Deliver = (query: Query, reply: Reply) => void;

interface Pending extends ListEntry {
  query: Query;
  reply: Reply;
  deliver: Deliver;
  /** By `performance.now()`; undefined until the query is kept. */
  deadline: number | undefined;
}

const HANDLED = workerCounter('handled');
const DROPPED = workerCounter('handlerDropped');
const SHED = workerCounter('shed');
const IN_FLIGHT = workerCounter('inFlight');

/**
 * Calls the handler for transports, waits for it, and answers in its place if it does not. There is one for each
 * worker.
 */
export class Dispatcher {
  readonly #handler: Handler;
  readonly #lookups: Lookups<Query>;
  readonly #handlerTimeout: number;
  readonly #maxInFlight: number;
  readonly #overload: Overload;
  readonly #cache: DispatcherOptions['cache'];
  readonly #counters: Float64Array;
  readonly #row: number;
  readonly #failures: HandlerFailures;
  readonly #report: Report;
  /** In the order of their deadlines, since all have the same time limit. */
  readonly #pending = new WaitList<Pending>();
  #timer: NodeJS.Timeout | undefined;
  #onDrained: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#handler = options.around?.(options.handler) ?? options.handler;
    this.#lookups = lookupsThrough(options.handler);
    this.#handlerTimeout = options.handlerTimeout;
    this.#maxInFlight = options.maxInFlight;
    this.#overload = options.overload;
    this.#cache = options.cache;
    this.#counters = options.counters;
    this.#row = options.row;
    this.#failures = options.failures;
    this.#report = options.report;
  }

  /**
   * Gives a query to the handler. True: the reply is ready. False: `deliver` is called with it later, exactly once; the
   * caller calls {@link keep} before it reuses the memory of the batch.
   */
  serve(query: Query, reply: Reply, deliver: Deliver): boolean {
    if (this.#pending.size >= this.#maxInFlight) {
      this.#shed(reply);
      return true;
    }
    this.#counters[this.#row + HANDLED] += 1;
    query.lookups = this.#lookups;
    if (this.#cache !== undefined) reply.cacheGeneration = this.#cache.generation();
    let answered: void | Promise<void>;
    try {
      answered = this.#handler(query, reply);
    } catch (error) {
      this.#failures.fail('handlerThrew', 'HANDLER_THREW', 'threw', query, reply, error);
      return true;
    }
    if (answered === undefined || typeof answered.then !== 'function') {
      this.#finish(query, reply);
      return true;
    }
    this.#wait(query, reply, deliver, answered);
    return false;
  }

  /**
   * Moves the queries that handlers still hold out of their batches, and starts their time. Most handlers that wait for
   * nothing outside of this process are done before: a batch is kept after its microtasks.
   */
  keep(): void {
    let pending = this.#pending.last;
    if (pending === undefined || pending.deadline !== undefined) return;
    const deadline = performance.now() + this.#handlerTimeout;
    for (; pending !== undefined && pending.deadline === undefined; pending = pending.before as Pending | undefined) {
      pending.query.detach();
      pending.deadline = deadline;
    }
    this.#timer ??= this.#sweepIn(this.#handlerTimeout);
  }

  /** Resolves when no handler holds a query. */
  drained(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Forgets the queries that handlers still hold; their replies are not delivered. */
  abort(): void {
    clearTimeout(this.#timer);
    for (let pending = this.#pending.first; pending !== undefined; pending = this.#pending.first) this.#settle(pending);
  }

  /** Takes the final reply of a handler. */
  #finish(query: Query, reply: Reply): void {
    if (!reply.answered) this.#failures.fail('handlerSilent', 'HANDLER_SILENT', 'answered nothing', query, reply);
    else if (reply.dropped) this.#counters[this.#row + DROPPED] += Number(reply.streamed === undefined);
    else if (reply.cause !== undefined) this.#tell(query, reply.rcode, reply.cause);
  }

  /** Reports why a handler failed, as it said. */
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
    const pending: Pending = {
      query,
      reply,
      deliver,
      deadline: undefined,
      before: undefined,
      after: undefined,
      listed: false,
    };
    this.#pending.add(pending);
    this.#counters[this.#row + IN_FLIGHT] += 1;
    // A foreign thenable could answer before this returns.
    Promise.resolve(answered).then(
      () => {
        if (!this.#settle(pending)) return;
        this.#finish(query, reply);
        deliver(query, reply);
      },
      (error: unknown) => {
        if (!this.#settle(pending)) return;
        // The error of a stream is the stream's to report.
        if (error === undefined || error !== reply.streamed?.error) {
          this.#failures.fail('handlerRejected', 'HANDLER_REJECTED', 'rejected', query, reply, error);
        }
        deliver(query, reply);
      },
    );
  }

  /** Takes a query back from the handler; false if it had been taken back before. */
  #settle(pending: Pending): boolean {
    if (!this.#pending.delete(pending)) return false;
    this.#counters[this.#row + IN_FLIGHT] -= 1;
    if (this.#pending.size === 0) {
      // The reply is delivered first, because that is what the waiting code expects.
      for (const resolve of this.#onDrained.splice(0)) setImmediate(resolve);
    }
    return true;
  }

  /** The timer goes on if no query waits any more: to end it and to start it for each batch costs more. */
  #sweepIn(milliseconds: number): NodeJS.Timeout {
    return setTimeout(this.#sweep, milliseconds).unref();
  }

  readonly #sweep = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    for (let pending = this.#pending.first; pending?.deadline !== undefined; pending = this.#pending.first) {
      if (pending.deadline > now) {
        this.#timer = this.#sweepIn(Math.ceil(pending.deadline - now));
        return;
      }
      const { query, deliver } = pending;
      if (pending.reply.streamed?.running === true) {
        // The stream has a time limit of its own, for each message.
        this.#pending.delete(pending);
        pending.deadline = now + this.#handlerTimeout;
        this.#pending.add(pending);
        continue;
      }
      this.#settle(pending);
      // A new reply: later changes of the handler's own one have no effect. A stream is a reply already.
      const reply = pending.reply.streamed === undefined ? new Reply(query) : pending.reply;
      this.#failures.fail(
        'handlerTimedOut',
        'HANDLER_TIMEOUT',
        `took longer than ${this.#handlerTimeout} ms`,
        query,
        reply,
      );
      deliver(query, reply);
    }
  };
}
