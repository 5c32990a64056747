/** Reports to the service manager that started this process (sd_notify(3)). */
import { addon } from '../native/addon.js';
import type { Logger } from '../message/handler.js';
import { MAX_INT32 } from '../options/numbers.js';

/** A service manager such as systemd, with `Type=notify` or `Type=notify-reload`. Without one nothing is sent. */
export class ServiceManager {
  readonly #socket: string | undefined;
  readonly #logger: Logger;
  /** Milliseconds between two signs of life; 0: the manager wants none. */
  readonly #interval: number;
  #watchdog: NodeJS.Timeout | undefined;

  /**
   * `environment`: its `NOTIFY_SOCKET` is the manager's address. If `WATCHDOG_PID` is this process, or missing, the
   * manager wants a sign of life every `WATCHDOG_USEC` microseconds (sd_watchdog_enabled(3)).
   */
  constructor(logger: Logger, environment: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: pid } = environment;
    this.#socket = socket === '' ? undefined : socket;
    this.#logger = logger;
    const watched = /^\d{1,15}$/.test(microseconds) && (pid === undefined || Number(pid) === process.pid);
    // Twice as often as it wants them.
    this.#interval = watched ? Math.min(Number(microseconds) / 2000, MAX_INT32) : 0;
  }

  /** The server serves: at its start, and after each reload. `status`: a line for people. Signs of life begin. */
  ready(status: string): void {
    this.#tell('READY=1', `STATUS=${status}`);
    if (this.#interval === 0 || this.#watchdog !== undefined) return;
    this.#watchdog = setInterval(() => {
      this.#tell('WATCHDOG=1');
    }, this.#interval).unref();
  }

  /** A reload begins; {@link ready} ends it, successful or not. */
  reloading(): void {
    // Node's clock is the required one, CLOCK_MONOTONIC.
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, 'STATUS=reloading');
  }

  /** The server is about to end. */
  stopping(): void {
    this.#tell('STOPPING=1', 'STATUS=answering what is in flight');
  }

  #tell(...lines: string[]): void {
    if (this.#socket === undefined) return;
    try {
      addon.sendLocalDatagram(this.#socket, lines.map((line) => line.replaceAll('\n', ' ')).join('\n'));
    } catch (error) {
      this.#logger.warn(`the service manager at ${this.#socket} cannot be told: ${(error as Error).message}`);
    }
  }
}
