import type { ServerConfig } from './options/config.js';
import { Assignment } from './assignment.js';
import type { Borrower } from './borrower.js';
import { Broadcast } from './broadcast.js';
import type { ServerSocket, ServingOptions } from '../worker/messages.js';
import type { BoundAddress } from './served-address.js';
import { QueryLog } from './query-log.js';
import { ServerCache } from './server-cache.js';
import { ServerGuard } from './server-guard.js';
import type { ServerSockets } from './server-sockets.js';
import { startWorker } from './start-worker.js';
import { Counters, type ServerStatistics } from './statistics.js';
import { hasEnded, type SupervisedWorker, type WorkerLife } from './supervised-worker.js';
import { maxWrittenOff, Supervisor } from './supervisor.js';
import { within } from './within.js';
import type { SharedTls } from '../worker/stream/secure-context.js';
import type { WorkerEvents } from './worker-thread.js';

/** The least number of addresses to reserve room for, so that a reload can add addresses. */
const MIN_ROOM = 64;

/** The events of {@link ServerParts}, for their server. */
export interface ServerPartsEvents {
  /** Reports an error that the server survives. */
  warn(error: Error): void;
  /** A handler module has called `context.postMessage`. */
  message(message: unknown, worker: number): void;
  /** The set of workers, or their health, has changed: {@link ServerParts.assign} is due. */
  changed(): void;
}

/**
 * The parts of a server: its configuration, workers and sockets, what they share, and which worker serves which socket.
 * Nothing runs at first; {@link close} closes what is open from the start.
 */
export class ServerParts {
  /** The configuration of workers that start from now on. */
  config: ServerConfig;
  /** Undefined before the sockets are opened and after they are closed. */
  sockets: ServerSockets | undefined;
  /** The number of addresses that there is room for. */
  readonly room: number;
  readonly supervisor: Supervisor;
  readonly broadcast: Broadcast;
  readonly counters: Counters;
  /** The answer cache; undefined without the option `cache`. */
  readonly cache: ServerCache | undefined;
  /** Cookies and rate limits; undefined if the server has neither. */
  readonly guard: ServerGuard | undefined;
  readonly #assignment = new Assignment();
  readonly #queryLog: QueryLog;
  /** The TLS settings that each worker uses, or has the order to use. */
  readonly #tls = new WeakMap<Borrower, SharedTls | undefined>();

  constructor(config: ServerConfig, events: ServerPartsEvents) {
    this.config = config;
    const workers = Math.max(1, config.workers);
    const { cache, cookies, rateLimit, maxPayloadSize, nsid } = config;
    const added = { ignoreNsid: nsid !== undefined };
    this.cache = cache === undefined ? undefined : new ServerCache(cache, maxPayloadSize, added);
    this.guard = ServerGuard.open(cookies, rateLimit, maxPayloadSize);
    const { number: cacheNumber = 0, misses } = this.cache ?? {};
    const shared = { cache: cacheNumber, misses, guard: this.guard?.number ?? 0 };
    this.room = Math.max(MIN_ROOM, 2 * config.listen.length);
    // There are twice as many workers while a reload renews them.
    this.counters = new Counters(this.room, 2 * workers + maxWrittenOff(workers));
    const warn = events.warn.bind(events);
    this.#queryLog = new QueryLog(warn);
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
    this.broadcast = new Broadcast(this.supervisor);
  }

  /** See {@link Server.addresses}. */
  addresses(): BoundAddress[] {
    return this.sockets?.addresses() ?? [];
  }

  /** What the control socket tells. */
  report(): ServerStatistics & { addresses: BoundAddress[] } {
    return { addresses: this.addresses(), ...this.stats() };
  }

  /** See {@link Server.stats}. */
  stats(): ServerStatistics {
    const statistics = this.counters.read(this.sockets, this.supervisor, this.#assignment);
    return this.cache === undefined ? statistics : { ...statistics, cache: this.cache.counters() };
  }

  /**
   * Assigns the sockets to the workers that the supervisor names. Rejects like {@link Assignment.carryOut} or {@link
   * secure}.
   */
  async assign(): Promise<void> {
    const plan = new Map<ServerSocket, readonly Borrower[]>();
    const read = this.sockets?.read() ?? [];
    for (const [i, socket] of read.entries()) plan.set(socket, this.supervisor.readersFor(i));
    for (const socket of this.sockets?.removed() ?? []) plan.set(socket, this.#assignment.readersOf(socket.number));
    // Replies leave only through a socket that serves: a reader of one that leaves must have that one as well.
    for (const group of this.sockets?.groups() ?? []) {
      const [first] = group.in('serving');
      const readers = [first, ...group.in('leaving')].flatMap((socket) => plan.get(socket) ?? []);
      plan.set(first, [...new Set(readers)]);
    }
    // The order to use the current settings is sent before the order to accept.
    await Promise.all([this.secure(), this.#assignment.carryOut(plan)]);
  }

  /**
   * Makes every worker use the current TLS settings for new connections. A worker that starts later gets them before it
   * is lent a socket. Rejects if a living worker cannot use them.
   */
  async secure(): Promise<void> {
    const { tls } = this.config;
    if (tls === undefined) return;
    const behind = this.supervisor.all.filter((worker) => {
      const used = this.#tls.get(worker);
      // A worker that started without TLS is about to end: a reload has given TLS to its server.
      return used !== undefined && used !== tls;
    });
    for (const worker of behind) this.#tls.set(worker, tls);
    await Promise.all(behind.map((worker) => worker.secure(tls).catch(unlessEnded)));
  }

  #start(
    index: number,
    shared: Pick<ServingOptions, 'cache' | 'misses' | 'guard'>,
    events: WorkerLife & Pick<WorkerEvents, 'warn' | 'message'>,
  ): SupervisedWorker {
    const { config } = this;
    const { kept } = this.broadcast;
    const log = config.queryLog && this.#queryLog.open(config.queryLog);
    const own = { ...shared, kept, queryLog: log?.worker };
    const worker = startWorker(config, index, this.counters, own, { ...events, exited: () => log?.end() });
    this.#tls.set(worker, config.tls);
    return worker;
  }

  /**
   * Closes what is left after the workers have ended. Resolves when the query log has given its last entries, within
   * `timeout` ms.
   */
  async close(timeout: number): Promise<void> {
    this.sockets?.close();
    this.sockets = undefined;
    this.guard?.close();
    await within(timeout, [this.#queryLog.close()]);
  }
}

/** A worker that has ended uses no settings: its replacement starts with the current ones. */
function unlessEnded(error: unknown): void {
  if (!hasEnded(error)) throw error;
}
