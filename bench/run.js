// `npm run bench [-- [--rounds N] [--seconds N] [NAME...]]`: measures all contenders, or those named, in turn. A run of
// all writes RESULTS.md, results.json and results.svg; one of some writes to the directory that --out names, if it does.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { draw } from './chart.js';
import { contenders } from './contenders.js';
import { loads } from './loads.js';
import { measure } from './measure.js';
import { asText, document, loadTable, machine, promiseTable, summarise } from './report.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    out: { type: 'string' },
  },
});
const rounds = atLeastOne('rounds');
const seconds = atLeastOne('seconds');
const unknown = positionals.filter((name) => !contenders.some((contender) => contender.name === name));
if (unknown.length > 0)
  fail(`no contender ${unknown.join(', ')}; there are ${contenders.map(({ name }) => name).join(', ')}`);

const wanted = contenders.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const missing = [];
const measured = [];
for (const contender of wanted) {
  const reason = contender.missing?.();
  if (reason === undefined) measured.push({ contender, rounds: [] });
  else missing.push({ label: contender.label, reason });
}
for (const { label, reason } of missing) console.log(`missing: ${label} (${reason})`);

const directory = mkdtempSync(join(tmpdir(), 'multisocket-bench-'));
try {
  for (let round = 1; round <= rounds; round++) {
    for (const entry of measured.filter(({ failed }) => failed === undefined)) {
      const { contender } = entry;
      try {
        const figures = await measure(contender, seconds, join(directory, contender.name));
        entry.rounds.push(figures);
        const each = Object.values(figures.loads).map(({ cpu }) => cpu.toFixed(2));
        console.log(`round ${round} of ${rounds}: ${contender.name} ${each.join(' ')} us/query`);
      } catch (error) {
        // The others' figures stand without it, and the report names it.
        entry.failed = error.message;
        console.error(error);
        process.exitCode = 1;
      }
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}

for (const { contender, failed } of measured) {
  if (failed !== undefined) missing.push({ label: contender.label, reason: failed });
}
const rows = summarise(measured.filter(({ failed }) => failed === undefined));
const report = { date: new Date().toISOString().slice(0, 10), machine: machine(), rounds, seconds, missing, rows };
console.log(`\n${asText(promiseTable(rows))}`);
for (const [load, { label }] of Object.entries(loads)) console.log(`\n${label}\n${asText(loadTable(rows, load))}`);

const out = values.out ?? (positionals.length === 0 ? fileURLToPath(new URL('.', import.meta.url)) : undefined);
if (out !== undefined) {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(out, 'results.svg'), await draw(rows));
  writeFileSync(join(out, 'RESULTS.md'), document(report));
}

function atLeastOne(option) {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < 1) fail(`--${option} must be a whole number from 1`);
  return number;
}

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}
