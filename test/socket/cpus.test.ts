import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { usableCpus } from '../../dist/socket/cpus.js';

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
const V1 = [
  '31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '',
].join('\n');

describe('the CPUs that this process may use', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'multisocket-'))));
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  /** How many there are with these files and that affinity. */
  function cpus(files: Record<string, string>, parallelism = 64): number {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return usableCpus({ root, parallelism });
  }
  const v2 = (group: string, files: Record<string, string>, mounts = V2): Record<string, string> => ({
    'proc/self/mountinfo': `22 1 8:1 / / rw - ext4 /dev/sda rw\n${mounts}`,
    'proc/self/cgroup': `0::${group}\n`,
    ...files,
  });
  const v1 = (group: string, files: Record<string, string>): Record<string, string> => ({
    'proc/self/mountinfo': V1,
    'proc/self/cgroup': `5:memory:/elsewhere\n4:cpu,cpuacct:${group}\n1:name=systemd:/init\n`,
    ...files,
  });
  const quota = (directory: string, us: string, period = '100000\n'): Record<string, string> => ({
    [`sys/fs/cgroup/cpu,cpuacct${directory}/cpu.cfs_quota_us`]: us,
    [`sys/fs/cgroup/cpu,cpuacct${directory}/cpu.cfs_period_us`]: period,
  });

  it('are those of its affinity where nothing else is known', () => {
    assert.equal(cpus({}), 64);
    assert.equal(cpus({}, 1), 1);
  });

  it('are the quota of its group (cgroup v2)', () => {
    assert.equal(cpus(v2('/a/b', { 'sys/fs/cgroup/a/b/cpu.max': '300000 100000\n' })), 3);
  });

  it('are rounded up, and at least 1', () => {
    assert.equal(cpus(v2('/a', { 'sys/fs/cgroup/a/cpu.max': '250001 100000\n' })), 3);
    assert.equal(cpus({ 'sys/fs/cgroup/a/cpu.max': '1000 100000\n' }), 1);
  });

  it('are not more than its affinity', () => {
    assert.equal(cpus(v2('/a', { 'sys/fs/cgroup/a/cpu.max': '800000 100000\n' }), 2), 2);
  });

  it('are not limited by "max"', () => {
    assert.equal(cpus(v2('/a', { 'sys/fs/cgroup/a/cpu.max': 'max 100000\n' })), 64);
  });

  it('are the smallest quota of all groups above', () => {
    const files = {
      'sys/fs/cgroup/a/b/c/cpu.max': 'max 100000\n',
      'sys/fs/cgroup/a/b/cpu.max': '500000 100000\n',
      'sys/fs/cgroup/a/cpu.max': '200000 50000\n',
      'sys/fs/cgroup/other/cpu.max': '100000 100000\n',
    };
    assert.equal(cpus(v2('/a/b/c', files)), 4);
    assert.equal(cpus({ 'sys/fs/cgroup/cpu.max': '200000 100000\n' }), 2);
  });

  it('are found in a container, which sees its part of the tree as the root', () => {
    const files = { 'sys/fs/cgroup/cpu.max': '200000 100000\n' };
    assert.equal(cpus(v2('/', files)), 2);
    assert.equal(cpus(v2('/docker/abc', files, V2.replace(' / /sys', ' /docker/abc /sys'))), 2);
    const below = { 'sys/fs/cgroup/cpu.max': 'max 100000\n', 'sys/fs/cgroup/x/cpu.max': '300000 100000\n' };
    assert.equal(cpus(v2('/docker/abc/x', below, V2.replace(' / /sys', ' /docker/abc /sys'))), 3);
  });

  it('are the quota over the period (cgroup v1)', () => {
    assert.equal(cpus(v1('/a', quota('/a', '150000\n'))), 2);
    assert.equal(cpus(v1('/a', quota('/a', '150000\n', '50000\n'))), 3);
  });

  it('are not limited by -1 (cgroup v1), but by groups above', () => {
    assert.equal(cpus(v1('/a/b', quota('/a/b', '-1\n'))), 64);
    assert.equal(cpus(v1('/a/b', { ...quota('/a/b', '-1\n'), ...quota('/a', '500000\n') })), 5);
  });

  it('are the quota of v1 where v1 and v2 are mixed', () => {
    const files = {
      ...v1('/a', quota('/a', '200000\n')),
      'proc/self/mountinfo': V1 + V2.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified'),
      'proc/self/cgroup': '4:cpu,cpuacct:/a\n0::/a\n',
    };
    assert.equal(cpus(files), 2);
  });

  for (const text of ['', 'nonsense\n', '0 100000\n', '100000 0\n', '-5 100000\n', '100000\n']) {
    it(`are not limited by a quota that is none: ${JSON.stringify(text)}`, () => {
      assert.equal(cpus(v2('/a', { 'sys/fs/cgroup/a/cpu.max': text })), 64);
    });
  }

  it('are at least 1 here', () => {
    const here = usableCpus();
    assert.ok(Number.isInteger(here) && here >= 1 && here <= availableParallelism(), String(here));
  });
});
