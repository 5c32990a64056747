// `npm run bench:steering`: what each way of steering, with workers tied to CPUs and without, costs and how evenly it
// spreads. Writes STEERING.md. Loopback runs a datagram's way up on the CPU of its sender, so two loads, one on each CPU,
// stand for a network card with a queue a CPU.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startLoad } from '../dist/tune/load-generator.js';
import { freePort, startCounted, usage } from './processes.js';
import { asMarkdown, asText, machine, median } from './report.js';
import { questions } from './zone.js';

const CPUS = [0, 1];
const ROUNDS = 3;
const DURATION = 3000;
const RATE = 40_000; // a second from each CPU: below what the server bears
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const ways = [
  { label: "'hash'", options: { steering: 'hash' } },
  { label: "'hash', workers pinned", options: { steering: 'hash', pinWorkers: true } },
  { label: "'random'", options: { steering: 'random' } },
  { label: "'cpu'", options: { steering: 'cpu' } },
  { label: "'cpu', workers pinned", options: { steering: 'cpu', pinWorkers: true } },
];
const clients = [1, 10, 200]; // ports of each CPU's load

const rows = [];
for (const count of clients) {
  const measured = ways.map((way) => ({ way, rounds: [] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { way, rounds } of measured) rounds.push(await measure(way.options, count));
  }
  for (const { way, rounds } of measured) {
    const middle = (figure) => median(rounds.map((each) => each[figure]));
    rows.push([
      String(2 * count),
      way.label,
      middle('cpu').toFixed(2),
      middle('skew').toFixed(2),
      middle('p50').toFixed(3),
      middle('p99').toFixed(3),
      String(rounds.reduce((sum, { lost }) => sum + lost, 0)),
    ]);
  }
}
const table = [
  ['client ports', 'steering', 'CPU us/query', 'busiest socket of the mean', 'p50 ms', 'p99 ms', 'lost'],
  ...rows,
];
console.log(asText(table));
writeFileSync(
  here('STEERING.md'),
  `# Steering

Written by \`npm run bench:steering\` on ${new Date().toISOString().slice(0, 10)}; change nothing here by hand. Two sockets and two workers on two CPUs,
a synchronous handler; a load of ${RATE} queries a second from each CPU, in bursts of 4. Medians of ${ROUNDS} rounds of ${DURATION / 1000} s,
in turn.

${asMarkdown([['machine', ''], ...Object.entries(machine()).map(([name, value]) => [name, String(value)])])}

${asMarkdown(table)}
`,
);

async function measure(options, count) {
  const port = await freePort();
  const server = await startCounted(port, { sockets: CPUS.length, workers: CPUS.length, ...options }, CPUS.join());
  try {
    await load(port, count, 500);
    const before = usage(server.pid).cpu;
    const counted = await server.queries();
    const results = await load(port, count, DURATION);
    const cpu = usage(server.pid).cpu - before;
    const served = (await server.queries()).map((number, i) => number - counted[i]);
    const answered = results.reduce((sum, result) => sum + result.answered, 0);
    return {
      cpu: (cpu * 1000) / answered,
      skew: Math.max(...served) / (served.reduce((sum, number) => sum + number) / served.length),
      p50: Math.max(...results.map(({ latency }) => latency.percentile(50))),
      p99: Math.max(...results.map(({ latency }) => latency.percentile(99))),
      lost: results.reduce((sum, result) => sum + result.lost, 0),
    };
  } finally {
    await server.stop();
  }
}

function load(port, count, duration) {
  const options = { address: '127.0.0.1', port, questions, transport: 'udp', burst: 4, rate: RATE, timeout: 1000 };
  return Promise.all(CPUS.map((cpu) => startLoad({ ...options, clients: count, cpu, duration }).finished));
}
