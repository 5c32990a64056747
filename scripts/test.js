// Runs the tests: several mocha processes at a time, each with some of the files of dist-test/. Each process has to end by
// itself, so that a test that leaves a socket or a worker open is a failure. Arguments: the files to run; default: all.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
/** Most tests wait, so more processes run than there are CPUs. */
const JOBS = Number(process.env.TEST_JOBS ?? 2 * availableParallelism());
/** A process that takes longer has left something open, in ms. */
const MAX_TIME = 600_000;
/**
 * What takes longest, longest first, so that all processes end together. Each line is one process, which runs its files one
 * after the other.
 */
const FIRST = [
  ['packaging/dockerfile'],
  ['native/answer-cache', 'native/fuzz', 'native/guard'], // the later ones use what the first has compiled
  ['authority/transfer-in/hostile-primary', 'authority/transfer-in/peers', 'authority/reload-pause'],
  ['worker/stream/timeouts'],
  ['readme', 'examples/examples', 'examples/whoami'], // they listen on port 5300
  ['packaging/scripts'],
  ['packaging/types'],
  ['server/blocked'],
  ['run/corefile-server'],
  ['cli'],
  ['native/fallback/server'],
  ['conformance/generated'],
];
/** What needs the machine for itself: these count what arrives at a fixed rate, or fill the CPUs. They run last. */
const ALONE = [['cli/tune'], ['server/adaptation'], ['tune/load-generator']];

const all = readdirSync(join(root, 'dist-test'), { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .map((file) => join('dist-test', file))
  .sort();
const chosen = new Set(process.argv.length > 2 ? process.argv.slice(2).map((file) => relative(root, file)) : all);

/** Takes the files of a table out of those that are chosen. */
function take(table) {
  const files = table.map((names) => names.map((name) => `dist-test/${name}.test.js`));
  const unknown = files.flat().filter((file) => !all.includes(file));
  if (unknown.length > 0) throw new Error(`scripts/test.js names a test that is not there: ${unknown.join(' ')}`);
  return files.map((line) => line.filter((file) => chosen.delete(file))).filter((line) => line.length > 0);
}

const totals = { passing: 0, pending: 0, failing: 0 };
const ended = [];
let failed = false;

/** Runs mocha on the files, and prints what it printed when it has ended. */
function run(files) {
  const start = performance.now();
  const child = spawn(process.execPath, [mocha, '--forbid-only', ...files], { cwd: root, timeout: MAX_TIME });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      for (const kind of Object.keys(totals)) {
        totals[kind] += Number(new RegExp(`^\\s*(\\d+) ${kind}`, 'm').exec(output)?.[1] ?? 0);
      }
      // The last line is from test/support/mocha-hooks.ts.
      const cpu = /^CPU time: (\S+) s\n$/m.exec(output);
      if (cpu !== null) output = output.slice(0, cpu.index);
      if (code !== 0) {
        failed = true;
        output += `\nmocha ended with ${code ?? signal}: ${files.join(' ')}\n`;
      }
      process.stdout.write(output);
      ended.push({ files, wall: (performance.now() - start) / 1000, cpu: Number(cpu?.[1] ?? NaN) });
      resolve();
    });
  });
}

/** Runs the lines in order, then the other files: many in a process at first, one in each at the end. */
async function work(lines, others) {
  while (lines.length > 0) await run(lines.shift());
  while (others.length > 0) await run(others.splice(0, Math.max(1, Math.floor(others.length / (3 * JOBS)))));
}

const start = performance.now();
const [first, alone] = [take(FIRST), take(ALONE)];
const others = [...chosen];
await Promise.all(Array.from({ length: JOBS }, () => work(first, others)));
for (const files of alone) await run(files);

const column = (value) => `${value.toFixed(0)} s`.padStart(7);
const nameOf = (file) => file.replace(/^dist-test\/|\.test\.js$/g, '');
console.log(`\nThe longest of ${ended.length} processes:\n   wall    CPU`);
for (const { files, wall, cpu } of ended.sort((a, b) => b.wall - a.wall).slice(0, 20)) {
  console.log(`${column(wall)}${column(cpu)}  ${files.map(nameOf).join(' ')}`);
}
const cpuTime = ended.reduce((sum, { cpu }) => sum + cpu, 0);
console.log(`${column((performance.now() - start) / 1000)}${column(cpuTime)}  all`);
console.log(`${totals.passing} passed, ${totals.failing} failed, ${totals.pending} skipped`);
process.exitCode = failed || totals.failing > 0 ? 1 : 0;
