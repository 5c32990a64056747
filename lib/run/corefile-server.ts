import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { packageFile } from '../native/package-files.js';
import { isDeepStrictEqual } from 'node:util';
import { loadCorefile, type Corefile } from '../corefile/corefile.js';
import type { CorefileWarning } from '../corefile/errors.js';
import { withCode, type CodedError } from '../errors.js';
import '../directives/index.js';
import { Server, type CloseOptions, type CloseReport, type ServerEvents } from '../server/server.js';
import type { BoundAddress } from '../server/served-address.js';
import type { ServerStatistics } from '../server/statistics.js';
import { checkCorefileOptions, type CorefileConfig, type CorefileOptions } from './corefile-options.js';
import { listenOptions, opcodesOf, rateLimitOf } from './listen.js';
import { Authority } from '../authority/authority.js';
import type { QueryLogSink } from '../message/query-log-entry.js';
import type { QueryLogOptions } from '../options/query-log.js';
import { DirectiveLog } from './directive-log.js';
import { OwnerDirectives } from './owner-directives.js';
import type { CorefileWork, OwnerMessage, WorkerMessage } from './messages.js';

/** What {@link CorefileServer.reload} may change. */
export interface CorefileReloadOptions {
  /** Another Corefile; default: the same one, read again. */
  corefile?: CorefileOptions['corefile'];
}

/** Each handler module gets a number of its own, since one that serves on this thread keeps its state in the module. */
let handlers = 0;

/**
 * A server that runs a Corefile. It has the interface and the events of {@link Server}. Made by `createServer`; see
 * {@link CorefileOptions}.
 *
 * Each warning about the Corefile is a `warning` event: an error with `code` `ERR_MULTISOCKET_COREFILE_WARNING`, `file`
 * and `line`.
 */
export class CorefileServer extends EventEmitter<ServerEvents> implements AsyncDisposable {
  readonly #config: CorefileConfig;
  readonly #authority: Authority;
  readonly #directives: OwnerDirectives;
  /** The directives that are not ready, by worker. */
  readonly #unready = new Map<number, string[]>();
  readonly #onAbort = (): void => {
    this.close().catch((error: unknown) => this.emit('error', error as Error));
  };
  #corefile: Corefile | undefined;
  #server: Server | undefined;
  #listening = false;
  #closing: Promise<CloseReport> | undefined;
  /** The start, and reloads after it, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(options: CorefileOptions) {
    super();
    this.#config = checkCorefileOptions(options);
    const { logger = console } = this.#config.server;
    this.#authority = new Authority(logger, (update: OwnerMessage) => this.#running().postMessage(update));
    this.#directives = new OwnerDirectives({
      logger,
      authority: this.#authority,
      corefile: () => this.corefile,
      stats: () => this.stats(),
      unready: () => [...new Set([...(this.#listening ? [] : ['server']), ...[...this.#unready.values()].flat()])],
      reloadIfChanged: () => this.#reload({}, true),
      metrics: () => this.#directives.metrics(),
    });
  }

  /** The Corefile that is served. Throws `ERR_SERVER_NOT_RUNNING` before {@link listen} has read it. */
  get corefile(): Corefile {
    if (this.#corefile !== undefined) return this.#corefile;
    throw withCode(new Error('the Corefile has not been read yet'), 'ERR_SERVER_NOT_RUNNING');
  }

  /**
   * Reads the Corefile, starts its directives, opens the sockets and starts the workers; resolves when all of them
   * serve.
   *
   * Rejects with a `CorefileError` (`code` `ERR_MULTISOCKET_COREFILE`, `file`, `line`), the error of a module or
   * directive, a system error of a socket, the error of an invalid option with the codes of `createServer`, or
   * `ERR_SERVER_ALREADY_LISTEN`; then everything is closed.
   */
  async listen(): Promise<this> {
    if (this.#server !== undefined || this.#closing !== undefined) {
      throw withCode(new Error('listen can be called once'), 'ERR_SERVER_ALREADY_LISTEN');
    }
    const started = this.#start();
    // A slow start may last longer than the interval of the directive `reload`.
    this.#changing = started.catch(() => undefined); // the caller handles it
    await started;
    this.emit('listening');
    return this;
  }

  async #start(): Promise<void> {
    const { modules, server: options } = this.#config;
    for (const module of modules) await import(/* webpackIgnore: true */ module);
    const corefile = this.#load(this.#config.corefile);
    this.#corefile = corefile;
    const { signal, ...others } = options;
    const listening = listenOptions(corefile);
    const opcodes = opcodesOf(corefile);
    const server = new Server({
      ...others,
      ...listening,
      opcodes,
      ...this.#handler(corefile),
      ...this.#queryLog(corefile),
    });
    this.#server = server;
    this.#forward(server);
    try {
      signal?.throwIfAborted();
      await this.#directives.change(corefile);
      await server.listen();
      signal?.throwIfAborted();
    } catch (error) {
      this.#closing = Promise.all([server.close({ timeout: 0 }), this.#closeDirectives()]).then(([report]) => report);
      await this.#closing;
      throw error;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#listening = true;
    this.#warn(corefile.warnings);
  }

  /** {@link Server.addresses}, in the order in which the Corefile first names them. */
  addresses(): BoundAddress[] {
    return this.#server?.addresses() ?? [];
  }

  /** {@link Server.stats}. Throws `ERR_SERVER_NOT_RUNNING` before {@link listen}. */
  stats(): ServerStatistics {
    return this.#running().stats();
  }

  /**
   * Reads the Corefile again, or another one, and serves it with fresh workers, as {@link Server.reload} does.
   * Addresses that stay get the number of sockets in the Corefile, and lose no query; new ones are opened; removed ones
   * are read for a while and then closed. Timeouts and certificates apply to new connections.
   *
   * Rejects with the errors of the Corefile, or a system error of a new address; the server then continues as before.
   * The code `ERR_MULTISOCKET_COREFILE_RESTART` means a change that needs a restart: rate limits.
   */
  async reload(options: CorefileReloadOptions = {}): Promise<void> {
    await this.#reload(options, false);
  }

  /**
   * Stops taking queries and closes, as {@link Server.close} does, then closes the directives. The default of
   * `lameduck` is that of the directive `health`.
   */
  close(options: CloseOptions = {}): Promise<CloseReport> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** {@link Server.ref}. */
  ref(): this {
    this.#server?.ref();
    return this;
  }

  /** {@link Server.unref}. */
  unref(): this {
    this.#server?.unref();
    return this;
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #running(): Server {
    if (this.#server !== undefined) return this.#server;
    throw withCode(new Error('the server does not listen'), 'ERR_SERVER_NOT_RUNNING');
  }

  #load(corefile: CorefileOptions['corefile']): Corefile {
    const { dnsPort, adapt } = this.#config;
    const loaded = loadCorefile(corefile, dnsPort === undefined ? {} : { dnsPort });
    adapt?.(loaded);
    return loaded;
  }

  #handler(corefile: Corefile): { filename: URL; workerData: CorefileWork } {
    const filename = pathToFileURL(packageFile('dist/run/corefile-handler.js'));
    filename.search = String(handlers++);
    return { filename, workerData: { corefile, modules: this.#config.modules, zones: this.#authority.zones.table } };
  }

  /** The query log of the options, and of the directives of a Corefile. */
  #queryLog(corefile: Corefile): { queryLog: QueryLogOptions | false } {
    const { queryLog: own = false } = this.#config.server;
    const log = new DirectiveLog(corefile);
    if (log.wanted === undefined) return { queryLog: own };
    const sink: QueryLogSink = (entries, info) => {
      log.give(entries, (name) => this.#directives.get(name));
      return own === false ? undefined : own.sink(entries, info);
    };
    const given: Partial<QueryLogOptions> = own === false ? {} : own;
    return { queryLog: { ...given, messages: log.wanted.messages || given.messages === true, sink } };
  }

  #forward(server: Server): void {
    server.on('warning', (warning) => {
      this.#emitWarning(warning);
    });
    server.on('error', (error) => this.emit('error', error));
    server.on('message', (message, worker) => {
      const said = message as WorkerMessage;
      if (said.kind === 'directive') this.#directives.hear(said.directive, said.message, worker);
      else if (said.kind === 'fatal') this.#end(said.message, said.code);
      else this.#unready.set(worker, said.directives);
    });
  }

  /** A directive has reported a fatal error: closes the server; `error` says why. */
  #end(message: string, code: string | undefined): void {
    const error = withCode(new Error(message), code ?? 'ERR_MULTISOCKET_FATAL');
    this.close().then(
      () => this.emit('error', error),
      (failure: unknown) => this.emit('error', failure as Error),
    );
  }

  #warn(warnings: readonly CorefileWarning[]): void {
    for (const { message, file, line } of warnings) {
      const error = Object.assign(new Error(message), { file, line });
      this.#emitWarning(withCode(error, 'ERR_MULTISOCKET_COREFILE_WARNING'));
    }
  }

  #emitWarning(warning: CodedError): void {
    if (!this.emit('warning', warning)) process.emitWarning(warning);
  }

  #reload({ corefile = this.#config.corefile }: CorefileReloadOptions, onlyIfChanged: boolean): Promise<boolean> {
    const result = this.#changing.then(async () => {
      if (!this.#listening) throw withCode(new Error('the server does not listen'), 'ERR_SERVER_NOT_RUNNING');
      const next = this.#load(corefile);
      if (onlyIfChanged && next.hash === this.corefile.hash) return false;
      await this.#change(this.corefile, next);
      this.#config.corefile = corefile;
      this.#warn(next.warnings);
      return true;
    });
    this.#changing = result.catch(() => undefined); // the caller handles it
    return result;
  }

  /** Serves another Corefile; if a step fails, the earlier steps are undone. */
  async #change(before: Corefile, next: Corefile): Promise<void> {
    const server = this.#running();
    const { listen } = listenOptions(next);
    if (!isDeepStrictEqual(rateLimitOf(before), rateLimitOf(next))) {
      const message = 'the new Corefile needs a restart: rrl differs';
      throw withCode(new Error(message), 'ERR_MULTISOCKET_COREFILE_RESTART');
    }
    try {
      await this.#directives.change(next);
      try {
        await server.reload({ listen, opcodes: opcodesOf(next), ...this.#handler(next), ...this.#queryLog(next) });
      } catch (error) {
        await this.#directives.change(before);
        throw error;
      }
    } finally {
      await this.#authority.sources.settle();
    }
    this.#corefile = next;
  }

  async #close({ timeout, lameduck = this.#directives.lameduck }: CloseOptions): Promise<CloseReport> {
    this.#config.server.signal?.removeEventListener('abort', this.#onAbort);
    this.#listening = false;
    // A reload in progress then rejects, and its directives are as before.
    const report = await this.#server?.close({ lameduck, ...(timeout === undefined ? {} : { timeout }) });
    // A reload does not go on reading zones.
    await this.#authority.thread.close();
    await this.#changing;
    await this.#closeDirectives();
    this.emit('close');
    return report ?? { queries: 0, connections: 0 };
  }

  async #closeDirectives(): Promise<void> {
    await this.#directives.close();
    await this.#authority.close();
  }
}
