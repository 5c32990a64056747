import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlReport } from 'multisocket';
import { ask } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { end } from '../support/server.js';
import type { Started } from './fixtures/cluster-owner.js';

const program = fileURLToPath(new URL('./fixtures/cluster-owner.js', import.meta.url));

/** Asks a control socket for its report. */
async function report(path: string): Promise<ControlReport> {
  const socket = connect(path);
  socket.setEncoding('utf8').write('stats\n');
  let heard = '';
  while (!heard.includes('\n')) heard += ((await once(socket, 'data')) as [string])[0];
  socket.destroy();
  return JSON.parse(heard) as ControlReport;
}

/** The body of an answer by HTTP, on a connection of its own. */
async function get(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return response.text();
}

describe('servers in workers of node:cluster', () => {
  let directory: string;
  let primary: ChildProcess;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });
  afterEach(async () => {
    await end(primary);
    rmSync(directory, { recursive: true });
  });

  /** Starts a worker for each of these options. */
  async function run(...options: object[]): Promise<Started[]> {
    primary = fork(program, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    return ((await once(primary, 'message')) as [Started[]])[0];
  }

  it('have a control socket each', async () => {
    const paths = [join(directory, 'one'), join(directory, 'other')];
    const started = await run(...paths.map((control) => ({ listen: '127.0.0.1:0', workers: 1, control })));
    assert.deepEqual(
      started.map(({ code }) => code),
      [undefined, undefined],
    );
    for (const [i, path] of paths.entries()) {
      assert.equal(statSync(path).mode & 0o777, 0o600);
      for (let times = 0; times < 3; times++) assert.equal((await report(path)).pid, started[i].pid);
    }
  });

  it('cannot have one control socket', async () => {
    const control = join(directory, 'both');
    const [first, second] = await run(...[0, 1].map(() => ({ listen: '127.0.0.1:0', workers: 0, control })));
    assert.equal(first.code, undefined);
    assert.equal(second.code, 'EADDRINUSE');
    assert.equal((await report(control)).pid, first.pid);
  });

  it('have ports of their own where the system chooses', async () => {
    const control = (name: string): string => join(directory, name);
    const options = { listen: ['127.0.0.1:0', '127.0.0.1:0'], workers: 0 };
    await run({ ...options, control: control('0') }, { ...options, control: control('1') });
    const reports = [await report(control('0')), await report(control('1'))];
    const ports = reports.flatMap(({ addresses }) => addresses.map(({ port }) => port));
    assert.equal(new Set(ports).size, 4, ports.join());
    for (const port of ports) assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
    for (const [i] of reports.entries()) assert.equal((await report(control(String(i)))).totals.received, 2);
  });

  for (const [directive, path] of [
    ['health', '/health'],
    ['ready', '/ready'],
    ['prometheus', '/metrics'],
  ] as const) {
    it(`have an endpoint of their own for ${directive}`, async () => {
      const ports = [await freePort(), await freePort()];
      const corefile = (port: number): string =>
        `.:0 {\n bind 127.0.0.1\n whoami\n ${directive} 127.0.0.1:${port}\n}\n`;
      const started = await run(...[...ports, ports[0]].map((port) => ({ corefile: corefile(port), workers: 1 })));
      assert.deepEqual(
        started.map(({ code }) => code),
        [undefined, undefined, 'EADDRINUSE'],
      );
      for (const port of ports) for (let i = 0; i < 4; i++) assert.ok((await get(port, path)).length > 0);
      process.kill(started[0].pid, 'SIGKILL');
      await assert.rejects(async () => {
        // The kernel may need a moment to end the process.
        for (let i = 0; i < 100; i++) await get(ports[0], path);
      });
      assert.ok((await get(ports[1], path)).length > 0);
    });
  }
});
