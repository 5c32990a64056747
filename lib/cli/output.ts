/** The program's output, and its exit code. */
import { UsageError } from './arguments.js';

/** Writes a line to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes an error to standard error; the exit code will be 1. */
export function fail(error: unknown): void {
  process.stderr.write(`multisocket: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`${error.usage}\n`);
  process.exitCode = 1;
}
