/** Where zones are stored. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { zoneFileName } from '../../authority/zone-file-name.js';

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

/** The file of a zone. */
export function fileOf(folder: string, origin: string): string {
  return join(folder, `${zoneFileName(origin)}.zone`);
}
