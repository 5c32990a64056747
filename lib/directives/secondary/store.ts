/** Where zones are stored. */
import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Names of zones that are longer as a file's name are shortened, with a hash. A folder takes names of 255 octets. */
const MAX_PLAIN = 180;
const OWNER_ONLY = 0o700;

/**
 * The folder for zones without `store`: `zones` in the first of `$STATE_DIRECTORY` (systemd), `$XDG_STATE_HOME/multisocket`,
 * and `~/.local/state/multisocket`.
 */
export function defaultFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { STATE_DIRECTORY: state = '', XDG_STATE_HOME: xdg = '' } = environment;
  const [first] = state.split(':');
  if (isAbsolute(first)) return join(first, 'zones');
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'state'), 'multisocket', 'zones');
}

/** Makes a folder, if it is missing, for this user alone. Throws a system error if no file can be made in it. */
export function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
  accessSync(folder, constants.W_OK | constants.X_OK | constants.R_OK);
}

/**
 * The file of a zone. Its name is that of the zone, in which other characters than letters, digits, `-`, `_` and `.`, and a
 * dot in front, are `%` and two digits, so that no name of a zone leads out of the folder.
 */
export function fileOf(folder: string, origin: string): string {
  const encoded = origin.replaceAll(
    /[^a-z0-9_.-]|^\./g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  const hash = createHash('sha256').update(origin).digest('hex');
  return join(folder, `${encoded.length > MAX_PLAIN ? `${encoded.slice(0, MAX_PLAIN)}~${hash}` : encoded}.zone`);
}
