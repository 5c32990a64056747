/** A server that runs a Corefile. */
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { packageFile } from '../native/package-files.js';
import { isDeepStrictEqual } from 'node:util';
import { loadCorefile, type Corefile } from '../corefile/corefile.js';
import type { CorefileWarning } from '../corefile/errors.js';
import { withCode, type CodedError } from '../errors.js';
import '../directives/index.js';
import { Server, type CloseOptions, type CloseReport, type ServerEvents } from '../server/server.js';
import type { BoundAddress } from '../server/server-sockets.js';
import type { ServerStatistics } from '../server/statistics.js';
import { checkCorefileOptions, type CorefileConfig, type CorefileOptions } from './corefile-options.js';
import { listenOptions, rateLimitOf } from './listen.js';
import { MainParts } from './main-parts.js';
import type { CorefileWork, WorkerMessage } from './messages.js';

/** What {@link CorefileServer.reload} may change. */
export interface CorefileReloadOptions {
  /** Another Corefile; default: the same, read again. */
  corefile?: CorefileOptions['corefile'];
}

/** The modules of the handler are told apart, since one that serves on this thread keeps its state in itself. */
let handlers = 0;

/**
 * A server that runs a Corefile: the face of {@link Server}, whose events it has too. Made by `createServer`; see
 * {@link CorefileOptions}.
 *
 * What is odd in the Corefile is a `warning` event: an error with `code` `ERR_MULTISOCKET_COREFILE_WARNING`, `file` and
 * `line`.
 */
export class CorefileServer extends EventEmitter<ServerEvents> implements AsyncDisposable {
  readonly #config: CorefileConfig;
  readonly #parts: MainParts;
  /** The directives that are not ready, by worker. */
  readonly #unready = new Map<number, string[]>();
  readonly #onAbort = (): void => {
    this.close().catch((error: unknown) => this.emit('error', error as Error));
  };
  #corefile: Corefile | undefined;
  #server: Server | undefined;
  #listening = false;
  #closing: Promise<CloseReport> | undefined;
  /** Reloads, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(options: CorefileOptions) {
    super();
    this.#config = checkCorefileOptions(options);
    this.#parts = new MainParts({
      logger: this.#config.server.logger ?? console,
      corefile: () => this.corefile,
      stats: () => this.stats(),
      unready: () => [...new Set([...(this.#listening ? [] : ['server']), ...[...this.#unready.values()].flat()])],
      reloadIfChanged: () => this.#reload({}, true),
      metrics: () => this.#parts.metrics(),
    });
  }

  /** The Corefile that is served. Throws `ERR_SERVER_NOT_RUNNING` before {@link listen} has read it. */
  get corefile(): Corefile {
    if (this.#corefile !== undefined) return this.#corefile;
    throw withCode(new Error('the Corefile has not been read yet'), 'ERR_SERVER_NOT_RUNNING');
  }

  /**
   * Reads the Corefile, starts its directives, opens the sockets and starts the workers; resolves when all of them serve.
   *
   * Rejects with a `CorefileError` (`code` `ERR_MULTISOCKET_COREFILE`, `file`, `line`), what a module or directive threw as
   * it was started, a system error of a socket, a fault in an option by the codes that `createServer` has, or
   * `ERR_SERVER_ALREADY_LISTEN`; everything is closed then.
   */
  async listen(): Promise<this> {
    if (this.#server !== undefined || this.#closing !== undefined) {
      throw withCode(new Error('listen can be called once'), 'ERR_SERVER_ALREADY_LISTEN');
    }
    const { modules, server: options } = this.#config;
    for (const module of modules) await import(module);
    const corefile = this.#load(this.#config.corefile);
    this.#corefile = corefile;
    const { signal, ...others } = options;
    const listening = listenOptions(corefile, options.tcp);
    const server = new Server({ ...others, ...listening, ...this.#handler(corefile) });
    this.#server = server;
    this.#forward(server);
    try {
      signal?.throwIfAborted();
      await this.#parts.change(corefile);
      await server.listen();
      signal?.throwIfAborted();
    } catch (error) {
      this.#closing = Promise.all([server.close({ timeout: 0 }), this.#parts.close()]).then(([report]) => report);
      await this.#closing;
      throw error;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#listening = true;
    this.#warn(corefile.warnings);
    this.emit('listening');
    return this;
  }

  /** {@link Server.addresses}, in the order in which the Corefile first names them. */
  addresses(): BoundAddress[] {
    return this.#server?.addresses() ?? [];
  }

  /** {@link Server.stats}; nothing before {@link listen}. Throws `ERR_SERVER_NOT_RUNNING` until then. */
  stats(): ServerStatistics {
    return this.#running().stats();
  }

  /**
   * Reads the Corefile again, or another, and has fresh workers serve it, as {@link Server.reload} does. Addresses that stay
   * get the number of sockets that it says, and lose no query; new ones are opened; those that are gone are read for a while
   * and then closed. Timeouts and certificates are those of new connections.
   *
   * Rejects with what is wrong, or a system error of a new address; the server then goes on as before.
   * `ERR_MULTISOCKET_COREFILE_RESTART` is for what a running server cannot change: its rate limits.
   */
  async reload(options: CorefileReloadOptions = {}): Promise<void> {
    await this.#reload(options, false);
  }

  /**
   * Stops taking queries and closes, as {@link Server.close} does, then ends the directives. `lameduck`: default: what the
   * directive `health` says.
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
    return { filename, workerData: { corefile, modules: this.#config.modules } };
  }

  #forward(server: Server): void {
    server.on('warning', (warning) => {
      this.#emitWarning(warning);
    });
    server.on('error', (error) => this.emit('error', error));
    server.on('message', (message, worker) => {
      const said = message as WorkerMessage;
      if (said.kind === 'told') this.#parts.hear(said.directive, said.message, worker);
      else if (said.kind === 'fatal') this.#end(said.message, said.code);
      else this.#unready.set(worker, said.directives);
    });
  }

  /** A directive cannot let the server go on: it is closed, and `error` says why. */
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
    this.#changing = result.catch(() => undefined); // the caller sees it
    return result;
  }

  /** Has the server run another Corefile; what has been done is undone when the rest cannot be. */
  async #change(before: Corefile, next: Corefile): Promise<void> {
    const server = this.#running();
    const listening = listenOptions(next, this.#config.server.tcp);
    if (!isDeepStrictEqual(rateLimitOf(before), rateLimitOf(next))) {
      const message = 'the new Corefile needs a restart: rrl differs';
      throw withCode(new Error(message), 'ERR_MULTISOCKET_COREFILE_RESTART');
    }
    await this.#parts.change(next);
    try {
      await server.reload({ ...listening, ...this.#handler(next) });
    } catch (error) {
      await this.#parts.change(before);
      throw error;
    }
    this.#corefile = next;
  }

  async #close({ timeout, lameduck = this.#parts.lameduck }: CloseOptions): Promise<CloseReport> {
    this.#config.server.signal?.removeEventListener('abort', this.#onAbort);
    this.#listening = false;
    // A reload that is not complete then rejects, and its directives are as before.
    const report = await this.#server?.close({ lameduck, ...(timeout === undefined ? {} : { timeout }) });
    await this.#changing;
    await this.#parts.close();
    this.emit('close');
    return report ?? { queries: 0, connections: 0 };
  }
}
