/** The programs of the guides, run as a reader runs them. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChild } from './end-child.js';
import { until } from './server.js';
import { temporaryDirectory } from './temporary-directory.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The programs of a text, by name: its fenced blocks whose first line is a comment with the name of a file. */
export function programsOf(text: string): Map<string, string> {
  const blocks = text.matchAll(/^```\w*\n((?:\/\/|#) ([\w.-]+\.\w+)\n.*?)^```$/gms);
  return new Map([...blocks].map(([, program, name]) => [name, program]));
}

/** A program of a guide that runs. */
export interface GuideProgram {
  pid: number;
  /** The directory with all programs of the guide. */
  directory: string;
  /** All that it has printed, on both streams. */
  output: () => string;
  /** Ends it by SIGTERM. */
  end: () => Promise<void>;
}

/**
 * Writes the programs of `docs/guides/GUIDE.md` into a new directory, where `multisocket` is this checkout, and returns
 * its path. `replace`: what to write in place of a text of the guide, such as a port that is free here. Throws `Error`
 * for a text that no program has.
 */
export function writeGuidePrograms(guide: string, replace: Readonly<Record<string, string>> = {}): string {
  const directory = temporaryDirectory();
  const programs = programsOf(readFileSync(join(root, `docs/guides/${guide}.md`), 'utf8'));
  const all = [...programs.values()].join('');
  for (const text of Object.keys(replace)) {
    if (!all.includes(text)) throw new Error(`no program of ${guide}.md has ${text}`);
  }
  for (const [name, program] of programs) {
    const written = Object.entries(replace).reduce((text, [from, to]) => text.replaceAll(from, to), program);
    writeFileSync(join(directory, name), written);
  }
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/multisocket'));
  return directory;
}

/**
 * Starts the program `name` of `directory`, which `writeGuidePrograms` has made, and waits until its output matches
 * `started`. Rejects with its output if it ends before.
 */
export async function startGuideProgram(directory: string, name: string, started = /listening/): Promise<GuideProgram> {
  const child = spawn(process.execPath, [name], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += String(text)));
  await until(() => started.test(output) || child.exitCode !== null || child.signalCode !== null, `${name} to start`);
  if (child.pid === undefined || child.exitCode !== null) throw new Error(`${name} has ended: ${output}`);
  return { pid: child.pid, directory, output: () => output, end: () => endChild(child) };
}
