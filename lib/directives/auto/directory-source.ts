import type { Authority } from '../../authority/authority.js';
import { ZoneFileSource } from '../../authority/zone-file-source.js';
import type { ZoneSource } from '../../authority/zone-sources.js';
import { sourceOf, type AutoOptions } from './options.js';
import { scan } from './scan.js';

/** The most zone files that are checked for a change at a time. */
const CHECKED_AT_A_TIME = 32;

/** A directory in the owner's thread: publishes the zones of its files, as files come, change and go. */
export class DirectorySource implements ZoneSource {
  /** Resolves when the zones that the directory has at first are published. Does not reject. */
  readonly loaded: Promise<void>;
  readonly #options: AutoOptions;
  readonly #source: string;
  readonly #authority: Authority;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #zones = new Map<string, ZoneFileSource>();
  /** What was logged at the last scan; each fault is logged once as long as it lasts. */
  #faults = new Set<string>();
  /** Whether it scans: a slow scan may take longer than the interval. */
  #scanning = true;

  constructor(options: AutoOptions, authority: Authority) {
    this.#options = options;
    this.#source = sourceOf(options);
    this.#authority = authority;
    this.loaded = this.#scan().finally(() => {
      this.#scanning = false;
    });
    if (options.reload > 0) this.#timer = setInterval(() => void this.#rescan(), options.reload).unref();
  }

  /** Ends the scans, and the reading of files; forgets the zones. */
  close(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
    for (const zone of this.#zones.values()) zone.stop();
    this.#authority.zones.forget(this.#source);
  }

  /** Looks at once for changes if `file` is in the directory. */
  async changed(file: string): Promise<void> {
    const { directory } = this.#options;
    if (directory !== undefined && file.startsWith(`${directory}/`)) await this.#rescan();
  }

  async #rescan(): Promise<void> {
    if (this.#scanning) return;
    this.#scanning = true;
    try {
      await this.#scan();
    } finally {
      this.#scanning = false;
    }
  }

  async #scan(): Promise<void> {
    const { directory, expression, template } = this.#options;
    if (directory === undefined) return;
    const { thread } = this.#authority;
    const { signal } = this.#abort;
    const faults = new Set<string>();
    try {
      const { files, warnings, complete } = await thread.run(scan, { directory, expression, template }, { signal });
      for (const warning of warnings) this.#warn(warning, faults);
      if (complete) await this.#withdrawGone(files);
      const work = [...files].map(([origin, file]) => async () => {
        const fault = await this.#take(origin, file);
        if (fault !== undefined && !signal.aborted)
          this.#warn(`zone ${origin} is not served: ${fault.message}`, faults);
      });
      await inParallel(work, CHECKED_AT_A_TIME, signal);
    } catch (error) {
      if (!signal.aborted) this.#warn((error as Error).message, faults);
    }
    this.#faults = faults;
  }

  /** Withdraws the zones whose files are gone. */
  async #withdrawGone(files: ReadonlyMap<string, string>): Promise<void> {
    const { logger, zones } = this.#authority;
    for (const [origin, zone] of this.#zones) {
      if (files.has(origin)) continue;
      zone.stop();
      this.#zones.delete(origin);
      await zones.withdraw(this.#source, origin);
      logger.info(`plugin/auto: zone ${origin} was withdrawn: its file is gone`);
    }
  }

  /** Reads a file that is new or has changed. Resolves with the error of a new one. */
  async #take(origin: string, file: string): Promise<Error | undefined> {
    const known = this.#zones.get(origin);
    if (known !== undefined) {
      known.moveTo(file);
      await known.refresh();
      return undefined;
    }
    const options = { source: this.#source, directive: 'auto', file, origin, reload: 0, byTime: false };
    const zone = new ZoneFileSource(options, this.#authority);
    try {
      this.#zones.set(origin, zone);
      await zone.loaded;
      this.#authority.logger.info(`plugin/auto: zone ${origin} was loaded from ${file}`);
      return undefined;
    } catch (error) {
      zone.stop();
      this.#zones.delete(origin);
      return error as Error;
    }
  }

  #warn(fault: string, faults: Set<string>): void {
    faults.add(fault);
    if (!this.#faults.has(fault)) this.#authority.logger.warn(`plugin/auto: ${fault}`);
  }
}

/** Does all work, at most `most` pieces at a time, until `signal` is aborted. */
async function inParallel(work: (() => Promise<void>)[], most: number, signal: AbortSignal): Promise<void> {
  const left = work.values();
  const lane = async (): Promise<void> => {
    for (const piece of left) {
      if (signal.aborted) return;
      await piece();
    }
  };
  await Promise.all(Array.from({ length: most }, lane));
}
