/** Files that no attack may have a server open. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holds } from './attack.js';

/** The address in the canary's record. No honest answer has it. */
export const CANARY = '198.51.100.66';
/** Files that hostile names name, besides the canaries. */
export const FORBIDDEN = ['/dev/zero', '/dev/full', '/etc/passwd'];
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

  /** Throws `Broken` if a file was read, if a process waits for the FIFO, or if `pid` has a file open that no name may open. */
  check(pid: number | undefined): void {
    const open = this.#filesOf(pid).find((path) => FORBIDDEN.includes(path));
    holds(open === undefined, `the server has ${open} open`);
    // A read sets a time of access that is older than the last change (relatime, mount(8)).
    holds(statSync(this.zone).atimeMs <= LONG_AGO.getTime(), `the server has read ${this.zone}`);
    holds(!this.#isFifoOpen(), `the server has opened ${this.fifo}`);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** The files that a process has open (proc(5)). */
  #filesOf(pid: number | undefined): string[] {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(join(folder, fd))];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // closed meanwhile
        throw error;
      }
    });
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
