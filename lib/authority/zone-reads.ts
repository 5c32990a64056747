import { stat } from 'node:fs/promises';
import { stateOf, type ZoneFiles } from '../dns/zone-file/zone-file.js';
import type { ZoneImage } from '../zone/zone-image.js';
import { load, type LoadInput, type LoadOutput, type LoadProgress } from './jobs/load.js';
import type { RunOptions, ZoneThread } from './zone-thread.js';

/** A read whose image may still be in use. */
type PastRead = Omit<LoadOutput, 'image'> & { image: WeakRef<ZoneImage> };

/**
 * Reads zone files in the zone thread, one read of a file and zone at a time. A file that has not changed since the last read
 * is not read again while its image is in use, so that all who serve its zone share one.
 */
export class ZoneReads {
  readonly #thread: ZoneThread;
  /** The last read of each zone in each file, at work or done; it does not reject. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #past = new Map<string, PastRead>();
  readonly #unused = new FinalizationRegistry<string>((key) => {
    if (this.#past.get(key)?.image.deref() === undefined) this.#past.delete(key);
  });

  constructor(thread: ZoneThread) {
    this.#thread = thread;
  }

  /** Reads a zone. Rejects like the job, and with the reason of `options.signal`. */
  read(input: LoadInput, options: RunOptions<LoadProgress>): Promise<LoadOutput> {
    const key = JSON.stringify([input.file, input.origin]);
    const read = (this.#turns.get(key) ?? Promise.resolve()).then(() => this.#read(key, input, options));
    const turn = read.then(
      () => undefined,
      () => undefined, // who has asked handles it
    );
    this.#turns.set(key, turn);
    void turn.then(() => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    });
    return read;
  }

  async #read(key: string, input: LoadInput, options: RunOptions<LoadProgress>): Promise<LoadOutput> {
    const past = this.#past.get(key);
    const image = past?.image.deref();
    if (past !== undefined && image !== undefined && !(await haveChanged(past.files))) return { ...past, image };
    const output = await this.#thread.run(load, input, options);
    this.#past.set(key, { ...output, image: new WeakRef(output.image) });
    this.#unused.register(output.image, key);
    return output;
  }
}

/** Whether one of the files is another one than at its read. */
export async function haveChanged(files: ZoneFiles): Promise<boolean> {
  const changed = [...files].map(async ([file, state]) => {
    const now = await stat(file).then(stateOf, () => 'gone');
    return now !== state;
  });
  return (await Promise.all(changed)).includes(true);
}
