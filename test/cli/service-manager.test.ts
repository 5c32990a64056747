import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { killAll, listen, start } from '../support/program.js';
import { until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A service manager that prints the datagrams that it gets, in Python, since Node has no such sockets. */
const MANAGER = `
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1].replace('@', chr(0), 1))
print('bound', flush=True)
while True:
    print(manager.recv(4096).decode().replace(chr(10), ' | '), flush=True)
`;

const directory = temporaryDirectory();

/** Starts one at a path, or at a name in the abstract namespace. `told` returns the messages so far. */
async function manage(path: string): Promise<{ told: () => string[]; end: () => void }> {
  const child = spawn('python3', ['-c', MANAGER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await until(() => out.includes('bound'), 'the manager to listen');
  return { told: () => out.trimEnd().split('\n').slice(1), end: () => child.kill('SIGKILL') };
}

describe('a service manager (sd_notify(3))', () => {
  afterEach(killAll);

  for (const where of ['at a path', 'in the abstract namespace']) {
    it(`${where} gets the start, successful and failed reloads, and the end`, async () => {
      const folder = mkdtempSync(join(directory, 'd-'));
      const socket = where === 'at a path' ? join(folder, 'notify') : `@multisocket-test-${process.pid}`;
      const { told, end } = await manage(socket);
      const corefile = join(folder, 'Corefile');
      writeFileSync(corefile, '.:0 {\n bind 127.0.0.1\n whoami\n}\n');
      const environment = { NOTIFY_SOCKET: socket };
      const { child, ended } = await listen(['-conf', corefile], folder, environment);
      await until(() => told().length === 1, 'READY');
      assert.equal(told()[0], 'READY=1 | STATUS=serving');
      child.kill('SIGUSR1');
      await until(() => told().length === 3, 'the reload');
      const [, microseconds] = /^RELOADING=1 \| MONOTONIC_USEC=(\d+) \| STATUS=reloading$/.exec(told()[1]) ?? [];
      const now = Number(process.hrtime.bigint() / 1000n);
      assert.ok(Number(microseconds) <= now && Number(microseconds) > now - 60e6, told()[1]);
      assert.equal(told()[2], 'READY=1 | STATUS=serving');
      writeFileSync(corefile, '.:0 {\n nothing\n}\n');
      child.kill('SIGUSR1');
      await until(() => told().length === 5, 'the reload that fails');
      assert.match(
        told()[4],
        /^READY=1 \| STATUS=serving as before, since the reload failed: .*Unknown directive 'nothing'/,
      );
      child.kill('SIGTERM');
      assert.equal(await ended, 0);
      await until(() => told().length === 6, 'STOPPING');
      assert.match(told()[5], /^STOPPING=1 /);
      end();
    });
  }

  for (const [watched, more] of [
    [true, {}],
    [false, { WATCHDOG_PID: '1' }],
    [false, { WATCHDOG_USEC: 'soon' }],
  ] as const) {
    it(`gets signs of life: ${watched}, with ${JSON.stringify(more)}`, async () => {
      const folder = mkdtempSync(join(directory, 'd-'));
      const socket = join(folder, 'notify');
      const { told, end } = await manage(socket);
      const environment = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000', ...more };
      const { child, ended } = await listen(['-dns.port', '0'], folder, environment);
      const signs = (): number => told().filter((line) => line === 'WATCHDOG=1').length;
      const start = Date.now();
      const before = signs();
      if (watched) {
        await until(() => signs() >= before + 5, 'signs of life');
        assert.ok(Date.now() - start > 300);
      } else {
        await wait(500);
        assert.equal(signs(), 0);
      }
      child.kill('SIGTERM');
      assert.equal(await ended, 0);
      end();
    });
  }

  it('that cannot be reached is a warning, and the server serves', async () => {
    const { child, ended, out } = await listen(['-dns.port', '0'], directory, { NOTIFY_SOCKET: '/nowhere/notify' });
    assert.match(out(), /\[WARNING\] the service manager at \/nowhere\/notify cannot be told: .*ENOENT/);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });
});

describe('the options of coredns', () => {
  afterEach(killAll);

  it('-quiet says nothing, -pidfile has the process ID while it runs, -p is the port', async () => {
    const pidfile = join(directory, 'pid');
    const { child, out, ended } = start(['-quiet', '-pidfile', pidfile, '-p', '0'], directory);
    await until(() => existsSync(pidfile), 'the file');
    assert.equal(readFileSync(pidfile, 'utf8'), `${child.pid}\n`);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.equal(out(), '[INFO] SIGTERM: Shutting down servers then terminating\n');
    assert.ok(!existsSync(pidfile));
  });
});
