/** Copies of this checkout, and the commands of npm in them. */
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './clients.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** How a command ended, and what it printed on both streams. */
export interface Outcome {
  failed: boolean;
  output: string;
}

/** Runs a command in a folder. */
export async function outcome(cwd: string, command: string, ...args: string[]): Promise<Outcome> {
  try {
    return { failed: false, output: await run('sh', ['-c', `cd "$0" && "$@" 2>&1`, cwd, command, ...args], 600_000) };
  } catch (error) {
    return { failed: true, output: String((error as { stdout?: string }).stdout ?? error) };
  }
}

/** Copies the checkout as git has it, with its node_modules as a link if `linked`. */
export async function checkout(directory: string, linked: boolean): Promise<void> {
  const files = await run('git', ['-C', root, 'ls-files', '--cached', '--others', '--exclude-standard']);
  for (const name of files.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))) {
    cpSync(join(root, name), join(directory, name));
  }
  if (linked) symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
}
