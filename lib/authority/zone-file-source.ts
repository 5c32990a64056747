import type { ZoneFiles } from '../dns/zone-file/zone-file.js';
import type { Authority } from './authority.js';
import type { LoadOutput, LoadProgress } from './jobs/load.js';
import { haveChanged } from './zone-reads.js';
import type { ZoneSource } from './zone-sources.js';

/** Options of {@link ZoneFileSource}. */
export interface ZoneFileOptions {
  /** The key under which the zone is published. */
  source: string;
  /** The directive, named in the log. */
  directive: string;
  /** The path of the zone file. */
  file: string;
  /** The zone's name, in the form of `Query.key`. */
  origin: string;
  /** Milliseconds between checks of the file, at most 2^31 - 1; 0: only the first read. */
  reload: number;
  /** Whether a changed file is taken even if its serial number is the same. */
  byTime: boolean;
}

/** A zone file in the owner's thread: publishes its zone, and publishes it again when the file has changed. */
export class ZoneFileSource implements ZoneSource {
  /**
   * Resolves when the zone is published. A missing file is awaited if `reload` is set; until then the zone is published as
   * waiting. Rejects with `ERR_MULTISOCKET_ZONE`, or a system error if a file cannot be read.
   */
  readonly loaded: Promise<void>;
  readonly #options: ZoneFileOptions;
  readonly #authority: Authority;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #file: string;
  /** The files of the last read, with their states then; undefined if the read failed. */
  #files: ZoneFiles | undefined;
  /** Whether it reads: a slow read may take longer than the interval. */
  #reading = true;
  /** The last error that was logged. */
  #fault: string | undefined;

  constructor(options: ZoneFileOptions, authority: Authority) {
    this.#options = options;
    this.#authority = authority;
    this.#file = options.file;
    const { reload } = options;
    this.loaded = this.#loadFirst().finally(() => {
      this.#reading = false;
    });
    this.loaded.catch(() => undefined); // who holds the source handles it
    if (reload > 0) this.#timer = setInterval(() => void this.refresh(), reload).unref();
  }

  /** Ends the checks of the file, and a read; forgets the source. */
  close(): void {
    this.stop();
    this.#authority.zones.forget(this.#options.source);
  }

  /** Ends the checks of the file, and a read. */
  stop(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
  }

  /** Makes another file the file of the zone from the next {@link refresh} on. */
  moveTo(file: string): void {
    if (file === this.#file) return;
    this.#file = file;
    this.#files = undefined;
  }

  /** Looks at once whether `file` has changed, if it is its file. */
  async changed(file: string): Promise<void> {
    if (file === this.#file) await this.refresh();
  }

  async #loadFirst(): Promise<void> {
    const { source, origin, reload } = this.#options;
    try {
      await this.#take(await this.#read());
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || reload === 0) throw error;
      this.#fault = message;
      await this.#authority.zones.publish({ source, origin, state: 'waiting', image: undefined, serial: undefined });
      this.#authority.logger.warn(`${this.#name} waits: ${message}`);
    }
  }

  /**
   * Reads the zone again if a file has changed, and publishes it if its serial number has too, as CoreDNS does, or with
   * `byTime`. If that fails, the earlier zone stays, and each reason is logged once.
   */
  async refresh(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      if (this.#files === undefined || (await haveChanged(this.#files))) await this.#reload();
    } finally {
      this.#reading = false;
    }
  }

  async #reload(): Promise<void> {
    const { source, origin, byTime } = this.#options;
    const { logger, zones } = this.#authority;
    const before = zones.get(source, origin)?.serial;
    try {
      const read = await this.#read();
      const { serial, files } = read;
      this.#fault = undefined;
      if (byTime || before !== serial) {
        await this.#take(read);
        logger.info(`${this.#name} was reloaded with serial ${serial}`);
        return;
      }
      this.#files = files;
      logger.warn(`${this.#name} was not reloaded: ${this.#file} has changed and its serial ${serial} has not`);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#files = undefined; // its includes are unknown, so it is read again next time
      const { message } = error as Error;
      if (message === this.#fault) return;
      this.#fault = message;
      const kept = before === undefined ? 'there is none to serve' : `serial ${before} is served on`;
      logger.warn(`${this.#name} was not reloaded, ${kept}: ${message}`);
    }
  }

  get #name(): string {
    return `plugin/${this.#options.directive}: zone ${this.#options.origin}`;
  }

  #read(): Promise<LoadOutput> {
    const { origin } = this.#options;
    const file = this.#file;
    const onProgress = ({ records, share }: LoadProgress): void => {
      const of = `of an estimated ${count(Math.round(records / share))} records, ${Math.floor(100 * share)} %`;
      const text = `${count(records)} ${share < 1 ? of : 'records'}`;
      this.#authority.logger.info(`${this.#name}: ${text}`);
    };
    return this.#authority.reads.read({ file, origin }, { signal: this.#abort.signal, onProgress });
  }

  async #take({ image, serial, files, warnings, warningCount }: LoadOutput): Promise<void> {
    const { source, origin, directive } = this.#options;
    const { logger, zones } = this.#authority;
    this.#abort.signal.throwIfAborted();
    this.#files = files;
    for (const warning of warnings) logger.warn(`plugin/${directive}: ${warning}`);
    const more = warningCount - warnings.length;
    if (more > 0) logger.warn(`${this.#name}: ${more} more warnings`);
    await zones.publish({ source, origin, state: 'loaded', image, serial });
  }
}

/** A number with a comma between thousands. */
function count(number: number): string {
  return number.toLocaleString('en-US');
}
