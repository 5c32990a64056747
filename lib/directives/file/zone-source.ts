import { stat } from 'node:fs/promises';
import type { Logger } from '../../message/handler.js';
import { stateOf, type ZoneFiles } from '../../dns/zone-file/zone-file.js';
import { readZoneAndFiles, type ReadZone } from '../../zone/read-zone.js';
import type { Zone } from '../../zone/zone.js';

/** The most warnings of one zone that are logged. */
const MAX_WARNINGS = 10;

/** A zone and the files that it comes from. Loads the zone, and loads it again when the files have changed. */
export class ZoneSource {
  readonly #file: string;
  readonly #origin: string;
  readonly #byTime: boolean;
  readonly #logger: Logger;
  #zone: Zone | undefined;
  /** The files of the last read, with their states then; undefined if the read failed. */
  #files: ZoneFiles | undefined;
  /** Whether a check of the files is in progress: a slow one may take longer than the interval. */
  #looking = false;
  /** The last error that was logged. */
  #fault: string | undefined;
  /** Called when the zone is another one. */
  onChange: (() => void) | undefined;

  /** `origin`: the zone's name, in lower case, without the last dot. `byTime`: {@link refresh} ignores the serial. */
  constructor(file: string, origin: string, byTime: boolean, logger: Logger) {
    this.#file = file;
    this.#origin = origin;
    this.#byTime = byTime;
    this.#logger = logger;
  }

  /** The zone's name. */
  get origin(): string {
    return this.#origin;
  }

  /** The zone; undefined until its file has been found. */
  get zone(): Zone | undefined {
    return this.#zone;
  }

  /** Reads the zone for the first time. Throws the errors of `readZone`, also if the file is missing (ENOENT). */
  load(): void {
    this.#fault = undefined;
    try {
      this.#take(readZoneAndFiles(this.#file, this.#origin));
    } catch (error) {
      this.#fault = (error as Error).message;
      throw error;
    }
  }

  /**
   * Reads the zone again if a file has changed, and takes it if its serial number has too, as CoreDNS does, or with `byTime`. If that
   * fails, the earlier zone stays, and each reason is logged once.
   */
  async refresh(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      if (this.#files === undefined || (await haveChanged(this.#files))) this.#reload();
    } finally {
      this.#looking = false;
    }
  }

  #reload(): void {
    const before = this.#zone;
    try {
      const read = readZoneAndFiles(this.#file, this.#origin);
      const { zone, files } = read;
      this.#fault = undefined;
      if (this.#byTime || before?.serial !== zone.serial) {
        this.#take(read);
        this.#logger.info(`plugin/file: zone ${this.#origin} was reloaded with serial ${zone.serial}`);
        return;
      }
      this.#files = files;
      this.#logger.warn(
        `plugin/file: zone ${this.#origin} was not reloaded: ${this.#file} has changed and its serial ${zone.serial} has not`,
      );
    } catch (error) {
      this.#files = undefined; // its includes are unknown, so it is read again next time
      const { message } = error as Error;
      if (message === this.#fault) return;
      this.#fault = message;
      const kept = before === undefined ? 'there is none to serve' : `serial ${before.serial} is served on`;
      this.#logger.warn(`plugin/file: zone ${this.#origin} was not reloaded, ${kept}: ${message}`);
    }
  }

  #take({ zone, files }: ReadZone): void {
    this.#zone = zone;
    this.#files = files;
    this.onChange?.();
    const { warnings } = zone;
    for (const warning of warnings.slice(0, MAX_WARNINGS)) this.#logger.warn(`plugin/file: ${warning}`);
    const more = warnings.length - MAX_WARNINGS;
    if (more > 0) this.#logger.warn(`plugin/file: zone ${this.#origin}: ${more} more warnings`);
  }
}

async function haveChanged(files: ZoneFiles): Promise<boolean> {
  const changed = [...files].map(async ([file, state]) => {
    const now = await stat(file).then(stateOf, () => 'gone');
    return now !== state;
  });
  return (await Promise.all(changed)).includes(true);
}
