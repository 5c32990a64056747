/** One run: a server with a number of sockets in a process of its own, under load, and its figures. */
import { cpus } from 'node:os';
import { usableCpus } from '../socket/cpus.js';
import { startLoad, type LoadOptions, type LoadResult } from './load-generator.js';
import type { ServedState, ServedSource } from './served-messages.js';
import { ServedProcess } from './served-process.js';

/** The settings of a run. Times are in milliseconds. */
export interface RunPlan {
  source: ServedSource;
  address: string;
  /** 0: the system chooses. */
  port: number;
  questions: readonly Uint8Array[];
  clients: number;
  /** Queries in flight while the server is saturated. */
  window: number;
  /** How long the server is saturated, and then how long latency is measured. */
  duration: number;
  /** Queries a second of the load: the server is not saturated then. */
  rate: number | undefined;
  /** Queries a second at which latency is measured; undefined: half of the rate that this run reached. */
  latencyRate: number | undefined;
  /** Whether `address` may be outside of loopback. */
  remote: boolean;
}

/** The result of a run. */
export interface RunFigures {
  sockets: number;
  /** Answers a second. */
  queriesPerSecond: number;
  /** Microseconds of the server's CPU time a query. */
  cpuPerQuery: number;
  /** CPUs that the server used. */
  cpuUsed: number;
  /**
   * CPUs that were available to it: those that the process may use, less the use of the load and of other processes.
   */
  cpuAvailable: number;
  /** CPUs that the load generator used. It has one thread, so 1 is its maximum. */
  generator: number;
  /** CPUs that other processes of the machine used; 0 if this process may not use all CPUs. */
  others: number;
  /** Milliseconds that answers took at `latencyRate`. */
  p50: number;
  p99: number;
  p999: number;
  /** Queries a second at which these were measured. */
  latencyRate: number;
  /** Queries without an answer within a second, of all that were asked. */
  lost: number;
  asked: number;
  /** Datagrams that the kernel dropped because a socket of the server was full. */
  drops: number;
  /** Queries of the busiest UDP socket over an equal share; 1 to `sockets`. */
  skew: number;
  /** Bytes. */
  memory: number;
  /** Share of the answers with another RCODE than NOERROR and NXDOMAIN, 0 to 1. */
  failures: number;
  /** The warnings of the server. */
  warnings: string[];
}

const WARM_UP = 300;
const LOSS_AFTER = 1000;
const RCODES_OF_SUCCESS = [0, 3];

/**
 * Measures once. Rejects with `ERR_MULTISOCKET_TUNE`, or with an error of `startLoad`; the process has ended in any
 * case.
 */
export async function measureOnce(plan: RunPlan, sockets: number): Promise<RunFigures> {
  const { source, address, port } = plan;
  const server = await ServedProcess.start({ source, sockets, address, port });
  try {
    return await measure(plan, server, sockets);
  } finally {
    await server.close();
  }
}

async function measure(plan: RunPlan, server: ServedProcess, sockets: number): Promise<RunFigures> {
  const load = loader(plan, server.port);
  const { rate, window, duration } = plan;
  const pressure = rate === undefined ? { window } : { rate };
  await load({ ...pressure, duration: WARM_UP });
  const before = { ...(await server.state()), machine: machineTime(), own: ownTime() };
  const main = await load({ ...pressure, duration });
  const after = { ...(await server.state()), machine: machineTime(), own: ownTime() };
  const { elapsed } = main;
  const latencyRate = Math.max(1, Math.round(rate ?? plan.latencyRate ?? main.queriesPerSecond / 2));
  const calm = rate === undefined ? await load({ rate: latencyRate, duration }) : main;
  const end = await server.state();
  const cpu = after.cpu - before.cpu;
  const own = after.own - before.own;
  const others = Math.max(0, after.machine - before.machine - cpu - own) / elapsed;
  return {
    sockets,
    queriesPerSecond: main.queriesPerSecond,
    cpuPerQuery: main.answered === 0 ? 0 : (cpu * 1000) / main.answered,
    cpuUsed: cpu / elapsed,
    cpuAvailable: Math.max(0, usableCpus() - own / elapsed - others),
    generator: main.cpuTime / elapsed,
    others,
    p50: calm.latency.percentile(50),
    p99: calm.latency.percentile(99),
    p999: calm.latency.percentile(99.9),
    latencyRate,
    lost: main.lost + (calm === main ? 0 : calm.lost),
    asked: main.sent + (calm === main ? 0 : calm.sent),
    drops: dropsOf(end) - dropsOf(before),
    skew: skewOf(before, after),
    memory: after.memory,
    failures: failuresOf(main),
    warnings: [...server.warnings],
  };
}

/** The load of a server, with the defaults of a plan. */
function loader(plan: RunPlan, port: number): (more: Partial<LoadOptions>) => Promise<LoadResult> {
  const { address, questions, clients, remote } = plan;
  return (more) => startLoad({ address, port, questions, clients, remote, timeout: LOSS_AFTER, ...more }).finished;
}

const STEP = 200;
const LEAST_WINDOW = 32;
const MOST_WINDOW = 4096;
/** The least growth that counts, and the share of the best that is enough. */
const GROWTH = 1.05;

/**
 * Finds the number of queries in flight at which the server, and not that number, limits the answers a second: doubles
 * it until the rate no longer grows. `saturated`: whether that was reached.
 */
export async function findWindow(plan: RunPlan, sockets: number): Promise<{ window: number; saturated: boolean }> {
  const { source, address, port } = plan;
  const server = await ServedProcess.start({ source, sockets, address, port });
  try {
    const load = loader(plan, server.port);
    await load({ window: LEAST_WINDOW, duration: WARM_UP });
    let best = { window: LEAST_WINDOW, rate: 0 };
    for (let window = LEAST_WINDOW; window <= MOST_WINDOW; window *= 2) {
      const { queriesPerSecond: rate, lost } = await load({ window, duration: STEP });
      // A socket that overflows shows nothing further.
      if (lost > 0) return { window: best.window, saturated: true };
      if (rate > best.rate * GROWTH) best = { window, rate };
      else if (window >= 4 * best.window) return { window: 2 * best.window, saturated: true };
    }
    return { window: MOST_WINDOW, saturated: best.window < MOST_WINDOW };
  } finally {
    await server.close();
  }
}

function dropsOf({ stats }: ServedState): number {
  return stats.sockets.reduce((sum, { protocol, drops }) => sum + (protocol === 'udp' ? drops : 0), 0);
}

function skewOf(before: ServedState, after: ServedState): number {
  const udp = (state: ServedState): number[] =>
    state.stats.sockets.flatMap(({ protocol, queries }) => (protocol === 'udp' ? [queries] : []));
  const old = udp(before);
  const got = udp(after).map((queries, i) => queries - old[i]);
  const all = got.reduce((sum, queries) => sum + queries, 0);
  return all === 0 ? 1 : (Math.max(...got) * got.length) / all;
}

function failuresOf({ rcodes, answered }: LoadResult): number {
  const fine = RCODES_OF_SUCCESS.reduce((sum, rcode) => sum + rcodes[rcode], 0);
  return answered === 0 ? 0 : (answered - fine) / answered;
}

/** CPU time of this process so far, its load included, in ms. */
function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * CPU time of the whole machine so far, in ms; 0 if this process may use only a part of it and cannot read the rest.
 */
function machineTime(): number {
  const all = cpus();
  if (all.length !== usableCpus()) return 0;
  return all.reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}
