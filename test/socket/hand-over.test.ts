import assert from 'node:assert/strict';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, fstatSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DescriptorChannel } from '../../dist/socket/descriptor-channel.js';
import { adoptSockets } from '../../dist/socket/adopt-sockets.js';
import { offerSockets } from '../../dist/socket/offer-sockets.js';
import { openSockets, type SocketGroup } from '../../dist/sockets.js';
import { Echo } from '../support/echo.js';
import { queryBytes } from '../support/clients.js';
import { startLimited } from '../support/server.js';

const ADOPTER = fileURLToPath(new URL('../fixtures/adopter.js', import.meta.url));

interface Told {
  state: string;
  pid: number;
  sockets: number[];
  steering: string[];
  names: string[];
  code: string;
  message: string;
  left: number;
}

/** A child process and what it tells, in order. */
class Child {
  readonly process: ChildProcess;
  readonly #told: Told[] = [];

  constructor(path: string, what: string, execArgv: string[] = []) {
    this.process = fork(ADOPTER, [path, what], { execArgv });
    this.process.on('message', (message) => {
      this.#told.push(message as Told);
      this.process.emit('told');
    });
  }

  async told(state: string): Promise<Told> {
    const signal = AbortSignal.timeout(20_000);
    for (;;) {
      const error = this.#told.find((message) => message.state === 'error');
      if (error !== undefined && state !== 'error') throw new Error(error.message);
      const found = this.#told.find((message) => message.state === state);
      if (found !== undefined) return found;
      await once(this.process, 'told', { signal });
    }
  }

  async exit(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }
}

/**
 * Asks again and again, one query at a time a port, until it is stopped. Counts the answers by server, and the queries
 * without an answer.
 */
class Clients {
  readonly answeredBy = new Map<string, number>();
  lost = 0;
  #stopping = false;
  readonly #running: Promise<void>[];

  constructor(port: number, ports: number) {
    this.#running = Array.from({ length: ports }, () => this.#ask(port));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  get answered(): number {
    return [...this.answeredBy.values()].reduce((sum, count) => sum + count, 0);
  }

  async #ask(port: number): Promise<void> {
    const socket = createSocket('udp4');
    while (!this.#stopping) {
      const query = queryBytes('example.org');
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(20_000) });
      socket.send(query, port, '127.0.0.1');
      const name = await answer.then(
        ([reply]: Buffer[]) => {
          assert.equal(reply.readUInt16BE(0), query.readUInt16BE(0), 'the answer to this query');
          return reply.toString('latin1', query.length);
        },
        () => undefined,
      );
      if (name === undefined) this.lost++;
      else this.answeredBy.set(name, (this.answeredBy.get(name) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    socket.close();
  }
}

const inodes = (groups: readonly SocketGroup[]): number[] =>
  groups.flatMap((group) => group.descriptors.map((fd) => fstatSync(fd).ino));
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe('the hand-over of sockets', () => {
  let directory: string;
  let path: string;
  let udp: SocketGroup;
  let tcp: SocketGroup;
  const children: Child[] = [];

  /** As a server has them: both groups of one address. */
  const addresses = () => [{ name: 'dns', groups: [udp, tcp] }];
  function start(what: string, execArgv?: string[]): Child {
    const child = new Child(path, what, execArgv);
    children.push(child);
    return child;
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hand-over-'));
    path = join(directory, 'socket');
    udp = openSockets({ protocol: 'udp', address: '127.0.0.1', sockets: 4, steering: 'random' });
    tcp = openSockets({ protocol: 'tcp', address: '127.0.0.1', sockets: 2 });
  });

  afterEach(async () => {
    udp.close();
    tcp.close();
    for (const child of children.splice(0)) {
      if (child.process.exitCode === null) child.process.kill('SIGKILL');
      await child.exit();
    }
    rmSync(directory, { recursive: true });
  });

  it('gives the very sockets, in their order, with names and steering', async () => {
    const sockets = inodes([udp, tcp]);
    const offer = offerSockets(path, addresses());
    const child = start('serve');
    const told = await child.told('adopted');
    assert.deepEqual(told.sockets, sockets);
    assert.deepEqual(told.steering, ['random', 'hash']);
    assert.deepEqual(told.names, ['dns']);
    await offer.taken;
    await child.told('ready');
    assert.equal(lstatSync(path).mode & 0o777, 0o600, "the adopter's own offer");
  });

  it('has the adopter answer what waited in the kernel', async () => {
    const client = createSocket('udp4');
    const replies: string[] = [];
    const ids = new Set<number>();
    client.on('message', (reply: Buffer) => {
      ids.add(reply.readUInt16BE(0));
      replies.push(reply.toString('latin1', query.length));
      if (replies.length === 200) client.emit('all');
    });
    const query = queryBytes('example.org');
    for (let id = 0; id < 200; id++) {
      query.writeUInt16BE(id, 0);
      await new Promise((resolve) => {
        client.send(Buffer.from(query), udp.port, '127.0.0.1', resolve);
      });
    }
    const stream = connect(tcp.port, '127.0.0.1');
    await once(stream, 'connect');
    const all = once(client, 'all', { signal: AbortSignal.timeout(20_000) });
    const offer = offerSockets(path, addresses());
    const child = start('serve');
    await offer.taken;
    udp.close();
    tcp.close();
    await all;
    const pid = String(child.process.pid);
    assert.deepEqual(new Set(replies), new Set([pid]));
    assert.equal(ids.size, 200);
    const [greeting] = (await once(stream, 'data', { signal: AbortSignal.timeout(20_000) })) as Buffer[];
    assert.equal(greeting.toString(), pid);
    client.close();
    stream.destroy();
  });

  it('loses nothing over 20 hand-overs, from process to process', async () => {
    const own = new Echo('first');
    await own.serve(udp);
    const { port } = udp;
    const clients = new Clients(port, 16);
    let left = offerSockets(path, [{ name: 'dns', groups: [udp] }]).taken.then(async () => {
      await own.stop();
      udp.close();
    });
    const pids: string[] = [];
    for (let i = 0; i < 20; i++) {
      const child = start('serve');
      const { pid } = await child.told('ready');
      pids.push(String(pid));
      await left;
      const before = clients.answered;
      while (clients.answered < before + 50) await new Promise((resolve) => setTimeout(resolve, 5));
      left = child.told('taken').then(async () => {
        assert.equal(await child.exit(), 0);
      });
      left.catch(() => undefined);
    }
    await clients.stop();
    assert.equal(clients.lost, 0);
    assert.deepEqual([...clients.answeredBy.keys()].sort(), ['first', ...pids].sort(), 'each had its turn');
    children.at(-1)!.process.kill('SIGKILL');
  }).timeout(120_000);

  for (const [what, reason] of [
    ['fail', 'The adopter failed: the zone is broken'],
    ['die', 'The adopter went away before it was ready'],
  ]) {
    it(`goes on with its sockets when the adopter ${what === 'die' ? 'dies' : 'fails'}`, async () => {
      const own = new Echo('giver');
      await own.serve(udp);
      const before = openDescriptors();
      const offer = offerSockets(path, addresses());
      const child = start(what);
      await assert.rejects(offer.taken, { code: 'ERR_MULTISOCKET_HAND_OVER', message: reason });
      assert.equal(await child.exit(), what === 'die' ? 3 : 0);
      assert.equal((await child.told(what === 'die' ? 'adopted' : 'failed')).left, what === 'die' ? undefined : 0);
      assert.equal(existsSync(path), false);
      // The child's pipes and those of earlier ones may just have gone; none may have come.
      assert.ok(openDescriptors() <= before);
      const clients = new Clients(udp.port, 4);
      while (clients.answered < 40) await new Promise((resolve) => setTimeout(resolve, 5));
      await clients.stop();
      assert.equal(clients.lost, 0);
      assert.deepEqual([...clients.answeredBy.keys()], ['giver']);
      await own.stop();
    });
  }

  it('goes on when the adopter goes away while the sockets are sent to it, or before, and hears what it had to say', async () => {
    const silent = offerSockets(path, addresses());
    DescriptorChannel.connect(path).close();
    const reason = 'The adopter went away before it was ready';
    await assert.rejects(silent.taken, { code: 'ERR_MULTISOCKET_HAND_OVER', message: reason });

    const told = offerSockets(path, addresses());
    const channel = DescriptorChannel.connect(path);
    await channel.send({ type: 'failed', reason: 'no room' }, [], AbortSignal.timeout(20_000));
    channel.close();
    const said = 'The adopter failed: no room';
    await assert.rejects(told.taken, { code: 'ERR_MULTISOCKET_HAND_OVER', message: said });
  });

  it('gives up an adopter that is not ready in time, which then gets an error', async () => {
    const offer = offerSockets(path, addresses(), { timeout: 2000 });
    const child = start('hang');
    await child.told('adopted');
    const late = 'The adopter was not ready within 2000 ms';
    await assert.rejects(offer.taken, { code: 'ERR_MULTISOCKET_HAND_OVER', message: late });
    child.process.send('go on');
    const told = await child.told('error');
    assert.equal(told.code, 'ERR_MULTISOCKET_HAND_OVER');
    assert.equal(told.message, `The giver has not let go: ${late}`);
  });

  it('lets the adopter go on when the giver has died', async () => {
    // A process in between gives what it has adopted, and is killed before the next one is ready.
    const offer = offerSockets(path, addresses());
    const giver = start('serve');
    await giver.told('ready');
    await offer.taken;
    const adopted = await adoptSockets(path);
    giver.process.kill('SIGKILL');
    await giver.exit();
    await adopted.ready();
    assert.deepEqual(inodes(adopted.addresses[0].groups), inodes([udp, tcp]));
    for (const group of adopted.addresses[0].groups) group.close();
  });

  it('withdraws', async () => {
    const before = openDescriptors();
    const offer = offerSockets(path, addresses());
    assert.equal(existsSync(path), true);
    offer.withdraw();
    await assert.rejects(offer.taken, { name: 'AbortError' });
    assert.equal(existsSync(path), false);
    const controller = new AbortController();
    const other = offerSockets(path, addresses(), { signal: controller.signal });
    const adopted = await adoptSockets(path);
    controller.abort(new Error('not today'));
    await assert.rejects(other.taken, { message: 'not today' });
    await assert.rejects(adopted.ready(), { message: 'The giver has not let go: not today' });
    for (const group of adopted.addresses[0].groups) group.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(openDescriptors(), before);
  });

  it('gives thousands of sockets to a process that has room, and none stays open in one that has not', async () => {
    const many = Array.from({ length: 3 }, () => openSockets({ protocol: 'udp', address: '127.0.0.1', sockets: 1024 }));
    const offered = many.map((group, i) => ({ name: `zone ${i}`, groups: [group] }));
    const first = offerSockets(path, offered);
    const small = startLimited(300, ADOPTER, path, 'serve');
    const [told] = (await once(small, 'message')) as Told[];
    assert.equal(told.code, 'EMFILE');
    assert.equal(told.left, 0);
    await assert.rejects(first.taken, { code: 'ERR_MULTISOCKET_HAND_OVER' });
    if (small.exitCode === null) await once(small, 'exit');

    const second = offerSockets(path, offered);
    const adopted = await adoptSockets(path);
    assert.deepEqual(
      adopted.addresses.map(({ name }) => name),
      ['zone 0', 'zone 1', 'zone 2'],
    );
    assert.deepEqual(inodes(adopted.addresses.flatMap(({ groups }) => groups)), inodes(many));
    await adopted.ready();
    await second.taken;
    for (const group of [...many, ...adopted.addresses.flatMap(({ groups }) => groups)]) group.close();
  });

  it('serves one adopter; a second one that asked hears that it came too late', async () => {
    const offer = offerSockets(path, addresses());
    const adopted = await adoptSockets(path);
    const second = assert.rejects(adoptSockets(path), { code: 'ERR_MULTISOCKET_HAND_OVER' });
    await adopted.ready();
    await offer.taken;
    await second;
    await assert.rejects(adoptSockets(path), { code: 'ENOENT', syscall: 'connect', address: path });
    for (const group of adopted.addresses[0].groups) group.close();
  });

  it('turns away processes of other users', async function () {
    if (process.getuid!() !== 0) return this.skip();
    chmodSync(directory, 0o755);
    const offer = offerSockets(path, addresses(), { mode: 0o666 });
    const code = `const s = require('net').connect(process.argv[1]); let n = 0;
      s.on('data', (d) => (n += d.length)).on('error', (e) => console.log(e.code)).on('close', () => console.log(n))`;
    const foreigner = spawn('node', ['-e', code, path], { uid: 65534, gid: 65534, cwd: '/', stdio: [0, 'pipe', 2] });
    const [output] = (await once(foreigner.stdout!, 'data')) as Buffer[];
    assert.equal(output.toString().trim().split('\n').at(-1), '0');
    const adopted = await adoptSockets(path);
    await adopted.ready();
    await offer.taken;
    for (const group of adopted.addresses[0].groups) group.close();
  });

  it('replaces a stale socket file and nothing else', async () => {
    const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script, path]), 'exit');
    assert.equal(lstatSync(path).isSocket(), true);
    const offer = offerSockets(path, addresses());
    assert.throws(() => offerSockets(path, addresses()), { code: 'EADDRINUSE', syscall: 'bind', address: path });
    const adopted = await adoptSockets(path);
    await adopted.fail('just looking');
    await assert.rejects(offer.taken, { message: 'The adopter failed: just looking' });

    writeFileSync(path, 'precious');
    assert.throws(() => offerSockets(path, addresses()), { code: 'ENOTSOCK', syscall: 'bind', address: path });
    assert.equal(lstatSync(path).size, 8);
    const long = join(directory, 'x'.repeat(120));
    assert.throws(() => offerSockets(long, addresses()), { code: 'ENAMETOOLONG' });
    assert.throws(() => offerSockets('', addresses()), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => offerSockets(path, addresses(), { timeout: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  });

  for (const [what, bytes, message] of [
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /another protocol/],
    ['half a message', Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 123]), /in the middle/],
    ['no JSON', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 123, 123]), /no JSON/],
    ['fewer descriptors than it says', Buffer.from([2, 0, 0, 0, 1, 0, 0, 0, 123, 125, 0]), /sent 0 descriptors/],
    ['another version', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 123, 125]), /another version/],
    ['nothing', Buffer.alloc(0), /broke off/],
  ] as const) {
    it(`rejects a giver that sends ${what}`, async () => {
      const before = openDescriptors();
      const server = createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end(bytes),
      ).listen(path);
      await once(server, 'listening');
      await assert.rejects(adoptSockets(path), { code: 'ERR_MULTISOCKET_HAND_OVER', message });
      await new Promise((resolve) => server.close(resolve));
      assert.equal(openDescriptors(), before);
    });
  }

  it('times out on a giver that says nothing', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined)).listen(path);
    await once(server, 'listening');
    const message = 'The giver sent no sockets within 100 ms';
    await assert.rejects(adoptSockets(path, { timeout: 100 }), { code: 'ERR_MULTISOCKET_HAND_OVER', message });
    await new Promise((resolve) => server.close(resolve));
  });

  it('leaves nothing open when the thread that offers is terminated', async () => {
    const module = new URL('../../dist/socket/offer-sockets.js', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then(({ offerSockets }) => {
      offerSockets(${JSON.stringify(path)}, []);
      require('node:worker_threads').parentPort.postMessage('stands');
    })`;
    const run = async (): Promise<void> => {
      const worker = new Worker(script, { eval: true });
      await once(worker, 'message');
      await worker.terminate();
    };
    await run();
    const before = openDescriptors();
    await run(); // the file that the first one left is stale
    assert.equal(openDescriptors(), before);
  });
});
