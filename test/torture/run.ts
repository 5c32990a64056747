/**
 * `npm run torture`: servers are tormented under load, and what was lost is counted. `-- --short` takes 45 s;
 * `-- stalls flood` runs those cases alone. All of them in full are written to RESULTS.md. Ends with 1 when a bound is
 * broken.
 */
import { parseArgs } from 'node:util';
import { figure, type Case, type Row, type Scale } from './case.js';
import { reloads, resizes } from './cases/changes.js';
import { connections } from './cases/connections.js';
import { crashes } from './cases/crashes.js';
import { descriptors } from './cases/descriptors.js';
import { flood } from './cases/flood.js';
import { handOvers } from './cases/hand-overs.js';
import { silentConnections } from './cases/silent-connections.js';
import { shutdown } from './cases/shutdown.js';
import { stalls } from './cases/stalls.js';
import { steady } from './cases/steady.js';
import { machine, table, writeSection } from './report.js';

const cases: Record<string, Case> = {
  steady,
  ...Object.fromEntries(crashes.map((run, i) => [`crash${i + 1}`, run])),
  stalls,
  reloads,
  resizes,
  handOvers,
  flood,
  connections,
  silentConnections,
  descriptors,
  shutdown,
};
const full: Scale = { rate: 20_000, duration: 50_000, times: 100, connections: 10_000 };
const short: Scale = { rate: 5000, duration: 2000, times: 6, connections: 1000 };

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false }, rate: { type: 'string' } },
  allowPositionals: true,
});
const chosen = positionals.length === 0 ? Object.keys(cases) : positionals;
const unknown = chosen.find((name) => !(name in cases));
if (unknown !== undefined) throw new Error(`no case ${unknown}; there are ${Object.keys(cases).join(', ')}`);
const scale = values.short ? short : full;
if (values.rate !== undefined) scale.rate = Number(values.rate);

const rows: Row[] = [];
for (const name of chosen) {
  for (const row of await cases[name](scale).catch((error: unknown) => [failed(name, error)])) {
    rows.push(row);
    print(row);
  }
}
if (!values.short && positionals.length === 0) {
  const load = `${figure(scale.rate)} queries a second from 64 ports, sent whether or not answers come, each answer checked.`;
  writeSection('Torture', `${machine()} ${load}\n\n${table(rows)}`);
}
const broken = rows.flatMap(({ name, bounds }) =>
  bounds.flatMap(({ says, holds }) => (holds ? [] : [`${name}: ${says}`])),
);
for (const each of broken) console.error(`BROKEN: ${each}`);
process.exitCode = broken.length > 0 ? 1 : 0;

/** A case that did not come to its end: the others are run all the same. */
function failed(name: string, error: unknown): Row {
  return { name, sent: 0, answered: 0, lost: 0, longest: 0, bounds: [{ says: String(error), holds: false }] };
}

function print({ name, sent, answered, lost, longest, bounds }: Row): void {
  const counts = `sent ${figure(sent)}, answered ${figure(answered)}, lost ${figure(lost)}, longest ${figure(longest)} ms`;
  console.log(`${name}: ${counts}`);
  for (const { says, holds } of bounds) console.log(`  ${holds ? 'ok' : 'BROKEN'}  ${says}`);
}
