/** Keys that dnssec-keygen makes. */
import { join } from 'node:path';
import { run } from './clients.js';

/** Makes a key of a zone in a folder, with these arguments of dnssec-keygen; returns its path without a suffix. */
export async function makeKey(folder: string, zone: string, ...args: string[]): Promise<string> {
  return join(folder, (await run('dnssec-keygen', ['-q', '-K', folder, ...args, zone])).trim());
}
