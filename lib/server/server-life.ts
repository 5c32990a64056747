import { nativeMissing } from '../native/addon.js';
import { withCode, type CodedError } from '../errors.js';
import type { Adaptation, AdaptationStep } from './adaptation.js';
import { Changes } from './changes.js';
import { ControlSocket } from './control.js';
import type { ServerParts } from './server-parts.js';
import type { ServerSockets } from './server-sockets.js';
import { within } from './within.js';

/** Options of `Server.close`. */
export interface CloseOptions {
  /** Milliseconds to wait for answers in flight; default: the option `closeTimeout`. */
  timeout?: number;
  /** Milliseconds to keep serving first, so that load balancers notice; default 0. */
  lameduck?: number;
}

/** What `Server.close` cut off at its timeout. */
export interface CloseReport {
  /** Queries that handlers still held. */
  queries: number;
  /** TCP connections that were still open. */
  connections: number;
}

/**
 * A state of a server. `listen()` starts it once; `close()` is possible in each state.
 *
 * - `new`: nothing is open.
 * - `starting`: its sockets are being opened, and its workers start.
 * - `listening`: it serves, and can be changed. A failed start leads to `closed` instead.
 * - `closing`: it takes nothing new, and answers what is in flight.
 * - `closed`: nothing is open any more.
 */
type State = 'new' | 'starting' | 'listening' | 'closing' | 'closed';

/** The events of a {@link ServerLife}, for its server. */
export interface ServerLifeEvents {
  /** Reports an error that the server survives. */
  warn(error: Error): void;
  /** Every worker serves. */
  listening(): void;
  /** With `sockets: 'auto'`: the number of sockets has changed. */
  adapted(step: AdaptationStep): void;
  /** The server could not be closed when its signal was aborted. */
  failed(error: Error): void;
  /** Everything is closed. */
  closed(): void;
}

/** Whether the warning about missing native code has been given; it is given once. */
let fallbackTold = false;

/** Milliseconds after which sockets that could not be lent are tried again. */
const RETRY = 1000;

/** The life of a server, from `new` to `closed`, and what runs only while it listens. */
export class ServerLife {
  /** The changes that are possible while the server listens. */
  readonly changes: Changes;
  readonly #parts: ServerParts;
  readonly #events: ServerLifeEvents;
  readonly #onAbort = (): void => {
    this.close({}).catch((error: unknown) => {
      this.#events.failed(error as Error);
    });
  };
  #state: State = 'new';
  #starting: Promise<void> | undefined;
  #closing: Promise<CloseReport> | undefined;
  #ended: Promise<CloseReport> | undefined;
  readonly #aboutToClose = new AbortController();
  #retry: NodeJS.Timeout | undefined;
  #adaptation: Adaptation | undefined;
  #control: ControlSocket | undefined;

  constructor(parts: ServerParts, events: ServerLifeEvents) {
    this.#parts = parts;
    this.#events = events;
    this.changes = new Changes(
      parts,
      () => this.#running(),
      (error) => {
        this.#events.warn(error);
      },
    );
  }

  /** Aborted when the server is about to close. */
  get closing(): AbortSignal {
    return this.#aboutToClose.signal;
  }

  /**
   * Starts the server on the sockets that `open` returns; resolves when it listens. `takesOver`: from a server that keeps
   * serving until this one serves. Rejects with the error that prevented it, or with `ERR_SERVER_ALREADY_LISTEN`.
   */
  async start(takesOver: boolean, open: () => Promise<ServerSockets>): Promise<void> {
    if (this.#state !== 'new') {
      throw withCode(new Error(`listen was called on a server that is ${this.#state}`), 'ERR_SERVER_ALREADY_LISTEN');
    }
    this.#state = 'starting';
    this.#starting = this.#start(takesOver, open);
    await this.#starting;
    this.#events.listening();
  }

  /** Closes the server. A later call returns the result of the first. */
  close(options: CloseOptions): Promise<CloseReport> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** Assigns the sockets to the workers again, if the server listens; repeats that until it succeeds. */
  readonly reassign = (): void => {
    if (this.#state !== 'listening') return;
    this.#parts.assign().catch((error: unknown) => {
      this.#events.warn(error as Error);
      clearTimeout(this.#retry);
      this.#retry = setTimeout(this.reassign, RETRY).unref();
    });
  };

  /** The sockets of the server. Throws `ERR_SERVER_NOT_RUNNING` if it does not listen. */
  #running(): ServerSockets {
    const { sockets } = this.#parts;
    if (this.#state === 'listening' && sockets !== undefined) return sockets;
    throw withCode(new Error(`the server is ${this.#state}`), 'ERR_SERVER_NOT_RUNNING');
  }

  async #start(takesOver: boolean, open: () => Promise<ServerSockets>): Promise<void> {
    const parts = this.#parts;
    const { closing } = this;
    const { signal, control } = parts.config;
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      this.#tellFallback();
      const sockets = await open();
      if (closing.aborted) sockets.close();
      else parts.sockets = sockets;
      closing.throwIfAborted();
      await parts.supervisor.start();
      await parts.assign();
      if (control !== undefined) this.#control = await ControlSocket.open(control, takesOver, () => parts.report());
      signal?.throwIfAborted();
      closing.throwIfAborted();
    } catch (error) {
      await this.#end(0);
      signal?.throwIfAborted();
      throw closing.aborted ? closedWhileStarting() : error;
    }
    this.#state = 'listening';
    // A worker may have died while the others started.
    this.reassign();
    this.#adapt();
  }

  #adapt(): void {
    const { auto } = this.#parts.config;
    if (auto === undefined) return;
    this.#adaptation = this.changes.adapt(auto, {
      told: (step) => {
        this.#events.adapted(step);
      },
      failed: (error) => {
        if (this.#state === 'listening') this.#events.warn(error);
      },
    });
  }

  #tellFallback(): void {
    if (nativeMissing === undefined || fallbackTold) return;
    fallbackTold = true;
    const message = 'the native addon is not loaded: one socket an address, served on one thread in JavaScript';
    const error = new Error(`${message} (${nativeMissing.message.trim()})`, { cause: nativeMissing });
    this.#events.warn(withCode(error, 'ERR_MULTISOCKET_FALLBACK'));
  }

  async #close({ timeout = this.#parts.config.closeTimeout, lameduck = 0 }: CloseOptions): Promise<CloseReport> {
    const warn = (error: Error): void => {
      this.#events.warn(error);
    };
    // A pending listen() is allowed to finish; it rejects when it takes longer than `timeout`.
    if (this.#starting !== undefined) await within(timeout, [this.#starting.catch(() => undefined)]);
    this.#aboutToClose.abort();
    if (this.#state !== 'listening') return this.#end(0);
    if (lameduck > 0) await new Promise((resolve) => setTimeout(resolve, lameduck));
    if (timeout > 0 && (this.#parts.sockets?.grown() ?? []).length > 0) {
      await within(timeout, [this.changes.shrinkToInherited().catch(warn)]);
    }
    this.#state = 'closing';
    const report = await this.#end(timeout);
    const { queries, connections } = report;
    if (queries > 0 || connections > 0) {
      const message = `closed within ${timeout} ms with ${queries} queries in flight and ${connections} connections open`;
      warn(withCode(new Error(message), 'ERR_MULTISOCKET_CUT_OFF'));
    }
    return report;
  }

  #end(timeout: number): Promise<CloseReport> {
    this.#ended ??= this.#endOnce(timeout);
    return this.#ended;
  }

  async #endOnce(timeout: number): Promise<CloseReport> {
    const parts = this.#parts;
    parts.config.signal?.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#retry);
    this.#adaptation?.stop();
    this.#control?.close();
    const report = { queries: 0, connections: 0 };
    await parts.supervisor.end(timeout, () => {
      const { inFlight, tcpOpen } = parts.stats().totals;
      report.queries = inFlight;
      report.connections = tcpOpen;
    });
    await parts.close(timeout);
    this.#state = 'closed';
    this.#events.closed();
    return report;
  }
}

function closedWhileStarting(): CodedError {
  return withCode(new Error('the server was closed before it listened'), 'ERR_SERVER_NOT_RUNNING');
}
