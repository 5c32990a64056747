import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usableCpus } from 'multisocket';
import { finish } from '../support/program.js';
import { serve } from '../support/server.js';

describe('multisocket recommend', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'multisocket-'))));
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('goes by numbers that are given', async () => {
    const { code, out } = await finish(['recommend', '-used', '4', '-available', '8']);
    assert.equal(code, 0);
    assert.match(out, /^2 sockets: 4\.00 of 8 CPUs in use, by the numbers given\.\n/);
    const many = JSON.parse((await finish(['recommend', '--used=8', '--available=64', '--json'])).out) as unknown;
    assert.deepEqual(many, { sockets: 8, from: 'the numbers given', servers: 1, cpuUsed: 8, cpuAvailable: 64 });
    const here = JSON.parse((await finish(['recommend', '-used', '0.5', '-json'])).out) as { sockets: number };
    assert.equal(here.sockets, usableCpus() * 2);
  });

  it('goes by what a control group uses, and its quota', async () => {
    writeFileSync(join(directory, 'cpu.max'), '400000 100000\n');
    const stat = join(directory, 'cpu.stat');
    const start = performance.now();
    // 2 CPUs in use, whenever it is read.
    const write = (): void => {
      const usage = Math.round((performance.now() - start) * 2000);
      // A reader gets the whole text.
      writeFileSync(`${stat}.new`, `usage_usec ${usage}\nuser_usec ${usage}\nsystem_usec 0\n`);
      renameSync(`${stat}.new`, stat);
    };
    write();
    const timer = setInterval(write, 2);
    const { code, out, err } = await finish(['recommend', '-cgroup', directory, '-interval', '1', '-json']);
    clearInterval(timer);
    assert.deepEqual([code, err], [0, '']);
    const { sockets, cpuUsed, cpuAvailable } = JSON.parse(out) as Record<
      'sockets' | 'cpuUsed' | 'cpuAvailable',
      number
    >;
    assert.ok(Math.abs(cpuUsed - 2) < 1, String(cpuUsed));
    assert.equal(cpuAvailable, 4);
    assert.equal(sockets, Math.floor(4 / cpuUsed));
  });

  it('goes by what a running server uses, for each of its workers that serve', async () => {
    const control = join(directory, 'control.sock');
    // A server that uses 1.5 CPUs, however busy this machine is.
    let time = 0;
    const sockets = [{ worker: 0 }, { worker: 1 }, { worker: 1 }, {}];
    const server = createServer((socket) => {
      socket.on('data', () => {
        time += 1000;
        socket.write(`${JSON.stringify({ pid: 7, cpus: 2, time, cpu: time * 1.5, sockets })}\n`);
      });
    }).listen(control);
    await once(server, 'listening');
    const args = ['recommend', '-control', control, '-interval', '0.1', '-json', '-available', '16'];
    const { code, out, err } = await finish(args);
    server.close();
    assert.deepEqual([code, err], [0, '']);
    const cpu = { cpuUsed: 1.5, cpuAvailable: 16 };
    assert.deepEqual(JSON.parse(out), { sockets: 21, from: 'process 7', servers: 2, ...cpu });
  });

  it('refuses an idle server, and says why', async () => {
    const control = join(directory, 'control.sock');
    const { server } = await serve({ control });
    const { code, out, err } = await finish(['recommend', '-control', control, '-interval', '0.3']);
    await server.close();
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^multisocket: 0\.\d\d CPUs in use.*, by process \d+: less than 0\.5 says nothing/);
  });

  for (const [what, args, message] of [
    ['two sources', ['-used', '1', '-cgroup', '/'], /-used, -control and -cgroup exclude each other/],
    ['an invalid number', ['-used', 'all'], /-used must be a number from 0.001 to 100000, not all/],
    [
      'a server below half load',
      ['-used', '0.4'],
      /^multisocket: 0\.40 CPUs in use, by the numbers given: less than 0\.5/,
    ],
    ['no such group', ['-cgroup', '/nowhere'], /ENOENT/],
  ] as const) {
    it(`ends with 1 and says why: ${what}`, async () => {
      const { code, out, err } = await finish(['recommend', ...args]);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, message);
    });
  }
});
