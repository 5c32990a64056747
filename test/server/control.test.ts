import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, usableCpus, type ControlReport } from 'multisocket';
import { ask } from '../support/clients.js';
import { end, fixture, serve, start, until } from '../support/server.js';

/** Says something at a control socket, and returns the lines that come back until there are that many. */
async function say(path: string, text: string, lines = 1): Promise<string[]> {
  const socket: Socket = connect(path);
  await once(socket, 'connect');
  let heard = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
  socket.write(text);
  while (heard.split('\n').length <= lines) await once(socket, 'data');
  socket.destroy();
  return heard.trimEnd().split('\n');
}

describe('the control socket', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    path = join(directory, 'control.sock');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('tells how the server is, to its user only, and is gone with it', async () => {
    const { server, port } = await serve({ control: path, sockets: 3 });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    for (let i = 0; i < 5; i++) await ask(port, `${i}.example.org`);
    const [first, again] = (await say(path, 'stats\nstats\n', 2)).map((line) => JSON.parse(line) as ControlReport);
    assert.equal(first.version, 1);
    assert.equal(first.pid, process.pid);
    assert.equal(first.cpus, usableCpus());
    assert.ok(first.cpu > 0 && first.memory > 1e6 && again.time >= first.time);
    assert.deepEqual(first.addresses, server.addresses());
    assert.equal(first.totals.received, 5);
    assert.equal(first.workers.length, 2);
    assert.ok(first.workers.every(({ busy }) => busy >= 0));
    const udp = first.sockets.filter(({ protocol }) => protocol === 'udp');
    assert.deepEqual(
      udp.map(({ worker }) => worker),
      [0, 1, 0],
    );
    assert.equal(
      udp.reduce((sum, { queries }) => sum + queries, 0),
      5,
    );
    await server.close();
    assert.equal(existsSync(path), false);
  });

  it('reports unknown commands, and closes a connection whose line never ends', async () => {
    const { server } = await serve({ control: path });
    assert.deepEqual(await say(path, 'stop\n'), ['{"error":"unknown command: stop"}']);
    const endless = connect(path);
    endless.on('error', () => undefined);
    endless.write('x'.repeat(10_000));
    await once(endless, 'close');
    assert.equal((await say(path, 'stats\n')).length, 1);
    await server.close();
  });

  it('a new connection closes the oldest, and a client that reads nothing is disconnected', async () => {
    const { server } = await serve({ control: path });
    const closed: number[] = [];
    const sockets = [];
    for (let i = 0; i < 20; i++) {
      const socket = connect(path);
      await once(socket, 'connect');
      socket.resume().on('close', () => closed.push(i));
      sockets.push(socket);
    }
    await until(() => closed.length === 4, 'the oldest connections to be closed');
    assert.deepEqual(closed, [0, 1, 2, 3]);
    const idle = connect(path);
    idle.on('error', () => undefined).pause();
    await once(idle, 'connect');
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 200 && !idle.destroyed; i++) {
      idle.write('stats\n'.repeat(10_000));
      await new Promise(setImmediate);
    }
    const grown = (process.memoryUsage.rss() - before) / (1 << 20);
    assert.ok(grown < 64, `${grown} MiB`);
    await say(path, 'stats\n');
    for (const socket of [idle, ...sockets]) socket.destroy();
    await server.close();
  });

  it('closes though somebody looks on, and does not keep a path that is taken', async () => {
    const { server } = await serve({ control: path });
    const onlooker = connect(path);
    await once(onlooker, 'connect');
    const other = createServer({ listen: '127.0.0.1:0', filename: fixture, control: path });
    await assert.rejects(other.listen(), { code: 'EADDRINUSE' });
    assert.equal((await say(path, 'stats\n')).length, 1, 'the first one still has it');
    onlooker.resume();
    const gone = once(onlooker, 'close');
    await server.close();
    await gone;
  });

  it('replaces the socket of one that was killed, and nothing else', async () => {
    const { child } = await start('controlled', path);
    await end(child);
    assert.ok(existsSync(path));
    const { server } = await serve({ control: path });
    await server.close();
    writeFileSync(path, '');
    await assert.rejects(serve({ control: path }), { code: 'ENOTSOCK' });
    assert.throws(() => createServer({ listen: ':0', filename: fixture, control: '' }), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });

  it('passes to the successor that takes over the sockets', async () => {
    const { server } = await serve({ control: path });
    const offer = join(directory, 'offer.sock');
    const handed = server.handOver(offer);
    await until(() => existsSync(offer), 'the offer');
    const successor = createServer({ listen: '127.0.0.1:0', filename: fixture, workers: 1, control: path });
    await successor.adopt(offer);
    await handed;
    const [line] = await say(path, 'stats\n');
    assert.equal((JSON.parse(line) as ControlReport).workers.length, 1);
    await successor.close();
    assert.equal(existsSync(path), false);
  });
});
