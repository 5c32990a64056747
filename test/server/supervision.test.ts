import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { ask, udpExchange, queryBytes } from '../support/clients.js';
import { SteadyLoad } from '../support/load.js';
import { serve as start, until } from '../support/server.js';

const faulty = new URL('./fixtures/faulty.js', import.meta.url);

/** Four sockets, two workers, and a handler that comes to harm on command. */
const serve = (options: Partial<ServerOptions> = {}): ReturnType<typeof start> =>
  start({ sockets: 4, filename: faulty, ...options });

const whole = (server: Server): boolean => {
  const { sockets, workers } = server.stats();
  return workers.length === 2 && sockets.every(({ index, worker }) => worker === index % 2);
};

describe('a worker that dies', () => {
  const deaths: [name: string, word: RegExp, options?: Partial<ServerOptions>][] = [
    ['crash.now', /crashed on purpose/],
    ['reject.now', /rejected on purpose/],
    ['exit.now', /exit code 3/],
    ['heap.now', /memory/i, { resourceLimits: { maxOldGenerationSizeMb: 16 } }],
  ];
  for (const [name, word, options] of deaths) {
    it(`is replaced, with a warning that says why: ${name}`, async () => {
      const { server, port, warnings } = await serve(options);
      await udpExchange(queryBytes(name, 'TXT'), port, '127.0.0.1', 50);
      await until(() => warnings.length > 0, 'a warning');
      assert.match(warnings[0].message, word);
      assert.equal((warnings[0] as { code?: string }).code, 'ERR_MULTISOCKET_WORKER_EXIT');
      await until(() => whole(server), 'both workers to hold their sockets again');
      assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
      await server.close();
    });
  }

  it('loses no query but those that its handler held', async () => {
    const { server, port, warnings } = await serve();
    const load = await SteadyLoad.start(port);
    for (let i = 1; i <= 5; i++) {
      await udpExchange(queryBytes('crash.now', 'TXT'), port, '127.0.0.1', 20);
      await until(() => warnings.length === i && whole(server), `replacement ${i}`);
    }
    const { sent, answered } = await load.stop();
    // At 2,000 a second there is hardly more than one in a batch: five batches are far more than five handlers held.
    assert.ok(sent - answered <= 5 * 64, `${sent - answered} of ${sent} lost`);
    assert.ok(answered > 500);
    await server.close();
  });

  it('takes nothing more from the kernel once its thread is being ended', async () => {
    const { server, port } = await serve({ sockets: 1 });
    // One client, one socket: they come in this order. While the first blocks, the others wait in the kernel. There are
    // no more than have room in the client's own buffer when the answers come.
    const socket = createSocket('udp4');
    const answered = new Set<number>();
    socket.on('message', (reply) => answered.add(reply.readUInt16BE(0)));
    const names = ['block.300', 'exit.now', ...Array.from({ length: 250 }, (_, i) => `host${i}.example.org`)];
    for (const [id, name] of names.entries()) socket.send(queryBytes(name, 'TXT', { id }), port, '127.0.0.1');
    // A batch is 64: with the one that ends it 63 are lost at most.
    await until(() => answered.size >= 250 - 63, 'what waited to be answered by the other');
    socket.close();
    await server.close();
  });

  it('has its sockets served by the others until it is replaced, and keeps the totals', async () => {
    const { server, port } = await serve({ workers: 2 });
    for (let i = 0; i < 20; i++) await ask(port, 'example.org', 'TXT');
    await udpExchange(queryBytes('exit.now', 'TXT'), port, '127.0.0.1', 50);
    await until(() => whole(server), 'replacement');
    for (let i = 0; i < 20; i++) assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
    assert.equal(server.stats().totals.received, 41);
    await server.close();
  });

  it('tells its death and its successor on diagnostics channels', async () => {
    const { server, port } = await serve();
    const seen: string[] = [];
    const listeners = ['worker:exit', 'worker:start', 'socket:assign'].map((name) => {
      const listener = (): number => seen.push(name);
      subscribe(`multisocket:${name}`, listener);
      return { name, listener };
    });
    await udpExchange(queryBytes('exit.now', 'TXT'), port, '127.0.0.1', 50);
    await until(() => seen.filter((name) => name === 'socket:assign').length >= 2, 'two assignments');
    for (const { name, listener } of listeners) unsubscribe(`multisocket:${name}`, listener);
    assert.deepEqual(seen.slice(0, 2).sort(), ['socket:assign', 'worker:exit']);
    assert.ok(seen.includes('worker:start'));
    await server.close();
  });

  it('is not replaced ever faster when it dies again and again', async () => {
    const { server, port, warnings } = await serve({ workers: 1, sockets: 1 });
    const end = Date.now() + 1500;
    while (Date.now() < end) await udpExchange(queryBytes('exit.now', 'TXT'), port, '127.0.0.1', 20);
    // At once, then after 100, 200, 400 and 800 ms.
    assert.ok(warnings.length >= 2 && warnings.length <= 6, `${warnings.length} deaths`);
    await server.close();
  });
});

describe('workers that die every now and then', () => {
  it('are replaced at once, however often', async () => {
    const { server, port, warnings } = await serve({ workers: 1, sockets: 1 });
    for (let i = 1; i <= 7; i++) {
      await until(() => server.stats().workers.length === 1, 'its successor');
      // Longer than what counts as a death of its start.
      await wait(600);
      await udpExchange(queryBytes('exit.now', 'TXT'), port, '127.0.0.1', 20);
      await until(() => warnings.length === i, 'its death');
    }
    // With a delay that doubles this one would wait for more than 3 s, and the client does for 2.
    assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
    await server.close();
  });
});

describe('a worker that stalls', () => {
  it('is helped by another until it comes back', async () => {
    const { server, port, warnings } = await serve({ stallTimeout: 200 });
    void udpExchange(queryBytes('block.1500', 'TXT'), port, '127.0.0.1', 2000);
    await until(() => server.stats().workers.some(({ stalled }) => stalled), 'the stall to be seen');
    const load = await SteadyLoad.start(port, 500);
    await wait(300);
    const { sent, answered } = await load.stop();
    assert.ok(sent > 0);
    assert.equal(answered, sent);
    await until(() => whole(server) && server.stats().workers.every(({ stalled }) => !stalled), 'its return');
    assert.deepEqual(warnings, []);
    await server.close();
  });

  it('is replaced after killTimeout', async () => {
    const { server, port, warnings } = await serve({ stallTimeout: 100, killTimeout: 400 });
    void udpExchange(queryBytes('block.60000', 'TXT'), port, '127.0.0.1', 100);
    await until(() => warnings.length > 0, 'a warning');
    assert.match(warnings[0].message, /did not turn its event loop for 400 ms/);
    await until(() => whole(server), 'replacement');
    assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
    await server.close();
  });
});

describe('reload()', () => {
  const version = async (port: number): Promise<string> => {
    const [answer] = (await ask(port, 'example.org', 'TXT')).answers ?? [];
    return String((answer as unknown as { data: Buffer[] }).data[1]);
  };

  it('brings fresh workers with fresh workerData, and loses nothing', async () => {
    const { server, port, warnings } = await serve({ workerData: { version: 0 } });
    const load = await SteadyLoad.start(port);
    for (let i = 1; i <= 5; i++) {
      await server.reload({ workerData: { version: i } });
      assert.equal(await version(port), String(i));
    }
    const { sent, answered } = await load.stop();
    assert.equal(answered, sent);
    assert.ok(whole(server));
    assert.deepEqual(warnings, []);
    await server.close();
  });

  it('lets the old ones answer what they hold', async () => {
    const { server, port } = await serve({ workerData: { version: 'old' } });
    const slow = ask(port, 'slow.500', 'TXT');
    await until(() => server.stats().totals.inFlight === 1, 'the query to be held');
    await server.reload({ workerData: { version: 'new' } });
    const [answer] = (await slow).answers ?? [];
    assert.equal(String((answer as unknown as { data: Buffer[] }).data[0]), 'old');
    assert.equal(await version(port), 'new');
    await server.close();
  });

  it('keeps the old ones when a fresh one does not start, and tells the caller', async () => {
    const { server, port } = await serve({ workerData: { version: 'old' } });
    await assert.rejects(server.reload({ workerData: { version: 'broken' } }), /this version does not start/);
    assert.equal(await version(port), 'old');
    await server.reload();
    assert.equal(await version(port), 'old');
    await server.close();
  });

  it('is refused on a server that does not listen', async () => {
    const server = createServer({ listen: '127.0.0.1:0', filename: faulty });
    await assert.rejects(server.reload(), { code: 'ERR_SERVER_NOT_RUNNING' });
  });

  it('takes another function with workers: 0', async () => {
    const answer =
      (text: string): ServerOptions['handler'] =>
      (query, reply) => {
        reply.answer({ type: 'TXT', name: query.name, data: ['', text] });
      };
    const server = createServer({ listen: '127.0.0.1:0', workers: 0, handler: answer('one')! });
    await server.listen();
    const { port } = server.addresses()[0];
    assert.equal(await version(port), 'one');
    await server.reload({ handler: answer('two')! });
    assert.equal(await version(port), 'two');
    await server.close();
  });
});

describe('close()', () => {
  it('answers what is in flight, all workers at a time, and reports nothing cut off', async () => {
    const { server, port } = await serve();
    const slow = Promise.all(Array.from({ length: 8 }, () => ask(port, 'slow.300', 'TXT')));
    await until(() => server.stats().totals.inFlight === 8, 'the queries to be held');
    assert.deepEqual(await server.close(), { queries: 0, connections: 0 });
    for (const answer of await slow) assert.equal(answer.rcode, 'NOERROR');
  });

  it('reports what it had to cut off', async () => {
    const { server, port, warnings } = await serve();
    void udpExchange(queryBytes('slow.5000', 'TXT'), port, '127.0.0.1', 100);
    await until(() => server.stats().totals.inFlight === 1, 'the query to be held');
    assert.deepEqual(await server.close({ timeout: 50 }), { queries: 1, connections: 0 });
    assert.equal((warnings[0] as { code?: string }).code, 'ERR_MULTISOCKET_CUT_OFF');
  });

  it('goes on serving while it is a lame duck', async () => {
    const { server, port } = await serve();
    const closed = once(server, 'close');
    const closing = server.close({ lameduck: 300 });
    assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
    await closing;
    await closed;
    assert.equal(await udpExchange(queryBytes('example.org'), port, '127.0.0.1', 100), undefined);
  });
});

describe('overload', () => {
  for (const [overload, expected] of [
    ['drop', undefined],
    ['SERVFAIL', 2],
    ['REFUSED', 5],
  ] as const) {
    it(`sheds what comes beyond maxInFlight: ${overload}`, async () => {
      const { server, port, warnings } = await serve({ workers: 1, sockets: 1, maxInFlight: 2, overload });
      const held = [ask(port, 'slow.300', 'TXT'), ask(port, 'slow.300', 'TXT')];
      await until(() => server.stats().totals.inFlight === 2, 'the queries to be held');
      const shed = await udpExchange(queryBytes('example.org', 'TXT'), port, '127.0.0.1', 100);
      assert.equal(shed === undefined ? undefined : shed.reply[3] & 0x0f, expected);
      for (const answer of await Promise.all(held)) assert.equal(answer.rcode, 'NOERROR');
      assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
      const { shed: count, handled, handlerDropped } = server.stats().totals;
      assert.deepEqual({ count, handled, handlerDropped }, { count: 1, handled: 3, handlerDropped: 0 });
      await until(() => warnings.length > 0, 'a warning');
      assert.equal((warnings[0] as { code?: string }).code, 'ERR_MULTISOCKET_OVERLOAD');
      await server.close();
    });
  }
});

describe('maxQueueDelay', () => {
  it('drops what has waited in the kernel for longer, and counts it', async () => {
    const { server, port } = await serve({ workers: 1, sockets: 1, maxQueueDelay: 200 });
    // The kernel begins to note arrivals some time after it is told to.
    await ask(port, 'example.org', 'TXT');
    await wait(300);
    const blocked = udpExchange(queryBytes('block.1500', 'TXT'), port);
    await until(() => server.stats().totals.received === 2, 'the worker to be blocked');
    const old = udpExchange(queryBytes('example.org', 'TXT'), port, '127.0.0.1', 1500);
    assert.ok(await blocked);
    assert.equal(await old, undefined);
    assert.equal((await ask(port, 'example.org', 'TXT')).rcode, 'NOERROR');
    assert.equal(server.stats().totals.droppedStale, 1);
    await server.close();
  });
});
