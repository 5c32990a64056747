/** The server: it owns the sockets, and has workers serve them. */
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { withCode } from '../errors.js';
import type { Endpoint } from '../message/batch.js';
import { Assignment, dealOut } from './assignment.js';
import type { Borrower } from './borrower.js';
import { LocalWorker } from './local-worker.js';
import type { ServingOptions } from './messages.js';
import { checkOptions, type ServerConfig, type ServerOptions } from './options.js';
import { ServerSockets } from './server-sockets.js';
import { Counters, type ServerStatistics } from './statistics.js';
import { WorkerThread, type WorkerEvents } from './worker-thread.js';

/** The events of a {@link Server} and what their listeners are given. */
export interface ServerEvents {
  /** Every worker serves. */
  listening: [];
  /** Nothing is served any more, though nobody asked for that: the last worker has died. */
  error: [Error];
  /** Everything is closed. */
  close: [];
  /** Something went wrong that the server survived: a handler failed, a worker ended. The error has a `code`. */
  warning: [Error];
}

type State = 'new' | 'starting' | 'listening' | 'closing' | 'closed';

/**
 * A DNS server on N SO_REUSEPORT sockets an address. Made by {@link createServer}; see {@link ServerOptions}.
 *
 * A `warning` that nobody listens to is raised as a process warning, so that it is seen.
 */
export class Server extends EventEmitter<ServerEvents> implements AsyncDisposable {
  readonly #config: ServerConfig;
  readonly #assignment = new Assignment();
  readonly #counters: Counters;
  readonly #workers = new Set<Borrower>();
  readonly #onAbort = (): void => {
    this.close().catch((error: unknown) => this.emit('error', error as Error));
  };
  #sockets: ServerSockets | undefined;
  #state: State = 'new';
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #ref = true;

  /** @internal */
  constructor(options: ServerOptions) {
    super();
    this.#config = checkOptions(options);
    this.#counters = new Counters(this.#config.listen.length, Math.max(1, this.#config.workers));
  }

  /**
   * Opens the sockets, starts the workers and has them serve; resolves when all of them do.
   *
   * Rejects with a system error of a socket (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, ...), with what the handler module
   * threw as it was loaded, or with `ERR_SERVER_ALREADY_LISTEN`; the server is then closed.
   */
  async listen(): Promise<this> {
    if (this.#state !== 'new') {
      throw withCode(new Error(`listen was called on a server that is ${this.#state}`), 'ERR_SERVER_ALREADY_LISTEN');
    }
    this.#state = 'starting';
    this.#starting = this.#start();
    await this.#starting;
    this.emit('listening');
    return this;
  }

  /** What was bound: an entry for each of `listen`, port 0 resolved. Empty before and after. */
  addresses(): Endpoint[] {
    return this.#sockets?.addresses() ?? [];
  }

  /** Counts and the state of each socket and worker, at this moment; no message is sent to ask. */
  stats(): ServerStatistics {
    return this.#counters.read(this.#sockets, [...this.#workers], this.#assignment);
  }

  /**
   * Stops taking queries, waits for those in flight up to `closeTimeout`, ends the workers and closes the sockets.
   * Resolves when all is closed; may be called again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Lets the server keep the process alive, as it does from the start. */
  ref(): this {
    this.#ref = true;
    for (const worker of this.#workers) worker.ref();
    return this;
  }

  /** Lets the process end though the server is open. */
  unref(): this {
    this.#ref = false;
    for (const worker of this.#workers) worker.unref();
    return this;
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    const { signal } = this.#config;
    try {
      signal?.throwIfAborted();
      this.#sockets = await ServerSockets.open(this.#config);
      await this.#startWorkers();
      await this.#assignAll(
        dealOut(
          this.#sockets.all,
          [...this.#workers].sort((a, b) => a.index - b.index),
        ),
      );
      signal?.throwIfAborted();
    } catch (error) {
      await this.#end();
      throw error;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#state = 'listening';
  }

  async #startWorkers(): Promise<void> {
    const starting = Array.from({ length: Math.max(1, this.#config.workers) }, async (_, index) => {
      const worker = await this.#startWorker(index);
      this.#workers.add(worker);
      if (!this.#ref) worker.unref();
    });
    // All of them are waited for, so that none comes up after a failure has been cleaned up.
    const failed = (await Promise.allSettled(starting)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  async #assignAll(hands: ReturnType<typeof dealOut>): Promise<void> {
    await Promise.all([...hands].map(([worker, sockets]) => this.#assignment.assign(sockets, worker)));
  }

  #startWorker(index: number): Promise<Borrower> {
    const { workers, filename, handler, maxPayloadSize, handlerTimeout, tcp, workerData, logger } = this.#config;
    const serving: ServingOptions = {
      ...this.#counters.placeOf(index),
      index,
      maxPayloadSize,
      handlerTimeout,
      tcp,
      workerData,
    };
    const href = filename === undefined ? '' : hrefOf(filename);
    const events: WorkerEvents = {
      logger,
      warn: (error) => {
        this.#warn(error);
      },
      died: (worker, error) => {
        this.#bury(worker, error);
      },
    };
    if (workers === 0) return LocalWorker.start({ ...serving, ...events }, handler ?? href);
    return WorkerThread.start({ ...serving, href }, this.#config.worker, events);
  }

  #warn(error: Error): void {
    if (!this.emit('warning', error)) process.emitWarning(error);
  }

  /** A worker has died: the others get its sockets. */
  #bury(worker: WorkerThread, error: Error): void {
    this.#workers.delete(worker);
    this.#counters.forget(worker.index);
    const orphans = this.#assignment.forget(worker, this.#sockets?.all ?? []);
    if (this.#state !== 'listening') return;
    this.#warn(error);
    if (this.#workers.size === 0) {
      const last = withCode(new Error('the last worker has ended', { cause: error }), 'ERR_MULTISOCKET_NO_WORKERS');
      this.close().then(
        () => this.emit('error', last),
        (failure: unknown) => this.emit('error', failure as Error),
      );
      return;
    }
    this.#assignAll(dealOut(orphans, [...this.#workers])).catch((failure: unknown) => {
      this.#warn(failure as Error);
    });
  }

  async #close(): Promise<void> {
    // One that is just starting is let finish that; when it fails, that is told to who called listen, and it is closed.
    await this.#starting?.catch(() => undefined);
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    const { closeTimeout } = this.#config;
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeTimeout);
    });
    const drained = Promise.all(
      [...this.#workers].map((worker) =>
        worker.drain().catch((error: unknown) => {
          this.#warn(error as Error);
        }),
      ),
    );
    await Promise.race([drained, bound]);
    clearTimeout(timer);
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#config.signal?.removeEventListener('abort', this.#onAbort);
    await Promise.all([...this.#workers].map((worker) => worker.destroy()));
    this.#workers.clear();
    this.#sockets?.close();
    this.#sockets = undefined;
    this.#state = 'closed';
    this.emit('close');
  }
}

function hrefOf(filename: string | URL): string {
  if (filename instanceof URL) return filename.href;
  return filename.startsWith('file:') ? filename : pathToFileURL(filename).href;
}

/**
 * Makes a server; `listen()` starts it.
 *
 * Throws TypeError or RangeError with code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE` or
 * `ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT`, which name the option.
 */
export function createServer(options: ServerOptions): Server {
  return new Server(options);
}
