/** The C++ programs of test/native: tests, and fuzz targets. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './temporary-directory.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = [
  'cache/answer_cache',
  'cache/answer_cache_shard',
  'cache/cache_key',
  'cache/cached_answer',
  'guard/client_options',
  'guard/guard',
  'guard/rate_limiter',
  'guard/server_cookies',
  'message/message_view',
  'message/names',
  'message/records',
  'upstream/upstream_answer',
  'upstream/waiting_queries',
];
const flags = ['-std=c++17', '-g', '-fno-exceptions', '-fno-rtti', '-pthread'];

/** Whether there is a clang++, of which libFuzzer is part. */
export const hasClang = spawnSync('clang++', ['--version']).status === 0;
const compiler = hasClang ? 'clang++' : 'g++';

/** The fuzz targets: `fuzz_NAME.cc`, each with its corpus in `test/native/corpus/NAME`. */
export const FUZZ_TARGETS = ['message_view', 'upstream_answer', 'answer_cache', 'server_cookies', 'guard'] as const;

/** The folder of a target's corpus. */
export function corpusOf(target: string): string {
  return join(root, 'test/native/corpus', target);
}

/** Runs a program in the project's folder, or another; returns what it printed, and fails unless it ends with 0. */
export function runProgram(file: string, args: readonly string[], cwd = root): string {
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, {
    encoding: 'utf8',
    cwd,
    maxBuffer: 64 << 20,
  });
  if (error !== undefined) throw error;
  assert.equal(status, 0, `${file} ended with ${status ?? signal ?? 'nothing'}:\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** By flags: the sources as objects, which all programs with these flags share. */
const objects = new Map<string, string[]>();

function compile(given: readonly string[]): string[] {
  const key = given.join(' ');
  const known = objects.get(key);
  if (known !== undefined) return known;
  const folder = temporaryDirectory();
  runProgram(
    compiler,
    [...given, `-I${join(root, 'native')}`, '-c', ...sources.map((source) => join(root, 'native', `${source}.cc`))],
    folder,
  );
  const made = sources.map((source) => join(folder, `${basename(source)}.o`));
  objects.set(key, made);
  return made;
}

/** Compiles `test/native/NAME.cc` into `directory`; `sanitizers` as `-fsanitize` has them, or `none`. */
export function buildProgram(directory: string, name: string, sanitizers: string, optimize = '-O1'): string {
  const program = join(directory, `${name}-${sanitizers.replaceAll(',', '-')}`);
  const sanitize = (list: string): string[] =>
    sanitizers === 'none' ? [] : [`-fsanitize=${list}`, '-fno-sanitize-recover=all'];
  const parts = compile([...flags, optimize, ...sanitize(sanitizers.replace('fuzzer', 'fuzzer-no-link'))]);
  const given = [...flags, optimize, ...sanitize(sanitizers), '-Inative', `test/native/${name}.cc`];
  runProgram(compiler, [...given, ...parts, '-o', program]);
  return program;
}

/** Builds and runs a test. `atLeast`: so many checks stand in its code; fewer made would mean that it ended early. */
export function runsChecks(directory: string, name: string, sanitizers: string, atLeast: number): void {
  const counted = /^(\d+) checks, 0 failures$/m.exec(runProgram(buildProgram(directory, name, sanitizers), []));
  assert.ok(counted !== null && Number(counted[1]) >= atLeast, `${name} made ${counted?.[1] ?? 'no'} checks`);
}
