import type { ZoneFileOptions } from '../../authority/zone-file-source.js';

/** The options of one use of `file`. */
export interface FileOptions {
  /** The zone file's path. */
  file: string;
  /** The zones that are read from it, at least one: lower case, without the last dot, the root as `.`. */
  zones: readonly string[];
  /** Milliseconds between checks of the file, at most 2^31 - 1; 0: only the first read. */
  reload: number;
  /** Whether a changed file is taken even if its serial number is the same; default false. */
  byTime?: boolean;
  /** Zones whose nonexistent names are left to the next handler; empty: none. */
  fallthrough: readonly string[];
}

/** The sources of the zones of one use. */
export function sourcesOf({ file, zones, reload, byTime = false }: FileOptions): ZoneFileOptions[] {
  return zones.map((origin) => {
    const source = `file ${JSON.stringify([file, origin, reload, byTime])}`;
    return { source, directive: 'file', file, origin, reload, byTime };
  });
}
