/** The owner's side of `secondary`. */
import { statSync } from 'node:fs';
import type { OwnerDirective, OwnerRuntime } from '../../corefile/directive.js';
import type { NotifyReport } from './secondary-handler.js';
import { sourcesOf, type SecondaryOptions, type SecondarySource } from './options.js';
import { SecondaryZone } from './secondary-zone.js';
import { defaultFolder, fileOf, prepareFolder } from './store.js';

/**
 * Starts the zones of all server blocks. Rejects with an error that names the folder of a line `store` if no file can be
 * made there. If the default folder is at fault, zones are not stored, and the log says so.
 */
export async function serveSecondaries(
  uses: readonly SecondaryOptions[],
  { authority, logger }: Pick<OwnerRuntime, 'authority' | 'logger'>,
): Promise<OwnerDirective> {
  const files = new StoreFiles(logger);
  const wanted = uses.flatMap((use) => sourcesOf(use).map((source) => ({ ...source, file: files.of(source) })));
  const { sources, close } = await authority.sources.holdAll(
    wanted,
    ({ source }) => source,
    (options) => new SecondaryZone(options, authority),
  );
  const zones = new Map(wanted.map(({ source }, i) => [source, sources[i]]));
  return {
    hear(message) {
      const { source, primary } = message as NotifyReport;
      zones.get(source)?.notify(primary);
    },
    close,
  };
}

/** Looks at the folders of lines `store`, for `-check`. */
export function checkFolders(uses: readonly SecondaryOptions[]): string[] {
  for (const { store } of uses) {
    if (typeof store !== 'string') continue;
    const found = statSync(store, { throwIfNoEntry: false });
    if (found?.isDirectory() === false) throw new Error(`store ${store}: it is not a folder`);
  }
  return [];
}

/** The files of stored zones. */
class StoreFiles {
  readonly #logger: OwnerRuntime['logger'];
  /** By path: the source whose zone is stored there. */
  readonly #taken = new Map<string, string>();
  /** The folders that were prepared, and whether zones can be stored there. */
  readonly #prepared = new Map<string, boolean>();

  constructor(logger: OwnerRuntime['logger']) {
    this.#logger = logger;
  }

  /** The file of a zone; undefined: it is not stored. */
  of({ origin, source, store }: SecondarySource): string | undefined {
    if (store === null) return undefined;
    const folder = store ?? defaultFolder();
    if (!this.#prepare(folder, store === undefined)) return undefined;
    const file = fileOf(folder, origin);
    const other = this.#taken.get(file) ?? source;
    this.#taken.set(file, other);
    if (other === source) return file;
    this.#logger.warn(
      `plugin/secondary: zone ${origin}: one of its copies is not stored, since ${folder} has another: a line store gives it a folder`,
    );
    return undefined;
  }

  #prepare(folder: string, isDefault: boolean): boolean {
    const known = this.#prepared.get(folder);
    if (known !== undefined) return known;
    try {
      prepareFolder(folder);
      this.#prepared.set(folder, true);
      return true;
    } catch (cause) {
      const fault = `plugin/secondary: zones cannot be stored in ${folder}: ${(cause as Error).message}`;
      if (!isDefault) throw new Error(fault, { cause });
      this.#logger.warn(
        `${fault}; without their primaries they are lost at a restart; a line store names another folder`,
      );
      this.#prepared.set(folder, false);
      return false;
    }
  }
}
