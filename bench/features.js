// `npm run bench:features [-- [--rounds N] [--seconds N] [NAME...]]`: what each feature costs. A server with the feature and
// one without it are measured in turn, on one CPU, with the load on the other. A run of all writes FEATURES.md.
//
// Each feature is a module of features/ with these exports:
//   label             what the row is called
//   options(port)     { off, on }: options of createServer, added to one socket, one worker and a synchronous handler
//   load              the name of a load of loads.js
//   questions         optional: { off, on }, each a list of queries for the load, as Buffers
//   more              optional: { off, on }, each further options of startLoad
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LOAD_CPU, runLoad, SERVER_CPU } from './loads.js';
import { saturate, WARM_UP } from './measure.js';
import { freePort, startServer } from './processes.js';
import { asMarkdown, asText, machine, median } from './report.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '1' } },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const files = readdirSync(here('features')).filter((file) => file.endsWith('.js'));
const names = files.map((file) => file.slice(0, -'.js'.length)).sort();
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0 || !(rounds >= 1) || !(seconds >= 1)) {
  console.error(
    `bench:features: no feature ${unknown.join(', ')}; there are ${names.join(', ')}. --rounds and --seconds: from 1`,
  );
  process.exit(2);
}

const wanted = names.filter((name) => positionals.length === 0 || positionals.includes(name));
const directory = mkdtempSync(join(tmpdir(), 'multisocket-features-'));
const rows = [];
try {
  for (const name of wanted) {
    const feature = await import(`./features/${name}.js`);
    const costs = { off: [], on: [] };
    for (let round = 0; round < rounds; round++) {
      for (const state of ['off', 'on']) costs[state].push(await measure(name, feature, state));
    }
    const ratios = costs.on.map((cost, round) => cost / costs.off[round]).sort((a, b) => a - b);
    const [off, on] = [median(costs.off), median(costs.on)];
    const range = `${ratios[0].toFixed(2)} to ${ratios.at(-1).toFixed(2)}`;
    rows.push([feature.label, off.toFixed(2), on.toFixed(2), median(ratios).toFixed(2), range]);
    console.log(`${name}: ${off.toFixed(2)} ${on.toFixed(2)} us/query, ratio ${median(ratios).toFixed(2)}`);
  }
} finally {
  rmSync(directory, { recursive: true });
}

const table = [['feature', 'off, us/query', 'on, us/query', 'on by off', 'least to most'], ...rows];
console.log(asText(table));
if (positionals.length === 0) {
  writeFileSync(
    here('FEATURES.md'),
    `# What each feature costs

Written by \`npm run bench:features\` on ${new Date().toISOString().slice(0, 10)}; change nothing here by hand. CPU time of a server of one worker with
a synchronous handler, without the feature (\`off\`) and with it (\`on\`), medians of ${rounds} rounds of ${seconds} s, in turn. The load is on
CPU ${LOAD_CPU}, the server on CPU ${SERVER_CPU}.

${asMarkdown([['machine', ''], ...Object.entries(machine()).map(([name, value]) => [name, String(value)])])}

${asMarkdown(table)}
`,
  );
}

/** Microseconds of CPU a query. */
async function measure(name, { load, options, questions, more }, state) {
  const port = await freePort();
  if (!(state in options(port))) throw new Error(`features/${name}.js has no options for "${state}"`);
  const command = () => [process.execPath, here('servers/feature.js'), port, `${name}.js`, state];
  const server = await startServer({ name, command, ready: true }, port, directory);
  const given = { ...(questions === undefined ? {} : { questions: questions[state] }), ...more?.[state] };
  try {
    await runLoad(load, port, { duration: WARM_UP, ...given });
    return (await saturate(server, load, port, { duration: seconds * 1000, ...given })).cpu;
  } finally {
    await server.stop();
  }
}
