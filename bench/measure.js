// One contender measured once: each of its loads saturated, and the first also at half of what it bore.
import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad } from './loads.js';
import { freePort, startServer, usage } from './processes.js';

/** Milliseconds. */
export const WARM_UP = 700;

/**
 * @typedef {object} Figures
 * @property {number} answered queries
 * @property {number} cpu microseconds of CPU a query
 * @property {number} rate queries a second
 * @property {number} busy how much of its CPU the server had, 0 to 1
 * @property {number} lost
 * @property {number} wrong answers that do not fit or were not asked for
 * @property {number} generator microseconds of CPU a query that the load took
 * @property {number} [p50] milliseconds, at half load
 * @property {number} [p99] milliseconds, at half load
 */

/** @returns {Promise<{ loads: Record<string, Figures>, memory: number }>} */
export async function measure(contender, seconds, directory) {
  const port = await freePort();
  const server = await startServer(contender, port, directory);
  try {
    const figures = {};
    for (const load of contender.loads) {
      await runLoad(load, port, { duration: WARM_UP });
      figures[load] = await saturate(server, load, port, { duration: seconds * 1000 });
      if (load === contender.loads[0])
        Object.assign(figures[load], await halfLoad(load, port, figures[load].rate / 2, seconds));
    }
    if (!server.alive()) throw new Error(`${contender.name} has ended`);
    return { loads: figures, memory: usage(server.pid).memory };
  } finally {
    await server.stop();
    await sleep(100);
  }
}

/** Figures of one load, as fast as the server answers. `more`: further options of the load. @returns {Promise<Figures>} */
export async function saturate(server, load, port, more) {
  const before = usage(server.pid).cpu;
  const result = await runLoad(load, port, more);
  const cpu = usage(server.pid).cpu - before;
  if (result.answered === 0) throw new Error(`no answer to ${load}`);
  if (result.rcodes[0] !== result.answered) throw new Error(`${load}: answers with RCODEs ${result.rcodes.join(' ')}`);
  return {
    answered: result.answered,
    cpu: (cpu * 1000) / result.answered,
    rate: result.queriesPerSecond,
    busy: cpu / result.elapsed,
    lost: result.lost,
    wrong: result.mismatched + result.unexpected + result.duplicates,
    generator: (result.cpuTime * 1000) / result.answered,
  };
}

async function halfLoad(load, port, rate, seconds) {
  const { latency } = await runLoad(load, port, { duration: seconds * 1000, rate: Math.max(1, rate) });
  return { p50: latency.percentile(50), p99: latency.percentile(99) };
}
