/** A worker dies once a second, in each way that there is. */
import { setTimeout as wait } from 'node:timers/promises';
import { queryBytes, udpExchange } from '../../support/clients.js';
import { ask, atMost, exactly, row, type Case, type Scale } from '../case.js';
import { Target } from '../target.js';

/** Queries that a handler is given at a time. */
const BATCH = 64;
const INTERVAL = 1000;
const WORKERS = 2;

/** Sends the query that kills the worker that gets it. */
const by =
  (name: string) =>
  async (target: Target): Promise<void> => {
    await udpExchange(queryBytes(name, 'TXT'), target.port, '127.0.0.1', 50);
  };

const ways: [name: string, kill: (target: Target) => Promise<void>][] = [
  ['throws', by('crash.now')],
  ['calls process.exit', by('exit.now')],
  ['runs out of its heap', by('heap.now')],
  ['is terminated', (target) => target.terminate()],
];

/** How long a worker may take to be replaced, in ms: a thread has to start, and the machine is busy. */
const PATIENCE = 10_000;

/** Waits until the worker that was to die has, the `deaths`-th one, and all are there again. */
async function recovery(target: Target, deaths: number): Promise<void> {
  for (const end = performance.now() + PATIENCE; performance.now() < end;) {
    const { events, workers } = await target.state();
    if (events.exits >= deaths && workers.length === WORKERS) return;
    await wait(20);
  }
  throw new Error(`after death ${deaths} the server was not whole within ${PATIENCE} ms`);
}

/** A case a way to die. */
export const crashes: Case[] = ways.map(([name, kill]) => async ({ rate, duration }: Scale) => {
  const target = await Target.start({ workers: WORKERS, resourceLimits: { maxOldGenerationSizeMb: 32 } });
  try {
    const load = ask(target.port, rate);
    const wanted = Math.floor(duration / INTERVAL);
    for (let i = 1; i <= wanted; i++) {
      await wait(INTERVAL);
      await kill(target);
      await recovery(target, i);
    }
    load.stop();
    const result = await load.finished;
    const { exits } = (await target.state()).events;
    const deaths = exactly('deaths', exits, wanted);
    return [
      row(
        `a worker ${name} once a second, ${wanted} times`,
        result,
        atMost('lost', result.lost, exits * BATCH),
        deaths,
      ),
    ];
  } finally {
    await target.end();
  }
});
