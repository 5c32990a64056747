/** The C++ programs of test/native: tests, and fuzz targets. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './clients.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const native = join(root, 'native');
/** The engines that know neither Node nor libuv. */
const sources = ['message', 'cache', 'guard', 'log', 'upstream', 'tcp', 'zone'].flatMap((folder) =>
  readdirSync(join(native, folder))
    .filter(
      (file) =>
        file.endsWith('.cc') &&
        !['query_sender.cc', 'udp_client.cc', 'tcp_endpoint.cc', 'tcp_endpoint_io.cc'].includes(file),
    )
    .map((file) => join(native, folder, file)),
);
const flags = ['-std=c++17', '-g1', '-fno-exceptions', '-fno-rtti', '-pthread', `-I${native}`];

/** Whether there is a clang++, of which libFuzzer is part. */
export const hasClang = spawnSync('clang++', ['--version']).status === 0;
const compiler = hasClang ? 'clang++' : 'g++';

/** The fuzz targets: `fuzz_NAME.cc`, each with its corpus in `test/native/corpus/NAME`. */
export const FUZZ_TARGETS = [
  'message_view',
  'update',
  'tsig',
  'upstream_answer',
  'answer_cache',
  'server_cookies',
  'guard',
  'tcp_connections',
  'proxy_protocol',
  'zone',
] as const;

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

/** Where programs and their objects are kept: a folder for each state of the sources. */
const built = join(root, 'build-native-tests', hashOf([native, join(root, 'test/native')]));

function hashOf(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(cc|h)$/.test(file)) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** Makes a file by a command that writes to another name first: several processes may make the same file at a time. */
async function make(file: string, args: readonly string[]): Promise<string> {
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  await run(compiler, [...args, '-o', unfinished], 600_000);
  renameSync(unfinished, file);
  return file;
}

/** The sources as objects, two at a time. All programs with these flags share them. */
async function compile(given: readonly string[]): Promise<string[]> {
  const folder = join(built, given.slice(flags.length).join('') || 'plain');
  const left = [...sources];
  const made: string[] = [];
  const work = async (): Promise<void> => {
    for (let source = left.pop(); source !== undefined; source = left.pop()) {
      made.push(await make(join(folder, `${basename(source, '.cc')}.o`), [...given, '-c', source]));
    }
  };
  await Promise.all([work(), work()]);
  return made.sort();
}

/** Compiles `test/native/NAME.cc`, unless that is done; `sanitizers` as `-fsanitize` has them, or `none`; `more`: other flags of them. Returns the program. */
export async function buildProgram(
  name: string,
  sanitizers: string,
  optimize = '-O1',
  more: readonly string[] = [],
): Promise<string> {
  const checks = (list: string): string[] =>
    list === 'none' ? [] : [`-fsanitize=${list}`, '-fno-sanitize-recover=all', ...more];
  const given = (list: string): string[] => [...flags, optimize, ...checks(list)];
  // Objects for the fuzzer serve other programs with the same sanitizers too.
  const ofObjects = hasClang ? sanitizers.replace(/^(?:fuzzer,)?address/, 'fuzzer-no-link,address') : sanitizers;
  const ofProgram = sanitizers.startsWith('fuzzer') ? sanitizers : ofObjects;
  const parts = await compile(given(ofObjects));
  const file = join(built, `${name}-${[sanitizers, ...more].join('').replaceAll(',', '-')}${optimize}`);
  return make(file, [...given(ofProgram), join(root, `test/native/${name}.cc`), ...parts]);
}

/** Builds and runs a test. `atLeast`: so many checks stand in its code; fewer made would mean that it ended early. */
export async function runsChecks(name: string, sanitizers: string, atLeast: number): Promise<void> {
  const counted = /^(\d+) checks, 0 failures$/m.exec(runProgram(await buildProgram(name, sanitizers), []));
  assert.ok(counted !== null && Number(counted[1]) >= atLeast, `${name} made ${counted?.[1] ?? 'no'} checks`);
}
