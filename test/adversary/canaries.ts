/** Files that no attack may have a server open. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holds } from './attack.js';

/** The address in the canary's record. No honest answer has it. */
export const CANARY = '198.51.100.66';
const LONG_AGO = new Date('2001-01-01');

/** A zone file and a FIFO. {@link Canaries.check} notices whether a process has opened one of them. */
export class Canaries {
  readonly #folder = mkdtempSync(join(tmpdir(), 'adv-'));
  readonly zone = join(this.#folder, 'z');
  readonly fifo = join(this.#folder, 'f');

  constructor() {
    writeFileSync(this.zone, `canary 60 IN A ${CANARY}\n`);
    execFileSync('mkfifo', [this.fifo]);
    this.#age();
  }

  /** Throws `Broken` if a file was read, or if a process waits for the FIFO. */
  check(): void {
    // A read sets a time of access that is older than the last change (relatime, mount(8)).
    holds(statSync(this.zone).atimeMs <= LONG_AGO.getTime(), `the server has read ${this.zone}`);
    holds(!this.#isFifoOpen(), `the server has opened ${this.fifo}`);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #age(): void {
    utimesSync(this.zone, LONG_AGO, new Date());
  }

  /** Opening a FIFO for writing fails if nobody has it open for reading. */
  #isFifoOpen(): boolean {
    try {
      closeSync(openSync(this.fifo, constants.O_WRONLY | constants.O_NONBLOCK));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false;
      throw error;
    }
  }
}
