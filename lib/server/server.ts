import { EventEmitter } from 'node:events';
import { invalidValue, isCoded, withCode, type CodedError } from '../errors.js';
import { adoptSockets, type AdoptedSockets } from '../socket/adopt-sockets.js';
import { offerSockets } from '../socket/offer-sockets.js';
import { listenFds } from '../socket/listen-fds.js';
import { checkSocketCount } from '../socket/socket-count.js';
import { checkSecrets } from '../options/cookies.js';
import type { ReloadOptions, ServerOptions } from '../options/server.js';
import type { TlsSettings } from '../options/tls.js';
import type { AdaptationStep } from './adaptation.js';
import { checkOptions } from './options/check-options.js';
import type { PostMessageOptions } from './broadcast.js';
import { channels } from './diagnostics.js';
import type { ServerCache } from './server-cache.js';
import { ServerLife, type CloseOptions, type CloseReport } from './server-life.js';
import { ServerParts } from './server-parts.js';
import type { BoundAddress } from './served-address.js';
import { ServerSockets } from './server-sockets.js';
import type { ServerStatistics } from './statistics.js';

export type { PostMessageOptions } from './broadcast.js';
export type { CloseOptions, CloseReport } from './server-life.js';

/** The events of a {@link Server} and the arguments of their listeners. */
export interface ServerEvents {
  /** Every worker serves. */
  listening: [];
  /** The server could not be closed in order. */
  error: [Error];
  /** Everything is closed. */
  close: [];
  /** Something went wrong that the server survived: a handler failed, a worker ended. The error has a `code`. */
  warning: [CodedError];
  /** A handler module has called `context.postMessage`; the number is its worker's index. */
  message: [message: unknown, worker: number];
  /** With `sockets: 'auto'`: the number of sockets has changed. */
  adapt: [step: AdaptationStep];
}

/**
 * A DNS server on N SO_REUSEPORT sockets for each address. Made by {@link createServer}; see {@link ServerOptions}.
 *
 * A `warning` without a listener becomes a process warning. Changes of sockets and workers are published on the
 * channels of `node:diagnostics_channel` that the documentation lists.
 */
export class Server extends EventEmitter<ServerEvents> implements AsyncDisposable {
  readonly #parts: ServerParts;
  readonly #life: ServerLife;
  /** The answer cache; undefined without the option `cache`. */
  readonly cache: ServerCache | undefined;

  /** @internal */
  constructor(options: ServerOptions) {
    super();
    this.#parts = new ServerParts(checkOptions(options), {
      warn: this.#warn,
      message: (message, worker) => this.emit('message', message, worker),
      changed: () => {
        this.#life.reassign();
      },
    });
    this.cache = this.#parts.cache;
    this.#life = new ServerLife(this.#parts, {
      warn: this.#warn,
      listening: () => this.emit('listening'),
      adapted: (step) => this.emit('adapt', step),
      failed: (error) => this.emit('error', error),
      closed: () => this.emit('close'),
    });
  }

  /**
   * Opens the sockets, starts the workers and lends them the sockets; resolves when all of them serve.
   *
   * Rejects with a system error of a socket (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, ...), with the error of loading
   * the handler module, or with `ERR_SERVER_ALREADY_LISTEN`; the server is then closed.
   */
  async listen(): Promise<this> {
    const { config, room } = this.#parts;
    await this.#life.start(false, async () => {
      const given = config.listenFds ? listenFds() : [];
      if (given.length === 0) return ServerSockets.open(config, room);
      const sockets = ServerSockets.adopt(config, given, room);
      sockets.growInherited(config);
      return sockets;
    });
    return this;
  }

  /**
   * Replaces {@link listen}: takes over the open sockets of the process that offers them at `path` by {@link handOver},
   * serves them, and lets that process end. Queries that wait in them are answered here; nothing is lost.
   *
   * The option `listen` must have as many entries, of the same transports; addresses, ports and numbers of sockets are
   * those of the other process. Rejects with `ERR_MULTISOCKET_HAND_OVER`, a system error of the path, or an error of
   * {@link listen}; the other process then keeps serving.
   */
  async adopt(path: string, { timeout = 10_000 }: { timeout?: number } = {}): Promise<this> {
    let adopted: AdoptedSockets | undefined;
    try {
      await this.#life.start(true, async () => {
        adopted = await adoptSockets(path, { timeout, signal: this.#life.closing });
        return ServerSockets.adopt(this.#parts.config, adopted.addresses, this.#parts.room);
      });
      await adopted?.ready();
    } catch (error) {
      await adopted?.fail((error as Error).message).catch(() => undefined); // it may have ended: `error` says why
      await this.close({ timeout: 0 });
      throw error;
    }
    return this;
  }

  /**
   * Offers the sockets to another process of this user, at a Unix socket at `path`. Resolves when one has taken them
   * over by {@link adopt}; this server is then closed. It serves until the other process does. Meanwhile `reload()` and
   * `resize()` wait; `close()` withdraws the offer.
   *
   * Rejects with `ERR_MULTISOCKET_HAND_OVER` if the other process failed or took too long, an `AbortError` if the offer
   * was withdrawn, a system error of the path, or `ERR_SERVER_NOT_RUNNING`. The server then keeps serving.
   */
  async handOver(path: string, { timeout = 30_000 }: { timeout?: number } = {}): Promise<void> {
    await this.#life.changes.next(async (sockets) => {
      const offer = offerSockets(path, sockets.handOver(), { timeout, signal: this.#life.closing });
      await offer.taken;
      sockets.disown();
    });
    await this.close();
  }

  /** The bound addresses: an entry for each of `listen`, port 0 resolved. Empty while the server does not listen. */
  addresses(): BoundAddress[] {
    return this.#parts.addresses();
  }

  /** Counts and the current state of each socket and worker. Reads shared memory and sends no message. */
  stats(): ServerStatistics {
    return this.#parts.stats();
  }

  /**
   * Starts fresh workers, which load the handler module anew, and gives the sockets to them. The old workers finish
   * what they hold, within `closeTimeout`, and end. No query is lost, except those to removed addresses. Resolves when
   * the old workers have ended.
   *
   * Rejects with the error that kept a fresh worker from starting or an address from being opened, with an error of
   * {@link createServer}, `ERR_MULTISOCKET_TOO_MANY_ADDRESSES`, `ERR_MULTISOCKET_OWN_TLS` if `changes` has `tls` without
   * `listen` and an address has TLS settings of its own, or `ERR_SERVER_NOT_RUNNING` if the server does not listen; the
   * old workers and addresses then stay.
   */
  reload(changes: ReloadOptions = {}): Promise<void> {
    return this.#life.changes.reload(changes);
  }

  /**
   * Changes the option `tls` for new connections of `tls://`, `https://` and `grpc://`, on every socket and in every
   * worker, those that start later included. A setting that `changes` omits stays: `secure({ cert, key })` renews a
   * certificate and keeps `ca` and `requestCert`. Open connections stay; unfinished handshakes are aborted if more than
   * the certificate changes. Earlier sessions cannot be resumed (RFC 8446 s.2.2), unless nothing changes.
   *
   * Resolves when no worker accepts with the old settings. The old settings stay if it rejects:
   * - `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`: `changes` is invalid; the message names the option.
   * - `ERR_MULTISOCKET_OWN_TLS`: addresses have TLS settings of their own, which `reload({ listen })` renews; the message
   *   names them. An address with `tls: null` is not encrypted and does not count.
   * - `ERR_MULTISOCKET_NO_TLS`: the server has no option `tls`.
   * - `ERR_SERVER_NOT_RUNNING`: the server does not listen.
   */
  secure(changes: Partial<TlsSettings>): Promise<void> {
    return this.#life.changes.secure(changes);
  }

  /**
   * Changes the secrets of cookies for all workers at once: 1 to 4 secrets of 32 hexadecimal digits. The first one
   * makes cookies from now on; cookies made with the others stay valid. Without `secrets`: a fresh random secret and
   * the previous one. Throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, also for a server that was made without
   * the option `cookies`.
   */
  rotateCookieSecrets(secrets?: readonly string[]): void {
    const checked = secrets === undefined ? undefined : checkSecrets(secrets);
    const { guard, config } = this.#parts;
    if (guard === undefined || config.cookies === undefined) {
      throw invalidValue('cookies', 'must have been given for secrets to be rotated', config.cookies);
    }
    guard.rotate(checked);
  }

  /**
   * Changes the number of sockets of every address, or of the one at index `address` of `listen`, to 1 to 1,024. No
   * query is lost: surplus sockets get nothing new, are read until they are empty, and are then closed. Rejects with a
   * system error (`EMFILE`, ...), `ERR_OUT_OF_RANGE`, or `ERR_SERVER_NOT_RUNNING`.
   */
  async resize(sockets: number, address?: number): Promise<void> {
    await this.#life.changes.resize(checkSocketCount('sockets', sockets), address);
  }

  /**
   * Stops taking queries, waits up to `timeout` for those in flight in all workers, ends the workers and closes the
   * sockets. Resolves with what was cut off when everything is closed. May be called again.
   *
   * Sockets that have joined those of a service manager (`listenFds`) are emptied and closed first, unless `timeout` is
   * 0: later traffic waits in the manager's sockets for the next process.
   */
  close(options: CloseOptions = {}): Promise<CloseReport> {
    return this.#life.close(options);
  }

  /**
   * Sends a clone of `message` (structured clone; a SharedArrayBuffer in it is shared) to all workers. Their handler modules
   * receive it by `context.on('message', listener)`, messages in the order of the calls. `sticky`: workers that start later
   * receive it before their first query, too.
   *
   * Resolves when the listeners have run in every worker that serves: no answer to a later query is made with older data.
   * After that, `server.cache.clear()` removes answers that were. A worker that ends meanwhile does not count. Without
   * workers, before `listen()` and after `close()`, it resolves at once; a sticky message is kept for those to come.
   *
   * Throws `DataCloneError` for a message that cannot be cloned, and `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an
   * invalid option, also for `transfer`.
   */
  postMessage(message: unknown, options: PostMessageOptions = {}): Promise<void> {
    return this.#parts.broadcast.post(message, options);
  }

  /** Makes the server keep the process alive. This is the default. */
  ref(): this {
    this.#parts.supervisor.ref(true);
    return this;
  }

  /** Lets the process end while the server is open. */
  unref(): this {
    this.#parts.supervisor.ref(false);
    return this;
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #warn = (error: Error): void => {
    const coded = isCoded(error) ? error : withCode(error, 'ERR_MULTISOCKET_WARNING');
    if (coded.code === 'ERR_MULTISOCKET_OVERLOAD') channels.shed.publish({ error });
    if (!this.emit('warning', coded)) process.emitWarning(coded);
  };
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
