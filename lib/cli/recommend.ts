/** `multisocket recommend`: the number of sockets from CPU use, where measurement is not possible. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { usableCpus } from '../socket/cpus.js';
import { recommendSockets, type CpuUse } from '../socket/recommend-sockets.js';
import { readNumber, readOptions, UsageError } from './arguments.js';
import { ControlClient, connectToOnly, runtimeDirectory } from './control-client.js';

/** The usage text of the command. */
export const RECOMMEND_USAGE =
  'usage: multisocket recommend -used CPUS [-available CPUS]\n' +
  '       multisocket recommend [-control PATH] [-interval SECONDS] [-json]   of a running server\n' +
  '       multisocket recommend -cgroup PATH [-interval SECONDS] [-json]      of a control group (v2)';

/** The measured CPU use. */
interface Found extends CpuUse {
  /** The source of the figures. */
  from: string;
  /** The number of sockets and workers that share the measured work; 1 if unknown. */
  servers: number;
}

/**
 * Prints a recommendation: from given numbers, from a running server, or from a control group's use of the CPU over an
 * interval. Rejects with a `UsageError`, or with the error of the measurement.
 */
export async function recommend(args: readonly string[]): Promise<void> {
  const options = {
    used: { type: 'string' },
    available: { type: 'string' },
    control: { type: 'string' },
    cgroup: { type: 'string' },
    interval: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  } as const;
  const { used, available, control, cgroup, interval, json } = readOptions(args, options, RECOMMEND_USAGE);
  if ([used, control, cgroup].filter((given) => given !== undefined).length > 1) {
    throw new UsageError('-used, -control and -cgroup exclude each other', RECOMMEND_USAGE);
  }
  const cpus = (option: string, text: string): number => readNumber(option, text, 0.001, 100_000, RECOMMEND_USAGE);
  const time = readNumber('interval', interval, 0.1, 3600, RECOMMEND_USAGE) * 1000;
  const given = available === undefined ? undefined : cpus('available', available);
  const found =
    used !== undefined
      ? { from: 'the numbers given', servers: 1, cpuUsed: cpus('used', used), cpuAvailable: given ?? usableCpus() }
      : cgroup !== undefined
        ? await ofGroup(cgroup, time, given)
        : await ofServer(control, time, given);
  checkLoad(found);
  const sockets = recommendSockets({ ...found, cpuUsed: found.cpuUsed / found.servers });
  process.stdout.write(json ? `${JSON.stringify({ sockets, ...found })}\n` : `${described(sockets, found)}\n`);
}

/** The least CPU use of a worker at full load. */
const FULL_LOAD = 0.5;

/**
 * The rule divides the CPUs by the use of one socket's server at full load: for an idle server it would recommend 1,024
 * sockets.
 */
function checkLoad({ from, servers, cpuUsed }: Found): void {
  const each = cpuUsed / servers;
  if (each >= FULL_LOAD) return;
  const of = servers === 1 ? '' : ` for each of ${servers} that serve`;
  throw new Error(
    `${each.toFixed(2)} CPUs in use${of}, by ${from}: less than ${FULL_LOAD} says nothing, as the rule holds for a server ` +
      'at full load. Put it under load and try again, or measure with "multisocket tune"',
  );
}

function described(sockets: number, { from, servers, cpuUsed, cpuAvailable }: Found): string {
  const each = servers === 1 ? '' : `, ${(cpuUsed / servers).toFixed(2)} by each of ${servers} that serve`;
  return (
    `${sockets} socket${sockets === 1 ? '' : 's'}: ${cpuUsed.toFixed(2)} of ${cpuAvailable} CPUs in use${each}, by ${from}.\n` +
    `The rule holds for a server at full load; "multisocket tune" measures.`
  );
}

/** The rule is about one socket: a server with several sockets on several workers counts as several servers. */
async function ofServer(path: string | undefined, time: number, available: number | undefined): Promise<Found> {
  const client = path === undefined ? await connectToOnly(runtimeDirectory()) : await ControlClient.connect(path);
  try {
    const before = await client.stats();
    await sleep(time);
    const now = await client.stats();
    const serving = new Set(now.sockets.flatMap(({ worker }) => worker ?? []));
    return {
      from: `process ${now.pid}`,
      servers: Math.max(1, serving.size),
      cpuUsed: (now.cpu - before.cpu) / (now.time - before.time),
      cpuAvailable: available ?? now.cpus,
    };
  } finally {
    client.close();
  }
}

/** By `cpu.stat` and `cpu.max` (kernel document Documentation/admin-guide/cgroup-v2.rst). */
async function ofGroup(path: string, time: number, available: number | undefined): Promise<Found> {
  const before = { usage: usageOf(path), at: performance.now() };
  await sleep(time);
  const elapsed = performance.now() - before.at;
  const [quota, period] = readFileSync(join(path, 'cpu.max'), 'utf8').trim().split(' ').map(Number);
  return {
    from: `control group ${path}`,
    servers: 1,
    cpuUsed: (usageOf(path) - before.usage) / 1000 / elapsed,
    // "max": no quota.
    cpuAvailable: available ?? (Number.isNaN(quota) ? usableCpus() : quota / period),
  };
}

/** Microseconds. */
function usageOf(path: string): number {
  const usage = /^usage_usec (\d+)$/m.exec(readFileSync(join(path, 'cpu.stat'), 'utf8'))?.[1];
  if (usage === undefined) throw new Error(`${join(path, 'cpu.stat')} has no usage_usec`);
  return Number(usage);
}
