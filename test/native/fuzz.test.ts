/**
 * The fuzz targets, under AddressSanitizer and UndefinedBehaviorSanitizer, where there is a clang++: each input of the
 * corpus, and a bounded number of mutations of them, the same in each run. `npm run fuzz` makes as many as are wanted.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, corpusOf, FUZZ_TARGETS, hasClang, runProgram } from '../support/native-programs.js';

/** So many mutations that each target takes a few seconds at most. */
const RUNS = {
  message_view: 100_000,
  update: 100_000,
  tsig: 100_000,
  upstream_answer: 200_000,
  answer_cache: 5000,
  server_cookies: 100_000,
  guard: 5000,
  tcp_connections: 5000,
  proxy_protocol: 50_000,
  zone: 5000,
} as const;

describe('fuzz targets', function () {
  let directory: string;

  before(function () {
    if (!hasClang) this.skip();
    directory = mkdtempSync(join(tmpdir(), 'multisocket-fuzz-'));
  });

  after(() => {
    if (hasClang) rmSync(directory, { recursive: true });
  });

  for (const target of FUZZ_TARGETS) {
    it(`stand the corpus and ${RUNS[target]} mutations of it (${target})`, async () => {
      const program = await buildProgram(`fuzz_${target}`, 'fuzzer,address,undefined');
      const inputs = readdirSync(corpusOf(target)).map((file) => join(corpusOf(target), file));
      const replayed = runProgram(program, [`-artifact_prefix=${directory}/`, ...inputs]);
      assert.equal(replayed.match(/^Executed /gm)?.length, inputs.length);
      // New inputs of interest are not written: the corpus is the one in the repository, in each run.
      const options = [`-runs=${RUNS[target]}`, '-seed=1', '-max_len=2048', `-artifact_prefix=${directory}/`];
      const output = runProgram(program, [...options, directory, corpusOf(target)]);
      assert.match(output, new RegExp(`^Done ${RUNS[target]} runs`, 'm'));
    }).timeout(120_000);
  }
});
