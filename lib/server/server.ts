/** The server: it owns the sockets, and has workers serve them. */
import { EventEmitter } from 'node:events';
import { nativeMissing } from '../addon.js';
import { invalidValue, withCode } from '../errors.js';
import { adoptSockets, offerSockets, type AdoptedSockets } from '../socket/hand-over.js';
import { listenFds } from '../socket/listen-fds.js';
import { checkSocketCount } from '../socket/socket-count.js';
import type { TlsSettings } from '../transport/secure-context.js';
import { Adaptation, type AdaptationBounds, type AdaptationStep } from './adaptation.js';
import { Assignment } from './assignment.js';
import type { Borrower } from './borrower.js';
import { checkSecrets } from './check-guard.js';
import { checkCertificate, checkOptions, checkReload } from './check-options.js';
import { ControlSocket } from './control.js';
import { channels } from './diagnostics.js';
import type { ServerSocket } from './messages.js';
import type { ReloadOptions, ServerConfig, ServerOptions } from './options.js';
import { ServerCache } from './server-cache.js';
import { ServerGuard } from './server-guard.js';
import { ServerSockets, type AddressChange, type BoundAddress } from './server-sockets.js';
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
  /** With `sockets: 'auto'`: the number of sockets has changed. */
  adapt: [step: AdaptationStep];
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

/** Whether it has been said that native code is missing: once is enough. */
let fallbackTold = false;

/** For how many addresses there is room at least, so that a reload can have more than there were at first. */
const MIN_ROOM = 64;
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
  /** For how many addresses there is room. */
  readonly #room: number;
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
  #adaptation: Adaptation | undefined;
  #control: ControlSocket | undefined;

  /** @internal */
  constructor(options: ServerOptions) {
    super();
    const config = checkOptions(options);
    this.#config = config;
    const workers = Math.max(1, config.workers);
    const { cache, cookies, rateLimit, maxPayloadSize, nsid } = config;
    const added = { ignoreNsid: nsid !== undefined, ignoreCookies: cookies !== undefined };
    this.cache = cache === undefined ? undefined : new ServerCache(cache, maxPayloadSize, added);
    this.#guard = ServerGuard.open(cookies, rateLimit, maxPayloadSize);
    const shared = { cache: this.cache?.number ?? 0, guard: this.#guard?.number ?? 0 };
    this.#room = Math.max(MIN_ROOM, 2 * config.listen.length);
    this.#counters = new Counters(this.#room, 2 * workers);
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
    return this.#begin(false, async () => {
      const given = this.#config.listenFds ? listenFds() : [];
      if (given.length === 0) return ServerSockets.open(this.#config, this.#room);
      const sockets = ServerSockets.adopt(this.#config, given, this.#room);
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
      await this.#begin(true, async () => {
        adopted = await adoptSockets(path, { timeout });
        return ServerSockets.adopt(this.#config, adopted.addresses, this.#room);
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
      sockets.disown();
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
   * they hold, within `closeTimeout`, and go. No query is lost, but for those to addresses that are given up. Resolves when
   * the old workers are gone.
   *
   * Rejects with what kept a fresh worker from starting or an address from being opened, with what {@link createServer}
   * throws, `ERR_MULTISOCKET_TOO_MANY_ADDRESSES`, and `ERR_SERVER_NOT_RUNNING` when the server does not listen; the old
   * workers and addresses then stay.
   */
  reload(changes: ReloadOptions = {}): Promise<void> {
    return this.#change(async (sockets) => {
      const before = this.#config;
      const config = checkReload(before, changes);
      const undo = changes.listen === undefined ? [] : await this.#resizeStaying(sockets, config);
      this.#config = config;
      undo.push(() => {
        this.#config = before;
        return Promise.resolve();
      });
      let change: AddressChange | undefined;
      try {
        await this.#supervisor.renew(
          async () => {
            if (changes.listen === undefined) return;
            change = await sockets.change(config);
            for (const slot of change.slots) this.#counters.forgetAddress(slot);
          },
          async () => {
            undo.length = 0; // from here on the fresh ones serve
            change?.apply();
            await this.#assign();
            await change?.finish(() => this.#assign());
          },
          before.closeTimeout,
        );
      } catch (error) {
        for (const step of undo) await step();
        throw error;
      }
      // What the old handlers said need not be what the fresh ones say.
      this.cache?.clear();
    });
  }

  /**
   * Shows these certificates to new connections of `tls://`, `https://` and `grpc://`. Rejects with what OpenSSL has
   * against them, `ERR_INVALID_ARG_TYPE`, `ERR_SERVER_NOT_RUNNING`, or `ERR_MULTISOCKET_NO_TLS` when the server was made
   * without the option `tls`; the old ones then stay.
   */
  async secure(tls: TlsSettings): Promise<void> {
    const checked = checkCertificate(tls);
    await this.#change(async () => {
      const before = this.#config.tls;
      // gRPC that began without encryption goes on so, on every socket.
      if (before === undefined) throw withCode(new Error('the server has no option tls'), 'ERR_MULTISOCKET_NO_TLS');
      const shared = { ...checked, ticketKeys: before.ticketKeys };
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
   *
   * Sockets that have joined those of a service manager (`listenFds`) are emptied and closed first, unless `timeout` is 0:
   * what comes later waits in those that the manager has, for the next process.
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

  /** `takesOver`: from a server that goes on until this one serves. */
  async #begin(takesOver: boolean, open: () => Promise<ServerSockets>): Promise<this> {
    if (this.#state !== 'new') {
      throw withCode(new Error(`listen was called on a server that is ${this.#state}`), 'ERR_SERVER_ALREADY_LISTEN');
    }
    this.#state = 'starting';
    this.#starting = this.#start(takesOver, open);
    await this.#starting;
    this.emit('listening');
    return this;
  }

  async #start(takesOver: boolean, open: () => Promise<ServerSockets>): Promise<void> {
    const { signal, control, auto } = this.#config;
    try {
      signal?.throwIfAborted();
      this.#tellFallback();
      this.#sockets = await open();
      await this.#supervisor.start();
      await this.#assign();
      if (control !== undefined) this.#control = await ControlSocket.open(control, takesOver, () => this.#told());
      signal?.throwIfAborted();
    } catch (error) {
      await this.#end(0);
      throw error;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#state = 'listening';
    if (auto !== undefined) this.#adaptation = this.#adapt(auto);
  }

  #told(): ServerStatistics & { addresses: BoundAddress[] } {
    return { addresses: this.addresses(), ...this.stats() };
  }

  #adapt(bounds: AdaptationBounds): Adaptation {
    return new Adaptation({
      ...bounds,
      sockets: () => {
        const first = this.#config.listen.findIndex(({ adapts }) => adapts);
        return first === -1 ? 0 : (this.#sockets?.count(first) ?? 0);
      },
      busy: () => this.#supervisor.all.map((worker) => worker.busyFor()),
      resize: (sockets) =>
        this.#change(async (open) => {
          for (const [i, { adapts }] of this.#config.listen.entries()) {
            if (adapts) await open.resize(i, sockets, () => this.#assign());
          }
        }),
      told: (step) => {
        const { from, to, cpuUsed, cpuAvailable } = step;
        this.#config.logger.info(
          `sockets: ${from} -> ${to}: workers were busy for ${cpuUsed.toFixed(1)} of ${cpuAvailable} CPUs`,
        );
        channels.adapt.publish(step);
        this.emit('adapt', step);
      },
      failed: (error) => {
        if (this.#state === 'listening') this.#warn(error);
      },
    });
  }

  /** Has the sockets served by whom the supervisor names. */
  #assign(): Promise<void> {
    const sockets = this.#sockets?.all() ?? [];
    const plan = new Map<ServerSocket, readonly Borrower[]>(
      sockets.map((socket, i) => [socket, this.#supervisor.readersFor(i)]),
    );
    for (const socket of this.#sockets?.leaving() ?? []) plan.set(socket, this.#assignment.readersOf(socket.number));
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

  /**
   * Gives the addresses that stay their numbers of sockets, where these are fixed; returns what takes that back. Rejects
   * with a system error; then all have as many as before.
   */
  async #resizeStaying(sockets: ServerSockets, { listen }: ServerConfig): Promise<(() => Promise<void>)[]> {
    const undo: (() => Promise<void>)[] = [];
    const assign = (): Promise<void> => this.#assign();
    try {
      for (const [i, place] of sockets.places(listen).entries()) {
        if (place === undefined || listen[i].adapts) continue;
        const before = sockets.count(place);
        if (before === listen[i].sockets) continue;
        await sockets.resize(place, listen[i].sockets, assign);
        undo.push(() => sockets.resize(place, before, assign));
      }
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
    return undo;
  }

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

  #tellFallback(): void {
    if (nativeMissing === undefined || fallbackTold) return;
    fallbackTold = true;
    const message = 'the native addon is not loaded: one socket an address, served on one thread in JavaScript';
    const error = new Error(`${message} (${nativeMissing.message.trim()})`, { cause: nativeMissing });
    this.#warn(withCode(error, 'ERR_MULTISOCKET_FALLBACK'));
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
    if (timeout > 0 && this.#state === 'listening' && this.#sockets?.grown === true) {
      await this.#change((sockets) => sockets.shrinkToInherited(() => this.#assign())).catch(this.#warn);
    }
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
    this.#adaptation?.stop();
    this.#control?.close();
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
