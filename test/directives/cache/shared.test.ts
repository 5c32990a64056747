/** What the workers of a server block share: the cache, and the questions that are under way. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { loadCorefile } from '../../../dist/corefile/corefile.js';
import type { CacheOptions } from '../../../dist/directives/cache/options.js';
import '../../../dist/directives/index.js';
import { addon } from '../../../dist/native/addon.js';
import { queryBytes, udpExchange } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { replyTo, ScriptedUpstream, type Script } from '../../support/upstream.js';

const WORKERS = 4;
/** Enough that the kernel gives queries to each socket. */
const CLIENTS = 40;
const UPSTREAM_DELAY = 300;

const late =
  (more: (name: string) => Parameters<typeof replyTo>[1], rcode = 0): Script =>
  ({ message, decoded, send }) => {
    const reply = replyTo(message, more(decoded.questions![0].name));
    reply[3] |= rcode;
    setTimeout(() => {
      send(reply);
    }, UPSTREAM_DELAY);
  };
const data = late((name) => ({ answers: [{ type: 'A', name, ttl: 300, data: '192.0.2.1' }] }));

describe('the misses of the directive cache', function () {
  this.timeout(30_000);
  let asked = 0;
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Serves with an upstream; `lines`: of `cache`, `ahead`: directives before it. */
  async function serve(script: Script, lines = '', ahead = ''): Promise<number> {
    asked = 0;
    const upstream = await ScriptedUpstream.start((one, itself) => {
      asked++;
      script(one, itself);
    });
    closing.unshift(() => upstream.close());
    const corefile = `.:0 {\n multisocket ${WORKERS}\n ${ahead}\n cache {\n ${lines}\n }\n forward . 127.0.0.1:${upstream.port}\n}`;
    const { server, port } = await serveCorefile(corefile, { workers: WORKERS });
    closing.unshift(() => server.close({ timeout: 0 }));
    return port;
  }

  const ask = async (port: number, name = 'www.example.org', timeout = 10_000): Promise<number> => {
    const { reply } = (await udpExchange(queryBytes(name), port, '127.0.0.1', timeout)) ?? {};
    return reply === undefined ? -1 : reply[3] & 15;
  };
  const askAll = async (port: number, name?: string): Promise<number[]> => [
    ...new Set(await Promise.all(Array.from({ length: CLIENTS }, () => ask(port, name)))),
  ];

  it('are shared in a block with forward, unless it says otherwise', () => {
    const longest = (lines: string): number | undefined => {
      const { blocks } = loadCorefile(`. {\n${lines}\n}`);
      const { config } = blocks[0].directives.find(({ name }) => name === 'cache')!;
      return (config as CacheOptions).misses?.longest;
    };
    assert.equal(longest('forward . 192.0.2.53\ncache'), 1000);
    assert.equal(longest('cache\nforward . 192.0.2.53'), 1000);
    assert.equal(longest('cache\nwhoami'), undefined);
    assert.equal(longest('cache {\n share_misses 0\n}\nforward . 192.0.2.53'), undefined);
    assert.equal(longest('cache {\n share_misses 1m\n}\nwhoami'), 60_000);
  });

  for (const [mode, ahead] of [
    ['native code', ''],
    ['the chain', 'bufsize 1232'],
  ]) {
    it(`are one question to the upstream, answered by ${mode}`, async () => {
      const port = await serve(data, '', ahead);
      assert.deepEqual(await askAll(port), [0]);
      assert.equal(asked, 1);
    });
  }

  it('are a question of each worker with share_misses 0', async () => {
    const port = await serve(data, 'share_misses 0');
    assert.deepEqual(await askAll(port), [0]);
    assert.ok(asked > 1 && asked <= WORKERS, `${asked}`);
  });

  it('share a failure that is cached', async () => {
    const port = await serve(late(() => ({ answers: [] }), 2));
    assert.deepEqual(await askAll(port), [2]);
    assert.equal(asked, 1);
  });

  it('are all answered if what comes is not cached', async () => {
    const port = await serve(late(() => ({ answers: [] }), 5));
    for (let round = 0; round < 2; round++) {
      const started = performance.now();
      assert.deepEqual(await askAll(port), [5]);
      // In the first round a query waits for one that fails, and then asks itself.
      assert.ok(performance.now() - started < UPSTREAM_DELAY * (round === 0 ? 3.5 : 2.5));
    }
  });

  it('wait no longer than share_misses for an upstream that says nothing', async () => {
    const port = await serve(() => undefined, 'share_misses 200ms');
    const first = ask(port);
    await wait(400);
    const before = asked;
    await Promise.all(Array.from({ length: 8 }, () => ask(port, 'www.example.org', 600)));
    assert.ok(asked > before, 'another worker has asked');
    assert.equal(await first, 2);
  });
});

describe('the native cache of a server block', () => {
  const fixture = new URL('./fixtures/cache-user.js', import.meta.url);
  const shared = new SharedArrayBuffer(4);
  const number = (): number => new Int32Array(shared)[0];

  /** A thread that uses the cache until it is ended. */
  async function use(): Promise<Worker> {
    const worker = new Worker(fixture, { workerData: shared });
    worker.on('error', () => undefined); // it crashes when it is told to
    await once(worker, 'message');
    return worker;
  }

  const end = {
    terminate: (worker: Worker) => worker.terminate(),
    crash: async (worker: Worker) => {
      const exited = new Promise((resolve) => worker.on('exit', resolve));
      worker.postMessage('crash');
      await exited;
    },
  };

  it('is freed with the last worker, however it ends, and then opened anew', async () => {
    let before = 0;
    for (const how of ['terminate', 'crash'] as const) {
      const workers = await Promise.all(Array.from({ length: 3 }, use));
      const opened = number();
      assert.ok(opened > before, 'a cache of its own');
      before = opened;
      for (const worker of workers.splice(1)) await end[how](worker);
      workers.push(await use());
      assert.equal(number(), opened, 'a worker still has it');
      for (const worker of workers) await end[how](worker);
      assert.throws(() => new addon.AnswerCache(opened), /no such answer cache/);
    }
  });
});
