// `npm run bench:latency [-- --rounds N --seconds N]`: latency at half of the load that NSD bears, beside what interrupted
// the worker: garbage collections by generation, and delays of its event loop. Our server is measured with several sizes
// of the young generation. Writes LATENCY.md.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contenders } from './contenders.js';
import { runLoad, SERVER_CPU } from './loads.js';
import { saturate, WARM_UP } from './measure.js';
import { freePort, startServer, usage } from './processes.js';
import { asMarkdown, asText, machine, median } from './report.js';

const LOAD = 'udp-bursts';
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'multisocket-latency-'));

const ONE = { sockets: 1, workers: 1 };
const CACHE = { ...ONE, cache: { maxBytes: 16 << 20 } };
const young = (options, maxYoungGenerationSizeMb) => ({ ...options, resourceLimits: { maxYoungGenerationSizeMb } });
/** Sizes of the young generation in MiB; undefined: the library's default. */
const SIZES = [undefined, 1, 3, 6, 12, 24, 48, 96];
const variants = [
  { label: 'NSD' },
  { label: 'cache hit', size: undefined, options: CACHE, handler: 'synchronous' },
  ...['synchronous', 'asynchronous', 'immediate'].flatMap((handler) =>
    SIZES.map((size) => {
      const options = size === undefined ? ONE : young(ONE, size);
      return { label: handler, size, options, handler };
    }),
  ),
];

try {
  const nsd = contenders.find(({ name }) => name === 'nsd');
  const reason = nsd.missing();
  if (reason !== undefined) throw new Error(reason);
  const rate = (await withNsd(nsd, (server, port) => saturate(server, LOAD, port, { duration: 3000 }))).rate / 2;
  const measured = variants.map((variant) => ({ variant, figures: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const { variant, figures } of measured) {
      const look = (server, port, begin) => halfLoad(server, port, rate, begin);
      figures.push(await (variant.options === undefined ? withNsd(nsd, look) : withOurs(variant, look)));
    }
  }
  const table = [
    ['server', 'young MiB', 'CPU us/query', 'p50 ms', 'p99', 'p99.9', 'longest', 'lost', 'queries a batch'].concat([
      'loop delay p99',
      'longest',
      'scavenges',
      'ms',
      'longest',
      'full GCs',
      'ms',
      'longest',
    ]),
    ...measured.map(row),
  ];
  console.log(asText(table));
  writeFileSync(here('LATENCY.md'), document(table, rate));
} finally {
  rmSync(directory, { recursive: true });
}

function row({ variant: { label, size, options }, figures }) {
  const middle = (of, digits) => {
    const value = median(figures.map(of));
    return value === undefined ? '' : value.toFixed(digits);
  };
  const latency = (percent) => middle(({ load }) => load.latency.percentile(percent), 3);
  const watched = (of, digits) => middle(({ watched: seen }) => seen && of(seen), digits);
  return [
    label,
    options === undefined ? '' : String(size ?? 'default'),
    middle(({ cpu }) => cpu, 2),
    ...[50, 99, 99.9, 100].map(latency),
    String(figures.reduce((sum, { load }) => sum + load.lost, 0)),
    watched(({ batch }) => batch, 1),
    ...['p99', 'longest'].map((figure) => watched(({ delay }) => delay[figure], 2)),
    ...['minor', 'major'].flatMap((kind) => [
      watched((seen) => seen[kind].count, 0),
      watched((seen) => seen[kind].total, 1),
      watched((seen) => seen[kind].longest, 2),
    ]),
  ];
}

/** @returns {Promise<{ load: object, cpu: number }>} `cpu`: microseconds a query */
async function halfLoad({ pid }, port, rate, begin) {
  await runLoad(LOAD, port, { duration: 2 * WARM_UP });
  await runLoad(LOAD, port, { duration: WARM_UP, rate });
  await begin?.();
  const before = usage(pid).cpu;
  const load = await runLoad(LOAD, port, { duration: seconds * 1000, rate });
  return { load, cpu: ((usage(pid).cpu - before) * 1000) / load.answered };
}

async function withNsd(nsd, work) {
  const port = await freePort();
  const server = await startServer(nsd, port, join(directory, 'nsd'));
  try {
    return await work(server, port);
  } finally {
    await server.stop();
  }
}

async function withOurs({ options, handler }, work) {
  const port = await freePort();
  const args = [String(port), JSON.stringify(options), handler];
  const child = fork(here('servers/watched.js'), args, {
    execPath: 'taskset',
    execArgv: ['-c', String(SERVER_CPU), process.execPath],
  });
  const say = async (order) => {
    child.send(order);
    return (await once(child, 'message'))[0];
  };
  try {
    await once(child, 'message');
    const figures = await work(child, port, () => say('begin'));
    return { ...figures, watched: await say('end') };
  } finally {
    const exit = once(child, 'exit');
    child.kill();
    await exit;
  }
}

function document(table, rate) {
  const facts = Object.entries(machine()).map(([name, value]) => [name, String(value)]);
  return `# Latency at half load

Written by \`npm run bench:latency\` on ${new Date().toISOString().slice(0, 10)}; change nothing here by hand. Each server on one CPU, the load on
another: ${Math.round(rate)} queries a second, half of what NSD bears, from 64 clients in bursts of 8. Medians of ${rounds} rounds of ${seconds} s, in turn.
Times are in milliseconds. The event loop's delay is that of a timer due every millisecond. Scavenges collect the young
generation; a full GC is any other collection.

${asMarkdown([['machine', ''], ...facts])}

${asMarkdown(table)}
`;
}
