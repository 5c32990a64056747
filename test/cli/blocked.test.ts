import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { queryBytes, udpExchange } from '../support/clients.js';
import { killAll, listen } from '../support/program.js';
import { until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = temporaryDirectory();

/** A Corefile whose hosts file becomes a FIFO without a writer, which blocks its reader. */
function setUp(): { path: string; corefile: string; block: () => void } {
  const place = mkdtempSync(join(directory, 'c-'));
  const [hosts, fifo, path] = [join(place, 'hosts'), join(place, 'fifo'), join(place, 'Corefile')];
  writeFileSync(hosts, '192.0.2.1 a.example\n');
  execFileSync('mkfifo', [fifo]);
  const corefile = `.:0 {\n bind 127.0.0.1\n multisocket 2\n hosts ${hosts} {\n  reload 200ms\n }\n}\n`;
  writeFileSync(path, corefile);
  return {
    path,
    corefile,
    block: () => {
      rmSync(hosts);
      renameSync(fifo, hosts);
    },
  };
}

const portIn = (text: string): number => Number(/listening on .*:(\d+),/.exec(text)?.[1]);

/** Waits until no worker answers. */
async function untilBlocked(port: number): Promise<void> {
  for (let silent = 0; silent < 5;) {
    const answer = await udpExchange(queryBytes('a.example'), port, '127.0.0.1', 300);
    silent = answer === undefined ? silent + 1 : 0;
  }
}

describe('the program with workers that read from a FIFO', () => {
  afterEach(killAll);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with 0 by ${signal}`, async () => {
      const { path, block } = setUp();
      const { child, ended, out } = await listen(['-conf', path], directory);
      block();
      await untilBlocked(portIn(out()));
      child.kill(signal);
      const before = performance.now();
      assert.equal(await ended, 0);
      assert.ok(performance.now() - before < 12_000);
      assert.match(out(), /is written off/);
      assert.match(out(), /answered \d+ queries/);
    });
  }

  it('ends with 2 by a second SIGINT half a second later, at once', async () => {
    const { path, block } = setUp();
    const { child, ended, out } = await listen(['-conf', path], directory);
    block();
    await untilBlocked(portIn(out()));
    child.kill('SIGINT');
    await until(() => out().includes('SIGINT: Shutting down'), 'the first SIGINT to be seen');
    await wait(600);
    child.kill('SIGINT');
    const before = performance.now();
    assert.equal(await ended, 2);
    assert.ok(performance.now() - before < 4000);
  });

  it('ends by SIGTERM while a reload is blocked', async () => {
    const { path, corefile, block } = setUp();
    const { child, ended, out } = await listen(['-conf', path], directory);
    writeFileSync(path, `${corefile}# changed\n`);
    block();
    child.kill('SIGUSR1');
    await until(() => out().includes('SIGUSR1: Reloading'), 'the reload to begin');
    await wait(500);
    child.kill('SIGTERM');
    const before = performance.now();
    assert.equal(await ended, 0);
    assert.ok(performance.now() - before < 12_000);
  });

  it('ends by SIGTERM under npm start', async () => {
    const { path, block } = setUp();
    const child = spawn('npm', ['start', '--silent', '--', '-conf', path], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (text: Buffer) => (out += String(text)));
    await until(() => out.includes('multisocket-'), 'the program to listen');
    block();
    await untilBlocked(portIn(out));
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    const before = performance.now();
    await closed;
    assert.ok(performance.now() - before < 14_000);
    assert.match(out, /answered \d+ queries/);
  });
});
