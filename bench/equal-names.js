// `npm run bench:equal-names`: what `forward` without a cache costs, and how often it asks its upstream, when clients ask
// for equal names at once. Beside it dnsdist and Unbound without their caches. Writes EQUAL-NAMES.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contenders } from './contenders.js';
import { LOAD_CPU, loads, runLoad, SERVER_CPU } from './loads.js';
import { saturate, WARM_UP } from './measure.js';
import { freePort, startCounted, startServer } from './processes.js';
import { asMarkdown, asText, machine, median } from './report.js';
import { questions } from './zone.js';

const ROUNDS = 3;
const SECONDS = 3;
const LOAD = 'udp-bursts';
const NAMES = [1, 8, questions.length];
const labels = {
  forward: 'multisocket, forward',
  'dnsdist-forward': 'dnsdist, no cache',
  'unbound-forward': 'Unbound, forward-no-cache',
};

const measured = contenders.filter(({ name, missing }) => {
  if (labels[name] === undefined) return false;
  const reason = missing();
  if (reason !== undefined) console.log(`missing: ${labels[name]} (${reason})`);
  return reason === undefined;
});
const directory = mkdtempSync(join(tmpdir(), 'multisocket-equal-names-'));
const rounds = [];
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const names of NAMES) {
      for (const contender of measured) rounds.push(await measure(contender, names));
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}

const rows = NAMES.flatMap((names) => {
  const rowOf = (name) => summarise(rounds.filter((round) => round.name === name && round.names === names));
  const dnsdist = rowOf('dnsdist-forward');
  return measured.map(({ name }) => {
    const { cpu, upstream, rate, lost, wrong } = rowOf(name);
    const ratio = dnsdist.cpu === undefined ? '' : (cpu / dnsdist.cpu).toFixed(2);
    return [labels[name], names, cpu.toFixed(2), ratio, upstream.toFixed(3), rate.toFixed(0), lost, wrong].map(String);
  });
});
const header = [
  'server',
  'names',
  'CPU us/query',
  'of dnsdist',
  'upstream queries/query',
  'queries/s',
  'lost',
  'wrong',
];
const table = [header, ...rows];
console.log(asText(table));
writeFileSync(
  fileURLToPath(new URL('EQUAL-NAMES.md', import.meta.url)),
  `# Equal names

Written by \`npm run bench:equal-names\` on ${new Date().toISOString().slice(0, 10)}; change nothing here by hand. Each server leaves all queries to
one upstream and keeps no answer. The load is "${loads[LOAD].label}", ${loads[LOAD].window} queries at a time, and asks for so many names in turn.
Medians of ${ROUNDS} rounds of ${SECONDS} s, the servers in turn. Server on CPU ${SERVER_CPU}, load and upstream on CPU ${LOAD_CPU}. CPU time is the server's own, for
each query that it answers.

The upstream, a multisocket server, counts what it receives: 1 for each query means that nothing is shared. It answers at
once, so that few queries are in flight at a time. A slower upstream is asked less often.

Compare the servers within one run only, as ratios: the figures differ by machine, and by what else it does.

${asMarkdown([['machine', ''], ...Object.entries(machine()).map(([name, value]) => [name, String(value)])])}

${asMarkdown(table)}
`,
);

async function measure(contender, names) {
  const port = await freePort();
  const upstream = await startCounted(port + 1, { sockets: 1, workers: 1 }, String(LOAD_CPU));
  try {
    // The upstream stands for the contender's own backend.
    const server = await startServer({ ...contender, backend: undefined }, port, join(directory, contender.name));
    try {
      const asked = questions.slice(0, names);
      await runLoad(LOAD, port, { duration: WARM_UP, questions: asked });
      const [before] = await upstream.queries();
      const figures = await saturate(server, LOAD, port, { duration: SECONDS * 1000, questions: asked });
      const [after] = await upstream.queries();
      return { name: contender.name, names, ...figures, upstream: (after - before) / figures.answered };
    } finally {
      await server.stop();
    }
  } finally {
    await upstream.stop();
  }
}

function summarise(rounds) {
  const middle = (figure) => median(rounds.map((round) => round[figure]));
  const sum = (figure) => rounds.reduce((total, round) => total + round[figure], 0);
  return {
    cpu: middle('cpu'),
    upstream: middle('upstream'),
    rate: middle('rate'),
    lost: sum('lost'),
    wrong: sum('wrong'),
  };
}
