import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/** Inputs of {@link usableCpus}; tests use file trees of their own. */
export interface CpuSources {
  /** The root of the file system; default `/`. */
  root?: string;
  /** CPUs by affinity; default `os.availableParallelism()`. */
  parallelism?: number;
}

/**
 * The CPUs that this process may use, at least 1: the smaller of its affinity (sched_getaffinity(2)) and the quota of
 * its control groups, rounded up. The quota is `cpu.max` of the group and of those above it (cgroup v2, kernel document
 * Documentation/admin-guide/cgroup-v2.rst) or `cpu.cfs_quota_us` over `cpu.cfs_period_us` (v1,
 * Documentation/scheduler/sched-bwc.rst). A file that cannot be read sets no limit.
 */
export function usableCpus({ root = '/', parallelism = availableParallelism() }: CpuSources = {}): number {
  const limits = groupDirectories(root).map((directory) => Math.min(quotaV2(directory), quotaV1(directory)));
  return Math.max(1, Math.min(parallelism, ...limits.map((limit) => Math.ceil(limit))));
}

/** The directories of this process's groups that can hold a CPU quota, each with all its parents. */
function groupDirectories(root: string): string[] {
  const directories: string[] = [];
  const mounts = read(root, '/proc/self/mountinfo').split('\n').map(parseMount);
  for (const line of read(root, '/proc/self/cgroup').split('\n')) {
    // ID:CONTROLLERS:PATH, without controllers in v2 (cgroups(7)).
    const fields = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (fields === null) continue;
    const [, id, controllers, path] = fields;
    const v2 = id === '0' && controllers === '';
    if (!v2 && !controllers.split(',').includes('cpu')) continue;
    const mount = mounts.find((candidate) =>
      v2 ? candidate?.type === 'cgroup2' : candidate?.controllers.includes('cpu'),
    );
    if (mount === undefined) continue;
    // In a container the mount may show only the part of the tree below `mount.root`.
    const within = path.startsWith(mount.root) ? path.slice(mount.root === '/' ? 0 : mount.root.length) : '/';
    for (let at = join('/', within); ; at = dirname(at)) {
      directories.push(join(root, mount.point, at));
      if (at === '/') break;
    }
  }
  return directories;
}

interface Mount {
  root: string;
  point: string;
  type: string;
  controllers: string[];
}

/** A line of /proc/self/mountinfo (proc(5)): ... ROOT POINT OPTIONS [TAGS] - TYPE SOURCE SUPER-OPTIONS. */
function parseMount(line: string): Mount | undefined {
  const [before, after] = line.split(' - ') as (string | undefined)[];
  const [, , , root, point] = (before?.split(' ') ?? []) as (string | undefined)[];
  const [type, , options] = (after?.split(' ') ?? []) as (string | undefined)[];
  if (root === undefined || point === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return undefined;
  return { root, point, type, controllers: type === 'cgroup' ? (options?.split(',') ?? []) : [] };
}

function quotaV2(directory: string): number {
  const [quota, period] = read(directory, 'cpu.max').trim().split(' ');
  return ratio(quota, period);
}

function quotaV1(directory: string): number {
  return ratio(read(directory, 'cpu.cfs_quota_us'), read(directory, 'cpu.cfs_period_us'));
}

/** Quota over period; Infinity without a quota: absent, `max` (v2) or -1 (v1). */
function ratio(quota: string | undefined, period: string | undefined): number {
  const cpus = Number(quota) / Number(period);
  return Number(quota) > 0 && cpus > 0 ? cpus : Infinity;
}

function read(directory: string, file: string): string {
  try {
    return readFileSync(join(directory, file), 'utf8');
  } catch {
    // The file is missing or not readable: it sets no limit.
    return '';
  }
}
