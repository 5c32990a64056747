import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { ask, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { SteadyLoad } from '../support/load.js';
import { serve as start, until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const filename = new URL('./fixtures/faulty.js', import.meta.url);
const program = fileURLToPath(new URL('./fixtures/blocked.js', import.meta.url));
const BLOCKED = 'ERR_MULTISOCKET_WORKER_BLOCKED';

const directory = temporaryDirectory();
let fifos = 0;

/** A FIFO, whose readers are blocked until `release` is called. */
function fifo(): { path: string; release: () => void } {
  const path = join(directory, String(fifos++));
  execFileSync('mkfifo', [path]);
  return {
    path,
    release: () => {
      try {
        closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
      } catch (error) {
        // Nobody reads any more.
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      }
    },
  };
}

const codes = (warnings: readonly { code?: string }[]): (string | undefined)[] => warnings.map(({ code }) => code);
/** In ms. Without the tested function a wait lasts for ever, or for a `killTimeout` of 10 s. */
const BOUND = 8000;
/** A worker that only waits for a CPU of a busy machine is not replaced. */
const quick = { stallTimeout: 100, killTimeout: 1200 };

const serve = (path: string, options: Partial<ServerOptions> = {}): ReturnType<typeof start> =>
  start({ sockets: 4, filename, ...quick, workerData: { fifo: path }, ...options });

const whole = (server: Server, workers = 2): boolean => {
  const { sockets, workers: all } = server.stats();
  return all.length === workers && sockets.every(({ index, worker }) => worker === index % workers);
};

/** Settles with the milliseconds that it took. */
async function timed(work: Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work;
  return performance.now() - before;
}

describe('a worker that blocks its thread', () => {
  const ways: [how: string, code: string][] = [
    ['read', BLOCKED],
    ['command', BLOCKED],
    ['atomics', 'ERR_MULTISOCKET_WORKER_EXIT'],
    ['loop', 'ERR_MULTISOCKET_WORKER_EXIT'],
  ];
  for (const [how, code] of ways) {
    for (const workers of [1, 2]) {
      it(`is replaced, and the server answers and closes: ${how}, workers ${workers}`, async () => {
        const { path, release } = fifo();
        const { server, port, warnings } = await serve(path, { workers });
        await udpExchange(queryBytes(`hang.${how}`, 'TXT'), port, '127.0.0.1', 20);
        await until(() => warnings.length > 0, 'a warning');
        assert.equal(warnings[0].code, code);
        assert.match(warnings[0].message, /^worker [01] .*did not turn its event loop for 1,?200 ms/);
        await until(() => whole(server, workers), 'replacement');
        const load = await SteadyLoad.start(port, 500);
        await wait(300);
        const { sent, answered } = await load.stop();
        assert.ok(sent > 0);
        assert.equal(answered, sent);
        const client = await TcpClient.connect(port);
        assert.ok(await client.exchange(queryBytes('example.org', 'TXT')));
        client.close();
        assert.ok((await timed(server.close({ timeout: 500 }))) < BOUND);
        assert.deepEqual(codes(warnings), [code]);
        release();
      });
    }
  }

  it('takes nothing any more when its thread comes back, and loses no query of others', async () => {
    const { path, release } = fifo();
    const { server, port, warnings } = await serve(path);
    await udpExchange(queryBytes('hang.read', 'TXT'), port, '127.0.0.1', 20);
    await until(() => codes(warnings).includes(BLOCKED) && whole(server), 'replacement');
    const load = await SteadyLoad.start(port);
    await wait(200);
    release();
    await wait(500);
    const { sent, answered } = await load.stop();
    assert.equal(answered, sent);
    assert.equal(server.stats().totals.received, sent + 1);
    await server.close();
    assert.deepEqual(codes(warnings), [BLOCKED]);
  });

  it('leaves the port to the next server of the process, though its thread is still blocked', async () => {
    const { path, release } = fifo();
    const first = await serve(path);
    await udpExchange(queryBytes('hang.read', 'TXT'), first.port, '127.0.0.1', 20);
    await until(() => codes(first.warnings).includes(BLOCKED), 'a warning');
    await first.server.close({ timeout: 100 });
    const second = await serve(path, { listen: `127.0.0.1:${first.port}` });
    const load = await SteadyLoad.start(second.port);
    await wait(300);
    const { sent, answered } = await load.stop();
    assert.equal(answered, sent);
    for (let i = 0; i < 20; i++) {
      const client = await TcpClient.connect(second.port);
      assert.ok(await client.exchange(queryBytes('example.org', 'TXT')));
      client.close();
    }
    await second.server.close();
    release();
  });

  it('holds up no close(): one that blocks has the time that close() has, and a second to end', async () => {
    const { path, release } = fifo();
    for (const killTimeout of [0, 10_000]) {
      const { server, port, warnings } = await serve(path, { killTimeout });
      void udpExchange(queryBytes('hang.read', 'TXT'), port, '127.0.0.1', 20);
      await until(() => server.stats().workers.some(({ stalled }) => stalled), 'the stall to be seen');
      assert.ok((await timed(server.close({ timeout: 200 }))) < BOUND);
      assert.ok(codes(warnings).includes(BLOCKED));
    }
    release();
  });

  it('holds up neither reload() nor resize(), and loses no query', async () => {
    const { path, release } = fifo();
    const { server, port, warnings } = await serve(path, { closeTimeout: 300, killTimeout: 1000 });
    for (const change of [() => server.reload(), () => server.resize(2), () => server.resize(6)]) {
      await udpExchange(queryBytes('hang.read', 'TXT'), port, '127.0.0.1', 20);
      await until(() => server.stats().workers.some(({ stalled }) => stalled), 'the stall to be seen');
      const load = await SteadyLoad.start(port, 500);
      assert.ok((await timed(change())) < BOUND);
      const { sent, answered } = await load.stop();
      assert.equal(answered, sent);
    }
    await until(() => codes(warnings).filter((code) => code === BLOCKED).length === 3, 'three to be written off');
    await server.close({ timeout: 100 });
    release();
  });

  it('is replaced only so often: with four that do not end no other is started until one does', async () => {
    const { path, release } = fifo();
    const { server, port, warnings } = await serve(path, { workers: 1, sockets: 1 });
    const blocked = (): number => warnings.filter(({ message }) => message.includes('is written off')).length;
    for (let i = 1; i <= 4; i++) {
      await until(() => whole(server, 1), 'replacement');
      await udpExchange(queryBytes('hang.read', 'TXT'), port, '127.0.0.1', 20);
      await until(() => blocked() === i, `${i} to be written off`);
    }
    await until(() => warnings.some(({ message }) => message.startsWith('no worker is started')), 'the bound');
    assert.deepEqual(server.stats().workers, []);
    release();
    await until(() => whole(server, 1), 'a worker, now that the others have ended');
    assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
    await server.close();
  });
});

describe('a worker that does not start', () => {
  for (const block of ['read', 'command', 'atomics', 'loop', 'promise']) {
    it(`makes listen() reject within startTimeout, with its number and its file: ${block}`, async () => {
      const { path, release } = fifo();
      const workerData = { fifo: path, setup: { block, workers: [0, 1] } };
      const server = createServer({ listen: '127.0.0.1:0', workers: 2, filename, startTimeout: 400, workerData });
      server.on('warning', () => undefined);
      const code = 'ERR_MULTISOCKET_START_TIMEOUT';
      assert.ok((await timed(assert.rejects(server.listen(), { code, message: /worker [01] .*faulty\.js/ }))) < BOUND);
      assert.deepEqual([server.addresses(), server.stats().workers], [[], []]);
      await server.close();
      release();
    });
  }

  it('makes listen() reject with workers: 0 as well', async () => {
    const workerData = { setup: { block: 'promise', workers: [0] } };
    const server = createServer({ listen: '127.0.0.1:0', workers: 0, filename, startTimeout: 200, workerData });
    await assert.rejects(server.listen(), { code: 'ERR_MULTISOCKET_START_TIMEOUT', message: /worker 0 .*faulty\.js/ });
    await server.close();
  });

  it('makes reload() reject, and the old ones serve on', async () => {
    const { path, release } = fifo();
    const { server, port } = await serve(path, { startTimeout: 4000 });
    for (const block of ['read', 'promise']) {
      const workerData = { fifo: path, setup: { block, workers: [0, 1] } };
      await assert.rejects(server.reload({ workerData }), { code: 'ERR_MULTISOCKET_START_TIMEOUT' });
      assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
    }
    await server.close();
    release();
  });

  it('does not hold up close(), while the server starts and while it reloads', async () => {
    const { path, release } = fifo();
    for (const block of ['read', 'promise']) {
      const workerData = { fifo: path, setup: { block, workers: [1] } };
      const starting = createServer({ listen: '127.0.0.1:0', workers: 2, filename, workerData });
      starting.on('warning', () => undefined);
      const rejected = assert.rejects(starting.listen(), { code: 'ERR_SERVER_NOT_RUNNING' });
      assert.ok((await timed(starting.close({ timeout: 200 }))) < BOUND);
      await rejected;

      const { server } = await serve(path);
      const reloading = assert.rejects(server.reload({ workerData }), { code: 'ERR_SERVER_NOT_RUNNING' });
      await wait(300);
      assert.ok((await timed(server.close({ timeout: 200 }))) < BOUND);
      await reloading;
    }
    release();
  });
});

describe('a process with a worker that blocks', () => {
  /** Runs the program; resolves with how it ended and how long that took. */
  async function outcome(...args: string[]): Promise<{ status: number | string | null; output: string; time: number }> {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += String(text)));
    child.stderr.on('data', (text: Buffer) => (output += String(text)));
    const before = performance.now();
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return { status: signal ?? code, output, time: performance.now() - before };
  }

  const ends: [end: string, status: number, said: RegExp][] = [
    ['exit', 7, /^blocked\nexit 7\n/],
    ['throw', 1, /thrown on purpose/],
    ['close', 3, /^blocked\nclosed\nexit 3\n/],
  ];
  for (const [end, status, said] of ends) {
    for (const how of ['read', 'command']) {
      it(`ends with the status that it was about to end with: ${end}, ${how}`, async () => {
        const result = await outcome(end, how);
        assert.equal(result.status, status);
        assert.match(result.output, said);
        assert.ok(result.time < 8000, `${result.time} ms`);
      });
    }
  }
});
