import type { EncodedSections } from '../dns/encoded-message.js';
import { withCode, type CodedError } from '../errors.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { nativeMissing } from '../native/addon.js';
import { needsNative } from '../native/fallback/needs-native.js';
import { checkForwarder, type ForwarderConfig, type ForwarderOptions } from '../options/forwarder.js';
import { question, type QuestionOptions } from '../options/question.js';
import { resolve } from '../options/table.js';
import { answerOf, type Answer } from './answer.js';
import { Engine, settleReply } from './engine.js';
import { ownQuery } from './own-query.js';
import { areNumeric, resolveUpstreams } from './resolve-upstreams.js';
import { statisticsOf, type ForwarderStatistics } from './statistics.js';
import { CLOSED, UpstreamError } from './upstream-error.js';

/**
 * A client of upstream servers, with the engine of the directive `forward`. It asks by UDP, TCP, TLS and HTTPS, keeps
 * connections, asks equal questions that wait at the same time once, and checks the health of upstreams that fail.
 */
export class Forwarder implements Disposable {
  readonly #config: ForwarderConfig;
  #engine: Engine | undefined;
  /** Looks up the hosts of upstreams. */
  #starting: Promise<Engine> | undefined;
  #closed = false;

  /** @internal */
  constructor(config: ForwarderConfig) {
    this.#config = config;
    if (areNumeric(config.upstreams)) this.#engine = new Engine(config);
  }

  /**
   * Answers a query by an upstream. The Promise resolves when the reply is ready; a handler returns it.
   *
   * If no upstream answers in time, the reply is SERVFAIL with the extended error 22 (RFC 8914 s.4.23). AXFR and IXFR get
   * REFUSED, and so does a query while `maxConcurrent` others wait; NOTIFY and UPDATE get NOTIMP. `reply.cause` is then an error with code
   * `ERR_MULTISOCKET_NO_ANSWER` that names the question, the upstream asked last and the reason.
   */
  forward(query: Query, reply: Reply): void | Promise<void> {
    const engine = this.#engine;
    if (engine !== undefined) return forward(engine, query, reply);
    return this.#start().then(
      (started) => forward(started, query, reply),
      (cause: unknown) => {
        const error = new UpstreamError((cause as Error).message);
        settleReply(query, reply, error, noAnswer(query, error));
      },
    );
  }

  /**
   * Asks the upstreams a question. Resolves with the answer, whatever its response code is. Only the first questions wait
   * for the look-up of hosts in `upstreams`, which is not part of `timeout`.
   *
   * Rejects with an error with code `ERR_MULTISOCKET_NO_ANSWER` that names the question, the upstream asked last and the
   * reason; for an invalid question with `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`.
   */
  async query(options: QuestionOptions): Promise<Answer> {
    const query = ownQuery(resolve('', question, options));
    const engine =
      this.#engine ??
      (await this.#start().catch((cause: unknown) => {
        throw noAnswer(query, cause as Error);
      }));
    const refusal = engine.refusal(query);
    if (refusal !== undefined) throw noAnswer(query, refusal);
    const sections = await new Promise<EncodedSections>((answered, failed) => {
      engine.ask(query, 0, (outcome, upstream) => {
        if (outcome instanceof UpstreamError) failed(noAnswer(query, outcome, upstream));
        else answered(outcome);
      });
    });
    return answerOf(query, sections);
  }

  /** What this object has counted since it was made. */
  stats(): ForwarderStatistics {
    return statisticsOf(this.#engine);
  }

  /** Closes all connections. Queries that wait fail at once, and so do later ones. */
  close(): void {
    this.#closed = true;
    this.#engine?.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Looks up the hosts; a later query does so again if that fails. */
  #start(): Promise<Engine> {
    if (this.#closed) return Promise.reject(CLOSED);
    this.#starting ??= resolveUpstreams(this.#config)
      .then((config) => {
        this.#engine = new Engine(config);
        if (this.#closed) this.#engine.close();
        return this.#engine;
      })
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }
}

/**
 * Makes a forwarder. Connections are opened when they are needed. A worker makes one of its own, in `setup` or at the top of
 * its handler module, and closes it in `close`.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid option, and
 * `ERR_MULTISOCKET_NATIVE_REQUIRED` where the native addon is missing.
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const config = checkForwarder(options);
  if (nativeMissing !== undefined) throw needsNative('createForwarder');
  return new Forwarder(config);
}

function forward(engine: Engine, query: Query, reply: Reply): void | Promise<void> {
  const refusal = engine.refusal(query);
  if (refusal !== undefined) {
    settleReply(query, reply, refusal, noAnswer(query, refusal));
    return;
  }
  return new Promise((resolve) => {
    engine.ask(query, reply.cacheGeneration, (outcome, upstream) => {
      settleReply(
        query,
        reply,
        outcome,
        outcome instanceof UpstreamError ? noAnswer(query, outcome, upstream) : undefined,
      );
      resolve();
    });
  });
}

function noAnswer({ name, type }: Query, cause: Error, upstream?: string): CodedError {
  const from = upstream === undefined ? '' : ` from ${upstream}`;
  return withCode(
    new Error(`no answer to ${name} ${type}${from}: ${cause.message}`, { cause }),
    'ERR_MULTISOCKET_NO_ANSWER',
  );
}
