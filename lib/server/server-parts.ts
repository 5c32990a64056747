/** What a server is made of: its configuration, workers and sockets, what they share, and who serves what. */
import type { ServerConfig } from './options/options.js';
import { Assignment } from './assignment.js';
import type { Borrower } from './borrower.js';
import type { ServerSocket, ServingOptions } from '../worker/messages.js';
import { ServerCache } from './server-cache.js';
import { ServerGuard } from './server-guard.js';
import type { ServerSockets } from './server-sockets.js';
import { startWorker } from './start-worker.js';
import { Counters, type ServerStatistics } from './statistics.js';
import { hasEnded, type SupervisedWorker, type WorkerLife } from './supervised-worker.js';
import { maxWrittenOff, Supervisor } from './supervisor.js';
import type { SharedTls } from '../worker/stream/secure-context.js';
import type { WorkerEvents } from './worker-thread.js';

/** For how many addresses there is room at least, so that a reload can have more than there were at first. */
const MIN_ROOM = 64;

/** What {@link ServerParts} tell their server. */
export interface ServerPartsEvents {
  /** Something went wrong that the server survives. */
  warn(error: Error): void;
  /** A handler module has called `context.postMessage`. */
  message(message: unknown, worker: number): void;
  /** Who is there to serve, or how well, has changed: {@link ServerParts.assign} is due. */
  changed(): void;
}

/** See the file's head. Nothing is open or runs at first, but for what {@link close} closes. */
export class ServerParts {
  /** What workers that are started from now on are given. */
  config: ServerConfig;
  /** Undefined before they are opened and after they are closed. */
  sockets: ServerSockets | undefined;
  /** For how many addresses there is room. */
  readonly room: number;
  readonly supervisor: Supervisor;
  readonly counters: Counters;
  /** The answers that are kept; undefined without the option `cache`. */
  readonly cache: ServerCache | undefined;
  /** Cookies and rate limits; undefined where there is neither. */
  readonly guard: ServerGuard | undefined;
  readonly #assignment = new Assignment();
  /** The TLS settings that each worker uses, or was told to use. */
  readonly #tls = new WeakMap<Borrower, SharedTls | undefined>();

  constructor(config: ServerConfig, events: ServerPartsEvents) {
    this.config = config;
    const workers = Math.max(1, config.workers);
    const { cache, cookies, rateLimit, maxPayloadSize, nsid } = config;
    const added = { ignoreNsid: nsid !== undefined };
    this.cache = cache === undefined ? undefined : new ServerCache(cache, maxPayloadSize, added);
    this.guard = ServerGuard.open(cookies, rateLimit, maxPayloadSize);
    const shared = { cache: this.cache?.number ?? 0, guard: this.guard?.number ?? 0 };
    this.room = Math.max(MIN_ROOM, 2 * config.listen.length);
    // Twice as many workers while a reload renews them.
    this.counters = new Counters(this.room, 2 * workers + maxWrittenOff(workers));
    const warn = events.warn.bind(events);
    this.supervisor = new Supervisor({
      workers,
      stallTimeout: config.stallTimeout,
      killTimeout: config.killTimeout,
      start: (index, life) => {
        const message = (said: unknown): void => {
          events.message(said, index);
        };
        return this.#start(index, shared, { ...life, warn, message });
      },
      changed: events.changed.bind(events),
      warn,
      buried: (worker: SupervisedWorker) => {
        this.#assignment.forget(worker);
      },
    });
  }

  /** See {@link Server.stats}. */
  stats(): ServerStatistics {
    const statistics = this.counters.read(this.sockets, this.supervisor, this.#assignment);
    return this.cache === undefined ? statistics : { ...statistics, cache: this.cache.counters() };
  }

  /**
   * Has the sockets served by whom the supervisor names. Rejects as {@link Assignment.carryOut}, or as {@link secure}.
   */
  async assign(): Promise<void> {
    const sockets = this.sockets?.all() ?? [];
    const plan = new Map<ServerSocket, readonly Borrower[]>(
      sockets.map((socket, i) => [socket, this.supervisor.readersFor(i)]),
    );
    for (const socket of this.sockets?.leaving() ?? []) plan.set(socket, this.#assignment.readersOf(socket.number));
    for (const [leaving, staying] of this.sockets?.partners() ?? []) {
      plan.set(staying, [...new Set([...(plan.get(staying) ?? []), ...(plan.get(leaving) ?? [])])]);
    }
    // The order to use the current settings goes before the order to accept.
    await Promise.all([this.secure(), this.#assignment.carryOut(plan)]);
  }

  /**
   * Has every worker use the current TLS settings for new connections; one that starts later is told before it is lent a
   * socket. Rejects when a worker that lives cannot use them.
   */
  async secure(): Promise<void> {
    const { tls } = this.config;
    if (tls === undefined) return;
    const behind = this.supervisor.all.filter((worker) => {
      const used = this.#tls.get(worker);
      // A worker that was started without TLS is about to go: its server has got it by a reload.
      return used !== undefined && used !== tls;
    });
    for (const worker of behind) this.#tls.set(worker, tls);
    await Promise.all(behind.map((worker) => worker.secure(tls).catch(unlessEnded)));
  }

  #start(
    index: number,
    shared: Pick<ServingOptions, 'cache' | 'guard'>,
    events: WorkerLife & Pick<WorkerEvents, 'warn' | 'message'>,
  ): SupervisedWorker {
    const { config } = this;
    const worker = startWorker(config, index, this.counters, shared, events);
    this.#tls.set(worker, config.tls);
    return worker;
  }

  /** Closes what is left when the workers have ended. */
  close(): void {
    this.sockets?.close();
    this.sockets = undefined;
    this.cache?.close();
    this.guard?.close();
  }
}

/** A worker that has ended uses no settings: the one that replaces it starts with the current ones. */
function unlessEnded(error: unknown): void {
  if (!hasEnded(error)) throw error;
}
