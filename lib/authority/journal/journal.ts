import { open, readFile, stat } from 'node:fs/promises';
import type { Difference } from '../../zone/difference.js';
import { replaceFile } from '../../zone/replace-file.js';
import { decodeFile, encodeFile, encodeFrame, fileSize, frameSize } from './frames.js';

/** The most differences of a journal. */
const MAX_DIFFERENCES = 1000;

/** Where a journal is, and how large it may become. */
export interface JournalOptions {
  /** The zone's name, in the form of `Query.key`. */
  origin: string;
  /** The file; undefined: the journal is in memory only. */
  path: string | undefined;
  /** The most octets of the file, and of the differences in memory. */
  limit: number;
}

/**
 * The last differences of a zone, for secondaries that have an older version (RFC 1995). Its size and number are bounded:
 * the oldest differences are dropped first.
 *
 * A file keeps them over a restart. It is whole whenever the process ends: a difference is appended as a frame with a
 * checksum, and an incomplete frame is ignored; other changes replace the file by another one. The methods must be called
 * one after the other.
 */
export class Journal {
  readonly #options: JournalOptions;
  #path: string | undefined;
  #differences: readonly Difference[];
  /** Octets of the file, or of one with the same differences. */
  #size: number;

  /**
   * Opens the journal of a zone with the serial number `serial`. It is empty if the file does not lead to this serial
   * number, is damaged, or is larger than allowed. Rejects with a system error.
   */
  static async open(options: JournalOptions, serial: number): Promise<Journal> {
    const { differences, size } = await load(options);
    const fits = differences.length <= MAX_DIFFERENCES && differences.at(-1)?.newSerial === serial;
    const journal = new Journal(options, fits ? differences : []);
    // What is behind the last whole frame goes, too.
    if (size > 0 && size !== journal.#size) await journal.#replaceFile();
    return journal;
  }

  private constructor(options: JournalOptions, differences: readonly Difference[]) {
    this.#options = options;
    this.#path = options.path;
    this.#differences = differences;
    this.#size = fileSize(differences);
  }

  /** The differences, the oldest first: each begins with the serial number with which the one before ends. */
  get differences(): readonly Difference[] {
    return this.#differences;
  }

  /**
   * Adds the difference to the next version. One that does not begin with the last serial number replaces the others.
   * Rejects with a system error; the journal is then in memory only.
   */
  async append(difference: Difference): Promise<void> {
    const last = this.#differences.at(-1);
    if (last?.newSerial !== difference.oldSerial) this.#take([]);
    const { limit } = this.#options;
    const before = this.#differences;
    this.#differences = [...before, difference];
    this.#size += frameSize(difference);
    if (this.#size > limit || this.#differences.length > MAX_DIFFERENCES) {
      // Half of it stays, so that the file is not written again for each difference.
      this.#take(newest(this.#differences, limit / 2, MAX_DIFFERENCES / 2));
    } else if (before.length > 0) {
      await this.#onFile((path) => append(path, encodeFrame(difference)));
      return;
    }
    await this.#replaceFile();
  }

  /** Drops all differences: the zone has changed in a way that no difference describes. Rejects as {@link append}. */
  async clear(): Promise<void> {
    this.#take([]);
    await this.#replaceFile();
  }

  #take(differences: readonly Difference[]): void {
    this.#differences = differences;
    this.#size = fileSize(differences);
  }

  async #replaceFile(): Promise<void> {
    await this.#onFile((path) =>
      replaceFile(path, `${path}.new`, (handle) => handle.writeFile(encodeFile(this.#differences))),
    );
  }

  async #onFile(act: (path: string) => Promise<void>): Promise<void> {
    if (this.#path === undefined) return;
    try {
      await act(this.#path);
    } catch (error) {
      this.#path = undefined;
      throw error;
    }
  }
}

/**
 * The differences from the version with the serial number `serial` to the one with `current`; undefined if the journal does
 * not have them all.
 */
export function chainFrom(
  differences: readonly Difference[],
  serial: number,
  current: number,
): readonly Difference[] | undefined {
  const first = differences.findLastIndex(({ oldSerial }) => oldSerial === serial);
  return first < 0 || differences.at(-1)?.newSerial !== current ? undefined : differences.slice(first);
}

/** The last differences, as many as have no more than `octets` octets in a file and are no more than `count`. */
function newest(differences: readonly Difference[], octets: number, count: number): readonly Difference[] {
  let size = fileSize([]);
  let from = differences.length;
  while (from > 0 && differences.length - from < count) {
    size += frameSize(differences[from - 1]);
    if (size > octets) break;
    from--;
  }
  return differences.slice(from);
}

/** The differences of the file, and its size; 0: there is none. A file that is too large is not read. */
async function load({ path, origin, limit }: JournalOptions): Promise<{ differences: Difference[]; size: number }> {
  if (path === undefined) return { differences: [], size: 0 };
  try {
    const { size } = await stat(path);
    if (size > limit) return { differences: [], size };
    const contents = await readFile(path);
    const shared = new Uint8Array(new SharedArrayBuffer(contents.length));
    shared.set(contents);
    return { differences: decodeFile(shared, origin), size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { differences: [], size: 0 };
    throw error;
  }
}

async function append(path: string, octets: Buffer): Promise<void> {
  const file = await open(path, 'a');
  try {
    await file.writeFile(octets);
    await file.datasync();
  } finally {
    await file.close();
  }
}
