/**
 * `npm run soak -- --minutes 60`: half of what the server bears, by UDP and with a new TCP connection now and then, while
 * its memory and its descriptors are looked at. Writes RESULTS.md; ends with 1 when a query is lost or descriptors grow.
 */
import { parseArgs } from 'node:util';
import { startLoad } from '../../dist/tune/load-generator.js';
import { ask, figure, questions } from './case.js';
import { machine, writeSection } from './report.js';
import { sampled } from './sampled.js';
import { slope } from './slope.js';
import { Target } from './target.js';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 1440)) throw new RangeError('--minutes must be from 0 to 1,440');

const SAMPLE = 1000;
/** New TCP connections a second. */
const CONNECTIONS = 100;
/** Before memory is looked at: V8 settles its heap and compiles what is hot. */
const warmUp = Math.min(60_000, minutes * 15_000);

const target = await Target.start();
try {
  const { port } = target;
  // Closed loop: as much as it bears while the load generator has the rest of the machine.
  const capacity = await startLoad({ address: '127.0.0.1', port, questions, duration: 5000 }).finished;
  const rate = Math.round(capacity.queriesPerSecond / 2);
  const udp = ask(port, rate);
  const tcp = ask(port, CONNECTIONS, { transport: 'tcp', connectionPerQuery: true });
  await sampled(warmUp, () => target.descriptors(), SAMPLE);
  const heldFirst = await target.held();
  const times: number[] = [];
  const descriptors: number[] = [];
  const { samples: memory } = await sampled(
    minutes * 60_000,
    () => {
      times.push(performance.now() / 3_600_000);
      descriptors.push(target.descriptors());
      return target.memory();
    },
    SAMPLE,
  );
  const heldLast = await target.held();
  for (const load of [udp, tcp]) load.stop();
  const results = [await udp.finished, await tcp.finished];
  const [sent, answered, lost] = (['sent', 'answered', 'lost'] as const).map((name) =>
    results.reduce((sum, result) => sum + result[name], 0),
  );
  const half = Math.floor(descriptors.length / 2);
  const highest = [descriptors.slice(0, half), descriptors.slice(half)].map((part) => Math.max(...part));
  const line = ({ slope: growth, error }: ReturnType<typeof slope>): string =>
    `${growth.toFixed(2)} +- ${error.toFixed(2)}`;
  // What settles in the first half is no leak; what grows on in the second is.
  const settledFrom = Math.floor(memory.length / 2);
  const tenths = Array.from({ length: 11 }, (_, i) => memory[Math.round((i * (memory.length - 1)) / 10)]);
  const body = [
    `${machine()} ${figure(minutes)} minutes at ${figure(rate)} queries a second by UDP, half of what the server bore in a`,
    `closed loop, and ${CONNECTIONS} TCP connections a second with a query each.`,
    '',
    '| sent | answered | lost | resident memory at first, at last | slope | of the second half | descriptors at most, first and second half |',
    '| --: | --: | --: | --: | --: | --: | --: |',
    `| ${[sent, answered, lost].map(figure).join(' | ')} | ${figure(memory[0])}, ${figure(memory[memory.length - 1])} MiB | ` +
      `${line(slope(times, memory))} MiB an hour | ` +
      `${line(slope(times.slice(settledFrom), memory.slice(settledFrom)))} MiB an hour | ${highest.join(', ')} |`,
    '',
    `Resident MiB after each tenth: ${tenths.map(figure).join(', ')}. MiB held by the workers' heaps after a collection:`,
    `${heldFirst.toFixed(1)} at first, ${heldLast.toFixed(1)} at last.`,
  ].join('\n');
  console.log(body);
  writeSection('Soak', body);
  // Connections that are open at a sample come and go: a leak is more than the few that there can be at a time.
  process.exitCode = lost > 0 || highest[1] > highest[0] + 16 ? 1 : 0;
} finally {
  await target.end();
}
