/** The server: it owns the sockets, and has workers serve them. */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { invalidValue, withCode } from '../errors.js';
import type { Handler } from '../message/handler.js';
import { adoptSockets, offerSockets, type AdoptedSockets } from '../socket/hand-over.js';
import { listenFds } from '../socket/listen-fds.js';
import { checkSocketCount } from '../socket/socket-count.js';
import type { TlsSettings } from '../transport/secure-context.js';
import { Assignment } from './assignment.js';
import { checkSecrets } from './check-guard.js';
import { checkCertificate, checkHandler, checkOptions } from './check-options.js';
import { channels } from './diagnostics.js';
import type { ServerConfig, ServerOptions } from './options.js';
import { ServerCache } from './server-cache.js';
import { ServerGuard } from './server-guard.js';
import { ServerSockets, type BoundAddress } from './server-sockets.js';
import { startWorker } from './start-worker.js';
import { Counters, type ServerStatistics } from './statistics.js';
import { Supervisor, type SupervisedWorker } from './supervisor.js';

/** The events of a {@link Server} and what their listeners are given. */
export interface ServerEvents {
  /** Every worker serves. */
  listening: [];
  /** The server could not be closed in order. */
  error: [Error];
  /** Everything is closed. */
  close: [];
  /** Something went wrong that the server survived: a handler failed, a worker ended. The error has a `code`. */
  warning: [Error];
  /** A handler module has called `context.postMessage`; the number is its worker's. */
  message: [message: unknown, worker: number];
}

/** What {@link Server.reload} may change; what is left out stays as it is. */
export interface ReloadOptions {
  filename?: string | URL;
  handler?: Handler;
  workerData?: unknown;
}

/** How {@link Server.close} closes. */
export interface CloseOptions {
  /** Milliseconds to wait for answers in flight; default: the option `closeTimeout`. */
  timeout?: number;
  /** Milliseconds to go on serving first, so that load balancers notice; default 0. */
  lameduck?: number;
}

/** What {@link Server.close} had to cut off because its time was up. */
export interface CloseReport {
  /** Queries that handlers still held. */
  queries: number;
  /** TCP connections that were still open. */
  connections: number;
}

type State = 'new' | 'starting' | 'listening' | 'closing' | 'closed';

/** How soon sockets that could not be lent are tried again, in ms. */
const RETRY = 1000;

/**
 * A DNS server on N SO_REUSEPORT sockets an address. Made by {@link createServer}; see {@link ServerOptions}.
 *
 * A `warning` that nobody listens to is raised as a process warning, so that it is seen. What happens to sockets and
 * workers is published on the channels of `node:diagnostics_channel` that the documentation lists.
 */
export class Server extends EventEmitter<ServerEvents> implements AsyncDisposable {
  #config: ServerConfig;
  readonly #assignment = new Assignment();
  readonly #counters: Counters;
  readonly #supervisor: Supervisor;
  readonly #onAbort = (): void => {
    this.close().catch((error: unknown) => this.emit('error', error as Error));
  };
  /** The answers that are kept; undefined without the option `cache`. */
  readonly cache: ServerCache | undefined;
  readonly #guard: ServerGuard | undefined;
  #sockets: ServerSockets | undefined;
  #state: State = 'new';
  #starting: Promise<void> | undefined;
  #closing: Promise<CloseReport> | undefined;
  /** Aborted when it is about to close. */
  readonly #closed = new AbortController();
  /** Reloads and resizes, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;

  /** @internal */
  constructor(options: ServerOptions) {
    super();
    const config = checkOptions(options);
    this.#config = config;
    const workers = Math.max(1, config.workers);
    const { cache, cookies, rateLimit, maxPayloadSize } = config;
    this.cache = cache === undefined ? undefined : new ServerCache(cache, maxPayloadSize, cookies !== undefined);
    this.#guard = ServerGuard.open(cookies, rateLimit, maxPayloadSize);
    const shared = { cache: this.cache?.number ?? 0, guard: this.#guard?.number ?? 0 };
    this.#counters = new Counters(config.listen.length, 2 * workers);
    this.#supervisor = new Supervisor({
      workers,
      stallTimeout: config.workers === 0 ? 0 : config.stallTimeout,
      killTimeout: config.killTimeout,
      start: (index, died) =>
        startWorker(this.#config, index, this.#counters, shared, {
          warn: this.#warn,
          died,
          message: (message) => this.emit('message', message, index),
        }),
      changed: this.#reassign,
      warn: this.#warn,
      buried: (worker: SupervisedWorker) => {
        this.#assignment.forget(worker);
        this.#counters.returnSeat(worker.seat);
      },
    });
  }

  /**
   * Opens the sockets, starts the workers and has them serve; resolves when all of them do.
   *
   * Rejects with a system error of a socket (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, ...), with what the handler module
   * threw as it was loaded, or with `ERR_SERVER_ALREADY_LISTEN`; the server is then closed.
   */
  async listen(): Promise<this> {
    return this.#begin(async () => {
      const given = this.#config.listenFds ? listenFds() : [];
      if (given.length === 0) return ServerSockets.open(this.#config);
      const sockets = ServerSockets.adopt(this.#config, given);
      sockets.growInherited(this.#config);
      return sockets;
    });
  }

  /**
   * In place of {@link listen}: takes over the very sockets of the process that offers them at `path` by
   * {@link handOver}, serves them, and lets that process go. What waits in them is answered here; nothing is lost.
   *
   * The option `listen` has to have as many entries of the same transports; addresses, ports and numbers of sockets are
   * those of the other process. Rejects with `ERR_MULTISOCKET_HAND_OVER`, a system error of the path, or what
   * {@link listen} rejects with; the other process then serves on.
   */
  async adopt(path: string, { timeout = 10_000 }: { timeout?: number } = {}): Promise<this> {
    let adopted: AdoptedSockets | undefined;
    try {
      await this.#begin(async () => {
        adopted = await adoptSockets(path, { timeout });
        return ServerSockets.adopt(this.#config, adopted.addresses);
      });
      await adopted?.ready();
    } catch (error) {
      await adopted?.fail((error as Error).message).catch(() => undefined); // it may be gone: `error` says why
      await this.close({ timeout: 0 });
      throw error;
    }
    return this;
  }

  /**
   * Offers the sockets to another process of this user, at a Unix socket at `path`, and resolves when one has taken them
   * over by {@link adopt}; this server has then been closed. Until that one serves, this one does. Meanwhile `reload()`
   * and `resize()` wait; `close()` withdraws the offer.
   *
   * Rejects with `ERR_MULTISOCKET_HAND_OVER` when the other process failed or took too long, an `AbortError` when the offer
   * was withdrawn, a system error of the path, or `ERR_SERVER_NOT_RUNNING`. The server then serves on.
   */
  async handOver(path: string, { timeout = 30_000 }: { timeout?: number } = {}): Promise<void> {
    await this.#change(async (sockets) => {
      const offer = offerSockets(path, sockets.handOver(), { timeout, signal: this.#closed.signal });
      await offer.taken;
    });
    await this.close();
  }

  /** What was bound: an entry for each of `listen`, port 0 resolved. Empty before and after. */
  addresses(): BoundAddress[] {
    return this.#sockets?.addresses() ?? [];
  }

  /** Counts and the state of each socket and worker, at this moment; no message is sent to ask. */
  stats(): ServerStatistics {
    const statistics = this.#counters.read(this.#sockets, this.#supervisor, this.#assignment);
    return this.cache === undefined ? statistics : { ...statistics, cache: this.cache.counters() };
  }

  /**
   * Starts fresh workers, which load the handler module anew, and gives the sockets to them; the old ones finish what
   * they hold, within `closeTimeout`, and go. No query is lost. Resolves when the old ones are gone.
   *
   * Rejects with what kept a fresh worker from starting, and `ERR_SERVER_NOT_RUNNING` when the server does not listen;
   * the old workers then stay.
   */
  reload(changes: ReloadOptions = {}): Promise<void> {
    return this.#change(async () => {
      const before = this.#config;
      const { filename = before.filename, handler = before.handler, workerData = before.workerData } = changes;
      checkHandler(filename, handler, before.workers);
      this.#config = { ...before, filename, handler, workerData };
      try {
        await this.#supervisor.renew(() => this.#assign(), before.closeTimeout);
        // What the old handlers said need not be what the fresh ones say.
        this.cache?.clear();
      } catch (error) {
        this.#config = before;
        throw error;
      }
    });
  }

  /**
   * Shows these certificates to new connections of `tls://` and `https://`. Rejects with what OpenSSL has against them,
   * `ERR_INVALID_ARG_TYPE`, or `ERR_SERVER_NOT_RUNNING`; the old ones then stay.
   */
  async secure(tls: TlsSettings): Promise<void> {
    const checked = checkCertificate(tls);
    await this.#change(async () => {
      const ticketKeys = this.#config.tls?.ticketKeys ?? randomBytes(48);
      const shared = { ...checked, ticketKeys };
      this.#config = { ...this.#config, tls: shared };
      await Promise.all(this.#supervisor.all.map((worker) => worker.secure(shared)));
    });
  }

  /**
   * Changes the secrets of cookies, for all workers at once: 1 to 4 of 32 hexadecimal digits, the first of which makes
   * cookies from now on. Those made with the others are good as well. Without `secrets`: a fresh one, made at random, and
   * the last one. Throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, also for a server that was made without the
   * option `cookies`.
   */
  rotateCookieSecrets(secrets?: readonly string[]): void {
    const checked = secrets === undefined ? undefined : checkSecrets(secrets);
    if (this.#guard === undefined || this.#config.cookies === undefined) {
      throw invalidValue('cookies', 'must have been given for secrets to be rotated', this.#config.cookies);
    }
    this.#guard.rotate(checked);
  }

  /**
   * Gives every address, or the one that was the `address`-th of `listen`, another number of sockets, 1 to 1,024. No
   * query is lost: surplus sockets get nothing new, are read until nothing waits in them, and are then closed. Rejects
   * with a system error (`EMFILE`, ...), `ERR_OUT_OF_RANGE`, or `ERR_SERVER_NOT_RUNNING`.
   */
  async resize(sockets: number, address?: number): Promise<void> {
    const count = checkSocketCount('sockets', sockets);
    await this.#change(async (open) => {
      const addresses = address === undefined ? [...open.addresses().keys()] : [address];
      for (const each of addresses) await open.resize(each, count, () => this.#assign());
    });
  }

  /**
   * Stops taking queries, waits for those in flight, all workers at a time and no longer than `timeout`, ends the
   * workers and closes the sockets. Resolves when all is closed, with what was cut off; may be called again.
   */
  close(options: CloseOptions = {}): Promise<CloseReport> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** Lets the server keep the process alive, as it does from the start. */
  ref(): this {
    this.#supervisor.ref(true);
    return this;
  }

  /** Lets the process end though the server is open. */
  unref(): this {
    this.#supervisor.ref(false);
    return this;
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #begin(open: () => Promise<ServerSockets>): Promise<this> {
    if (this.#state !== 'new') {
      throw withCode(new Error(`listen was called on a server that is ${this.#state}`), 'ERR_SERVER_ALREADY_LISTEN');
    }
    this.#state = 'starting';
    this.#starting = this.#start(open);
    await this.#starting;
    this.emit('listening');
    return this;
  }

  async #start(open: () => Promise<ServerSockets>): Promise<void> {
    const { signal } = this.#config;
    try {
      signal?.throwIfAborted();
      this.#sockets = await open();
      await this.#supervisor.start();
      await this.#assign();
      signal?.throwIfAborted();
    } catch (error) {
      await this.#end(0);
      throw error;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#state = 'listening';
  }

  /** Has the sockets served by whom the supervisor names. */
  #assign(): Promise<void> {
    const sockets = this.#sockets?.all() ?? [];
    const plan = new Map(sockets.map((socket, i) => [socket, this.#supervisor.readersFor(i)]));
    for (const [leaving, staying] of this.#sockets?.partners() ?? []) {
      plan.set(staying, [...new Set([...(plan.get(staying) ?? []), ...(plan.get(leaving) ?? [])])]);
    }
    return this.#assignment.carryOut(plan);
  }

  readonly #reassign = (): void => {
    if (this.#state !== 'listening') return;
    this.#assign().catch((error: unknown) => {
      this.#warn(error as Error);
      clearTimeout(this.#retry);
      this.#retry = setTimeout(this.#reassign, RETRY).unref();
    });
  };

  #change(work: (sockets: ServerSockets) => Promise<void>): Promise<void> {
    const result = this.#changing.then(() => {
      if (this.#state !== 'listening' || this.#sockets === undefined) {
        throw withCode(new Error(`the server is ${this.#state}`), 'ERR_SERVER_NOT_RUNNING');
      }
      return work(this.#sockets);
    });
    this.#changing = result.catch(() => undefined); // who called it is told
    return result;
  }

  readonly #warn = (error: Error): void => {
    if ((error as { code?: string }).code === 'ERR_MULTISOCKET_OVERLOAD') channels.shed.publish({ error });
    if (!this.emit('warning', error)) process.emitWarning(error);
  };

  async #close({ timeout = this.#config.closeTimeout, lameduck = 0 }: CloseOptions): Promise<CloseReport> {
    // One that is just starting is let finish that; when it fails, that is told to who called listen, and it is closed.
    await this.#starting?.catch(() => undefined);
    if (this.#state === 'closed') return { queries: 0, connections: 0 };
    this.#closed.abort();
    if (lameduck > 0) await new Promise((resolve) => setTimeout(resolve, lameduck));
    this.#state = 'closing';
    const report = await this.#end(timeout);
    if (report.queries > 0 || report.connections > 0) {
      const { queries, connections } = report;
      const message = `closed within ${timeout} ms with ${queries} queries in flight and ${connections} connections open`;
      this.#warn(withCode(new Error(message), 'ERR_MULTISOCKET_CUT_OFF'));
    }
    return report;
  }

  async #end(timeout: number): Promise<CloseReport> {
    this.#config.signal?.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#retry);
    const report = { queries: 0, connections: 0 };
    await this.#supervisor.end(timeout, () => {
      const { inFlight, tcpOpen } = this.stats().totals;
      report.queries = inFlight;
      report.connections = tcpOpen;
    });
    this.#sockets?.close();
    this.#sockets = undefined;
    this.cache?.close();
    this.#guard?.close();
    this.#state = 'closed';
    this.emit('close');
    return report;
  }
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
