/**
 * Whether `tune` finds the best number of sockets, for a machine that has nothing else to do: `node
 * dist-test/tune/acceptance.js`. What it recommends for a handler that burns 50 µs a query is compared with a longer measurement
 * of every value up to twice the CPUs; it has to be the best there, or as good within the error that it states. It ends with 1
 * when it is not, and when the machine is too busy to tell. It takes about three minutes.
 */
import { fileURLToPath } from 'node:url';
import { usableCpus } from 'multisocket';
import { tune, type TuneProgress, type TuneResult } from '../../dist/tune/tune.js';

const source = { handler: fileURLToPath(new URL('../server/fixtures/burning.js', import.meta.url)) };
const progress = ({ done, runs, sockets = 0, last }: TuneProgress): void => {
  process.stderr.write(
    `${done}/${runs}: ${Math.round(last?.queriesPerSecond ?? 0)} queries/s; next: ${sockets} sockets\n`,
  );
};
const rate = ({ values }: TuneResult, sockets: number): number =>
  values.find((value) => value.sockets === sockets)?.median.queriesPerSecond ?? 0;

const { recommendation } = await tune({ source, progress });
const every = Array.from({ length: 2 * usableCpus() }, (_, i) => i + 1);
const exhaustive = await tune({ source, sockets: every, repeats: 7, duration: 2000, progress });
const best = Math.max(...exhaustive.values.map(({ median }) => median.queriesPerSecond));
const short = 1 - rate(exhaustive, recommendation.sockets) / best;
console.log({
  recommendation,
  exhaustive: exhaustive.values.map(({ sockets, least, most, median }) => [
    sockets,
    median.queriesPerSecond,
    least,
    most,
  ]),
  short,
});
if (short > recommendation.error || recommendation.certainty === 'low') process.exitCode = 1;
