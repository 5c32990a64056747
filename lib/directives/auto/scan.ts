/** The job that looks for zone files in a directory. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ZoneJob, ZoneWork } from '../../authority/zone-job.js';
import { RegularExpression } from '../../corefile/regular-expression.js';
import { normalizeName } from '../../dns/names.js';
import { expandTemplate } from './expand.js';
import type { AutoOptions } from './options.js';

/** Where to look, and for what. */
export type ScanInput = Pick<AutoOptions, 'expression' | 'template'> & { directory: string };

/** The zone files of a directory. */
export interface ScanOutput {
  /** The paths of the files by the names of their zones, in the form of `Query.key`. */
  files: Map<string, string>;
  /** What could not be read, and what is left out. */
  warnings: string[];
  /** Whether all of the directory could be read: a file that is not in {@link files} is gone. */
  complete: boolean;
}

/** Finds the zone files of a directory. Does not reject. */
export const scan: ZoneJob<ScanInput, ScanOutput> = { module: 'dist/directives/auto/scan.js' };

/**
 * Finds the files of a directory and those below it whose names match, in the order of their names, as CoreDNS does. A
 * symbolic link is followed if it leads to a file, or if it is the directory itself.
 */
export const scanDirectory = async ({ directory, expression, template }: ScanInput): Promise<ScanOutput> => {
  const compiled = new RegularExpression(expression);
  const files = new Map<string, string>();
  const warnings: string[] = [];
  let complete = true;
  const take = (name: string, path: string): void => {
    const match = compiled.match(name);
    const text = match === undefined ? '' : expandTemplate(template, match);
    if (text === '') return;
    const origin = normalizeName(text);
    const first = origin === undefined ? undefined : files.get(origin);
    if (origin === undefined) warnings.push(`${path} is left out: ${JSON.stringify(text)} is no name of a zone`);
    else if (first === undefined) files.set(origin, path);
    else warnings.push(`${path} is left out: the zone ${origin} is in ${first}`);
  };
  const visit = async (name: string, path: string, isDirectory: boolean): Promise<void> => {
    if (!isDirectory) {
      take(name, path);
      return;
    }
    const entries = await readdir(path, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) await attempt(() => visit(entry.name, join(path, entry.name), entry.isDirectory()));
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      warnings.push(message);
      complete &&= code === 'ENOENT';
    }
  };
  await attempt(async () => {
    const root = await realpath(directory);
    await visit(basename(root), root, (await lstat(root)).isDirectory());
  });
  return { files, warnings, complete };
};

const work: ZoneWork<ScanInput, ScanOutput> = scanDirectory;

export default work;
