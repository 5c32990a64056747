/** What the program says, and how it ends. */
import { readFileSync } from 'node:fs';
import { UsageError } from './arguments.js';

/** Writes a line to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes what went wrong to standard error; the exit code will be 1. */
export function fail(error: unknown): void {
  process.stderr.write(`multisocket: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`${error.usage}\n`);
  process.exitCode = 1;
}

/** The version of this package. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
