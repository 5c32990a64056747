/** Reports to the service manager that started this process (sd_notify(3)). */
import { addon } from '../native/addon.js';
import type { Logger } from '../message/handler.js';

/** A service manager such as systemd, with `Type=notify` or `Type=notify-reload`. Without one nothing is sent. */
export class ServiceManager {
  readonly #socket: string | undefined;
  readonly #logger: Logger;

  /** `environment`: its `NOTIFY_SOCKET` is the manager's address. */
  constructor(logger: Logger, environment: NodeJS.ProcessEnv = process.env) {
    this.#socket = environment.NOTIFY_SOCKET === '' ? undefined : environment.NOTIFY_SOCKET;
    this.#logger = logger;
  }

  /** The server serves: at its start, and after each reload. `status`: a line for people. */
  ready(status: string): void {
    this.#tell('READY=1', `STATUS=${status}`);
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
