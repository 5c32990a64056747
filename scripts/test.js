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
/** A batch that takes longer has left something open, in ms. */
const MAX_TIME = 600_000;
/**
 * What needs the machine for itself: these count what arrives at a fixed rate, fill the CPUs, or use port 5300, as the
 * README and the examples do. They run one by one, when the others are done.
 */
const ALONE = [
  'cli/tune',
  'examples/examples',
  'examples/whoami',
  'readme',
  'server/adaptation',
  'tune/load-generator',
];

const all = readdirSync(join(root, 'dist-test'), { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .map((file) => join('dist-test', file))
  .sort();
const chosen = process.argv.length > 2 ? process.argv.slice(2).map((file) => relative(root, file)) : all;
const isAlone = (file) => ALONE.some((name) => file.endsWith(`${name}.test.js`));

const totals = { passing: 0, pending: 0, failing: 0 };
const times = [];
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
      if (code !== 0) {
        failed = true;
        output += `\nmocha ended with ${code ?? signal}: ${files.join(' ')}\n`;
      }
      process.stdout.write(output);
      times.push([performance.now() - start, files.join(' ')]);
      resolve();
    });
  });
}

/** Takes files from the list until it is empty: many at first, one by one at the end, so that all processes end together. */
async function work(queue) {
  while (queue.length > 0) await run(queue.splice(0, Math.max(1, Math.floor(queue.length / (3 * JOBS)))));
}

const start = performance.now();
const together = chosen.filter((file) => !isAlone(file));
await Promise.all(Array.from({ length: JOBS }, () => work(together)));
for (const file of chosen.filter(isAlone)) await run([file]);

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(0)} s`;
console.log(`\nThe longest of ${times.length} processes:`);
for (const [time, files] of times.sort(([a], [b]) => b - a).slice(0, 10)) console.log(`  ${seconds(time)}  ${files}`);
console.log(`${chosen.length} files in ${seconds(performance.now() - start)}`);
console.log(`${totals.passing} passed, ${totals.failing} failed, ${totals.pending} skipped`);
process.exitCode = failed || totals.failing > 0 ? 1 : 0;
