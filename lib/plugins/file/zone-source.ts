/** A zone and the files that it comes from: loads it, and loads it anew when they have changed. */
import { stat } from 'node:fs/promises';
import { withCode } from '../../errors.js';
import type { Logger } from '../../message/handler.js';
import { Zone } from './zone.js';

/** See the file's head. */
export class ZoneSource {
  readonly #file: string;
  readonly #origin: string;
  readonly #logger: Logger;
  #zone: Zone | undefined;
  /** What the files looked like when they were last read. */
  #state: string | undefined;

  /** `origin` is the zone's name: lower case, without the last dot. */
  constructor(file: string, origin: string, logger: Logger) {
    this.#file = file;
    this.#origin = origin;
    this.#logger = logger;
  }

  /** The zone's name. */
  get origin(): string {
    return this.#origin;
  }

  /** The zone; undefined as long as its file has not been there. */
  get zone(): Zone | undefined {
    return this.#zone;
  }

  /** Reads the zone for the first time. Rejects with what `Zone.read` throws. */
  async load(): Promise<void> {
    this.#state = await this.#look();
    try {
      this.#zone = Zone.read(this.#file, this.#origin);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw withCode(new Error(`no such zone file: ${this.#file}`, { cause: error }), 'ENOENT');
    }
    // Now it is known which files there are.
    this.#state = await this.#look();
  }

  /**
   * Reads the zone again if a file has changed, and takes it if its serial number has, as CoreDNS does. A zone that cannot
   * be read leaves the one before in place, with one warning for each state of the files.
   */
  async refresh(): Promise<void> {
    const state = await this.#look();
    if (state === this.#state) return;
    this.#state = state;
    const before = this.#zone;
    let zone: Zone;
    try {
      zone = Zone.read(this.#file, this.#origin);
    } catch (error) {
      const kept = before === undefined ? 'there is none to serve' : `serial ${before.serial} is served on`;
      this.#logger.warn(`plugin/file: zone ${this.#origin} was not reloaded, ${kept}: ${(error as Error).message}`);
      return;
    }
    if (before?.serial === zone.serial) {
      this.#logger.warn(
        `plugin/file: zone ${this.#origin} was not reloaded: ${this.#file} has changed and its serial ${zone.serial} has not`,
      );
      return;
    }
    this.#zone = zone;
    this.#state = await this.#look();
    this.#logger.info(`plugin/file: zone ${this.#origin} was reloaded with serial ${zone.serial}`);
  }

  /** Which files there are, of which size, written when. */
  async #look(): Promise<string> {
    const files = this.#zone?.files ?? [this.#file];
    const states = files.map(async (file) => {
      try {
        const { mtimeMs, size, ino } = await stat(file);
        return `${mtimeMs} ${size} ${ino}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    });
    return (await Promise.all(states)).join('\n');
  }
}
