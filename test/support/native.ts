/** Builds C++ programs of the tests, under sanitizers, and runs them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const flags = ['-std=c++17', '-O1', '-g', '-fno-exceptions', '-fno-rtti', '-pthread', '-Inative', '-Itest/native'];

/** Whether there is a clang++, of which libFuzzer is a part. */
export const hasClang = spawnSync('clang++', ['--version']).status === 0;

/** Programs of one suite, in a directory of their own until {@link remove}. */
export class NativePrograms {
  readonly #sources: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), 'multisocket-native-'));

  /** `sources`: what all are built with, names of files in `native/` without `.cc`. */
  constructor(sources: readonly string[]) {
    this.#sources = sources;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Runs `test/native/NAME.cc`. `atLeast`: so many checks stand in its code; fewer made would mean an early end. */
  runsChecks(name: string, sanitizers: string, atLeast: number): void {
    const output = run(this.#build(`native/${name}`, sanitizers));
    const counted = /^(\d+) checks, 0 failures$/m.exec(output);
    assert.ok(counted !== null && Number(counted[1]) >= atLeast, `${name} made ${counted?.[1] ?? 'no'} checks`);
  }

  /** Runs the fuzz target `test/fuzz/NAME.cc` from `seeds` on; the same runs each time. */
  fuzzes(name: string, seeds: readonly Buffer[], runs: number): void {
    const corpus = join(this.#directory, `${name}-corpus`);
    mkdirSync(corpus);
    for (const [i, seed] of seeds.entries()) writeFileSync(join(corpus, `${i}`), seed);
    const program = this.#build(`fuzz/${name}`, 'fuzzer,address,undefined');
    const findings = `-artifact_prefix=${this.#directory}/`;
    const output = run(program, `-runs=${runs}`, '-seed=1', '-max_len=4096', findings, corpus);
    assert.match(output, new RegExp(`^Done ${runs} runs`, 'm'));
  }

  #build(path: string, sanitizers: string): string {
    const program = join(this.#directory, `${path}-${sanitizers}`.replaceAll(/[/,]/g, '-'));
    const sanitize = sanitizers === 'none' ? [] : [`-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all'];
    const files = [`test/${path}.cc`, ...this.#sources.map((source) => `native/${source}.cc`)];
    run(hasClang ? 'clang++' : 'g++', ...flags, ...sanitize, ...files, '-o', program);
    return program;
  }
}

function run(file: string, ...args: string[]): string {
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', cwd: root });
  if (error !== undefined) throw error;
  assert.equal(status, 0, `${file} ended with ${status ?? signal ?? 'nothing'}:\n${stdout}${stderr}`);
  return stdout + stderr;
}
