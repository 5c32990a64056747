/**
 * The files of this package that code names when it runs: the addon, the module of workers, package.json.
 *
 * A bundler moves code into a file of its own and leaves those behind. An error says so then, and what to do.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withCode } from '../errors.js';

/** Undefined in CommonJS, which a bundler may make of this module. */
const url = import.meta.url as string | undefined;

/** The directory of the file that this code runs from. */
export const ownDirectory = dirname(url === undefined ? __filename : fileURLToPath(url));

const root = join(ownDirectory, '../..');
const description = describe();

/** Whether this code runs from another file than its own. */
export const bundled = description === undefined;

/** The version of this package; `'unknown'` in a bundle. */
export const packageVersion = description?.version ?? 'unknown';

/** What to do for code that needs a file of the package and is bundled. */
export const MARK_AS_EXTERNAL = 'mark "multisocket" as external in the options of the bundler';

/** The path of a file by its path within the package. Throws `ERR_MULTISOCKET_BUNDLED` in a bundle. */
export function packageFile(path: string): string {
  if (!bundled) return join(root, path);
  const message = `multisocket is bundled into a file of ${ownDirectory}, without its ${path}: ${MARK_AS_EXTERNAL}`;
  throw withCode(new Error(message), 'ERR_MULTISOCKET_BUNDLED');
}

/** What package.json says; undefined where there is none of this package. */
function describe(): { version: string } | undefined {
  try {
    const text = readFileSync(join(root, 'package.json'), 'utf8');
    const { name, version } = JSON.parse(text) as { name?: string; version: string };
    return name === 'multisocket' ? { version } : undefined;
  } catch {
    return undefined; // a bundle may lie anywhere
  }
}
