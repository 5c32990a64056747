/**
 * Runs the fuzz targets for long: `npm run fuzz -- --runs 100000000`, shared out among them by how fast they are, or
 * `--target message_view`. New inputs of interest are kept in a folder that is named; the repository's corpus stays as it is.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { record } from '../conformance/figures.js';
import { buildProgram, corpusOf, FUZZ_TARGETS, runProgram } from '../support/native-programs.js';

/** Shares of the runs. */
const SHARES = {
  message_view: 0.26,
  update: 0.1,
  tsig: 0.1,
  upstream_answer: 0.25,
  answer_cache: 0.1,
  server_cookies: 0.14,
  guard: 0.01,
  tcp_connections: 0.01,
  proxy_protocol: 0.01,
  zone: 0.02,
} as const;
/** Each octet is a step of a client: comparisons and long inputs teach the fuzzer nothing, and make a run dear. */
const STEPS = { length: 64, flags: ['-fno-sanitize-coverage=trace-cmp'] };
const OCTETS = { length: 512, flags: [] };

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    target: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const directory = mkdtempSync(join(tmpdir(), 'multisocket-fuzz-'));
console.log(`new inputs and reports: ${directory}`);
for (const target of FUZZ_TARGETS.filter((each) => values.target === undefined || each === values.target)) {
  const runs = Math.round(Number(values.runs) * (values.target === undefined ? SHARES[target] : 1));
  const { length, flags } = target === 'tcp_connections' ? STEPS : OCTETS;
  const program = await buildProgram(`fuzz_${target}`, 'fuzzer,address,undefined', '-O2', flags);
  const start = performance.now();
  const found = mkdtempSync(join(directory, `${target}-`));
  const options = [`-runs=${runs}`, `-seed=${values.seed}`, `-max_len=${length}`, `-artifact_prefix=${directory}/`];
  runProgram(program, [...options, found, corpusOf(target)]); // fails on any report
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${target}: ${runs} runs in ${seconds} s, no report`);
  record('fuzz', (before) => [...before.filter((each) => each.target !== target), { target, runs, seconds }]);
}
