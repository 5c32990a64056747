// `npm run bench:scale [-- --rounds N] [--milliseconds N] [--out FILE]`: how throughput grows with threads. Threads use
// one cache, rate limiter or connection limits (scale.cc), beside as many threads with one each; then whole servers with
// one and two sockets on two CPUs. Writes SCALE.md, and SCALE.svg. Ends with 1 if a bound is broken.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startLoad } from '../dist/tune/load-generator.js';
import { contenders } from './contenders.js';
import { freePort, startServer } from './processes.js';
import { asMarkdown, asText, machine, median } from './report.js';
import { drawScale } from './scale-chart.js';
import { fitLaw } from './scale-law.js';
import { questions } from './zone.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    milliseconds: { type: 'string', default: '1000' },
    out: { type: 'string', default: fileURLToPath(new URL('SCALE.md', import.meta.url)) },
  },
});
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);
const CPUS = availableParallelism();
const THREADS = [1, 2, 4, 8, 16, 32, 64];
const TARGET = 64;
/** Efficiency at two threads: with this many stores of 1,000. */
const BOUNDS = new Map([
  [0, 0.95],
  [10, 0.9],
]);
const ZIPF = 1;
const NAMES = { 'one hot name': [1, 0], Zipf: [10_000, ZIPF], uniform: [10_000, 0] };

const directory = mkdtempSync(join(tmpdir(), 'multisocket-scale-'));
const program = compile();
const cases = [];
for (const [label, [names, skew]] of Object.entries(NAMES)) {
  for (const stores of [0, 10, 100]) cases.push({ part: 'cache', label, names, skew, stores });
  for (const part of ['guard', 'limits']) cases.push({ part, label, names, skew, stores: 0 });
}
const results = cases.map((each) => ({ ...each, points: THREADS.map(() => []) }));
for (let round = 1; round <= rounds; round++) {
  for (const result of results) {
    for (const [i, threads] of THREADS.entries()) {
      const shared = run(result, threads, false);
      const own = threads <= CPUS ? run(result, threads, true) : undefined;
      result.points[i].push({ shared, own });
    }
  }
  console.log(`round ${round} of ${rounds}`);
}
const servers = await wholeServers();

let broken = 0;
const table = [
  [
    'part',
    'names',
    'stores',
    'threads',
    'million/s, one for all',
    'one each',
    'efficiency',
    'least to most',
    'by CPU time',
    'given up',
  ],
];
for (const { part, label, stores, points } of results) {
  for (const [i, threads] of THREADS.entries()) {
    const at = points[i];
    const rates = at.map(({ shared }) => shared.rate / 1e6);
    const row = [part, label, `${stores / 10} %`, String(threads), median(rates).toFixed(2)];
    const givenUp = at.reduce((sum, { shared }) => sum + shared.givenUp, 0);
    if (part === 'cache' && givenUp > 0) broken++;
    if (at[0].own === undefined) row.push('', '', '', '');
    else {
      const efficiency = at.map(({ shared, own }) => shared.rate / own.rate);
      const byCpu = at.map(({ shared, own }) => own.cpu / shared.cpu);
      row.push(median(at.map(({ own }) => own.rate / 1e6)).toFixed(2), median(efficiency).toFixed(2));
      row.push(
        `${Math.min(...efficiency).toFixed(2)} to ${Math.max(...efficiency).toFixed(2)}`,
        median(byCpu).toFixed(2),
      );
      const bound = part === 'cache' && threads === 2 ? BOUNDS.get(stores) : undefined;
      if (bound !== undefined && median(efficiency) < bound) {
        row[6] += ` (below ${bound})`;
        broken++;
      }
    }
    table.push([...row, String(givenUp)]);
  }
}

const laws = [
  ['part', 'names', 'stores', 'contention', 'coherence', `at ${TARGET} cores, of ${TARGET} times one`, 'least to most'],
];
const curves = [];
for (const { part, label, stores, points } of results) {
  const law = fitLaw(
    THREADS.flatMap((threads, i) => (threads <= CPUS ? [{ threads, ratios: points[i].map(ratioTo(points[0])) }] : [])),
    TARGET,
  );
  const name = `${label}, ${stores / 10} % stores`;
  if (part === 'cache') curves.push({ name, law });
  laws.push([
    part,
    label,
    `${stores / 10} %`,
    range(law.contention, 4),
    range(law.coherence, 5),
    law.share.middle.toFixed(2),
    `${law.share.least.toFixed(2)} to ${law.share.most.toFixed(2)}`,
  ]);
}
const whole = [['server', 'sockets', 'queries/s', 'least to most'], ...servers];
for (const each of [table, laws, whole]) console.log(asText(each));
writeFileSync(values.out, report());
writeFileSync(values.out.replace(/\.md$/, '.svg'), await drawScale(curves, TARGET));
process.exitCode = broken === 0 ? 0 : 1;

/** Throughput of a round at some threads, by that of the same round at one. CPU time leaves out what other programs took. */
function ratioTo(first) {
  return ({ shared }, round) => (shared.threads * first[round].shared.cpu) / shared.cpu;
}

function range({ least, most }, digits) {
  return `${least.toFixed(digits)} to ${most.toFixed(digits)}`;
}

function compile() {
  const native = fileURLToPath(new URL('../native', import.meta.url));
  const sources = ['cache', 'guard', 'log', 'message'].flatMap((folder) =>
    readdirSync(join(native, folder))
      .filter((file) => file.endsWith('.cc'))
      .map((file) => join(native, folder, file)),
  );
  const file = join(directory, 'scale');
  const flags = ['-std=c++17', '-O3', '-pthread', '-fno-exceptions', '-fno-rtti', `-I${native}`];
  const own = fileURLToPath(new URL('scale.cc', import.meta.url));
  execFileSync('c++', [...flags, own, ...sources, join(native, 'tcp/connection_limits.cc'), '-o', file]);
  return file;
}

function run({ part, names, skew, stores }, threads, own) {
  const args = [part, threads, own ? 1 : 0, names, skew, stores, milliseconds].map(String);
  return { threads, ...JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) };
}

/** Each server with one socket and with two, on two CPUs, loaded from the same two. */
async function wholeServers() {
  const wanted = ['cache', 'coredns-cache', 'nsd'].map((name) => contenders.find((each) => each.name === name));
  const present = wanted.filter((contender) => contender !== undefined && contender.missing?.() === undefined);
  const measured = present.flatMap((contender) => [1, 2].map((sockets) => ({ contender, sockets, rates: [] })));
  for (let round = 0; round < rounds; round++) {
    for (const { contender, sockets, rates } of measured) {
      const port = await freePort();
      const server = await startServer(contender, port, join(directory, contender.name), { cpus: '0,1', sockets });
      try {
        await load(port, 300);
        rates.push(
          (await load(port, milliseconds)).reduce((sum, { answered }) => sum + answered, 0) / (milliseconds / 1000),
        );
      } finally {
        await server.stop();
      }
    }
  }
  return measured.map(({ contender, sockets, rates }) => [
    contender.label,
    String(sockets),
    median(rates).toFixed(0),
    `${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)}`,
  ]);
}

function load(port, duration) {
  const options = { address: '127.0.0.1', port, questions, transport: 'udp', burst: 8, window: 128, timeout: 1000 };
  return Promise.all([0, 1].map((cpu) => startLoad({ ...options, clients: 64, cpu, duration }).finished));
}

function report() {
  return `# Scale

Written by \`npm run bench:scale\` on ${new Date().toISOString().slice(0, 10)}; change nothing here by hand. Medians of ${rounds} rounds of
${milliseconds} ms, in turn.

${asMarkdown([['machine', ''], ...Object.entries(machine()).map(([name, value]) => [name, String(value)])])}

## Threads

Each thread is pinned to a CPU, and does nothing but look up (\`cache\`), charge an account (\`guard\`), or count a connection and
remove it (\`limits\`). \`cache\`: 64 MiB, and 1, 10,000 or 10,000 names; Zipf has the exponent ${ZIPF}. \`guard\` and \`limits\` have a
client for each name. _Efficiency_ is the throughput of threads with one part for all, by that of as many threads with a part each.
_By CPU time_ is the same with operations a second of CPU time, for a machine that is busy. _Given up_ are hits that were not answered.

${asMarkdown(table)}

## The universal scalability law

Throughput of n threads is n / (1 + contention (n - 1) + coherence n (n - 1)) times that of one (Gunther). The terms are fitted to
the CPU time of each round of up to ${CPUS} threads, on as many CPUs. Two points give one equation for two terms: the range then reaches from all that was lost being
contention to all being coherence, and over all rounds.

![Extrapolation to ${TARGET} cores](SCALE.svg)

${asMarkdown(laws)}

## Whole servers

On two CPUs, loaded over loopback from the same two by 64 clients for each CPU, in bursts of 8.

${asMarkdown(whole)}
`;
}
