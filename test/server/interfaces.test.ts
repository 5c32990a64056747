/** Addresses of one interface, and link-local ones: real clients on the links of a host in network namespaces. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { openSockets, SocketGroup } from 'multisocket/sockets';
import { fixture as handler, serve, until } from '../support/server.js';
import { ask } from '../support/clients.js';
import { CLIENT_INTERFACE, Network, noNetwork } from '../support/network.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const fixture = fileURLToPath(new URL('./fixtures/namespaced.js', import.meta.url));
const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const LINK = `fe80::1%${CLIENT_INTERFACE}`;

interface Told {
  addresses: object[];
  sockets: unknown[][];
  code?: string;
  message?: string;
}

describe('a server on a host with two interfaces', function () {
  let network: Network;

  before(function () {
    const reason = noNetwork();
    if (reason === undefined && process.env.MULTISOCKET_NATIVE !== '0') return;
    console.log(`    skipped: ${reason ?? 'binding to an interface needs the addon'}`);
    this.skip();
  });
  beforeEach(() => {
    network = new Network();
  });
  afterEach(() => network.close());

  const start = async (...listen: unknown[]): Promise<{ child: ChildProcess; told: Told }> => {
    const { child, message } = await network.start(fixture, JSON.stringify({ listen, sockets: 2 }));
    return { child, told: message as Told };
  };
  const order = async (child: ChildProcess, what: object): Promise<Told> => {
    child.send(what);
    return ((await once(child, 'message')) as [Told])[0];
  };
  const where = ['where.example.org', 'TXT'];

  it('answers at an interface what comes by it, whichever address it is for, and nothing else', async () => {
    const { child, told } = await start({ address: '0.0.0.0', port: 53, interface: 'left' });
    const rest = { transport: 'dns', port: 53, family: 'IPv4' };
    assert.deepEqual(told.addresses, [{ ...rest, address: '0.0.0.0', interface: 'left' }]);
    for (const way of ['+notcp', '+tcp']) {
      assert.equal(await network.ask('left', '@192.0.2.1', ...where, way), '"192.0.2.1"');
      assert.equal(await network.ask('left', '@198.51.100.1', ...where, way), '"198.51.100.1"');
      assert.equal(await network.ask('right', '@198.51.100.1', ...where, way), 'refused');
      assert.equal(await network.ask('right', '@192.0.2.1', ...where, way), 'refused');
    }
    const { sockets } = await order(child, {});
    assert.ok(sockets.every(([, address, name]) => address === '0.0.0.0' && name === 'left'));
    assert.equal(
      sockets.reduce((sum, [, , , queries]) => sum + Number(queries), 0),
      4,
    );
  });

  it('has entries with one address and port for several interfaces, beside other addresses for all', async () => {
    const entries = ['left', 'right'].map((name) => ({ address: '0.0.0.0', port: 53, interface: name }));
    const all = [...entries, '127.0.0.1:53', '[::]:53'];
    for (const listen of [all, all.toReversed()]) {
      const { child, told } = await start(...listen);
      assert.deepEqual([told.message, told.addresses.length], [undefined, 4]);
      await network.ask('left', '@192.0.2.1', ...where);
      await network.ask('right', '@192.0.2.1', ...where);
      await network.ask('right', '@192.0.2.1', ...where, '+tcp');
      const { sockets } = await order(child, {});
      const counts = sockets.map(([transport, , name, queries]) => [transport, name, queries]).sort();
      assert.deepEqual(counts, [
        ['tcp', 'right', 1],
        ['udp', 'left', 1],
        ['udp', 'right', 1],
      ]);
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  });

  it('refuses the same address twice for one interface', async () => {
    const entry = { address: '0.0.0.0', port: 53, interface: 'left' };
    const { told } = await start(entry, entry);
    assert.equal(told.message, 'listen EADDRINUSE: address already in use 0.0.0.0:53 on the interface "left"');
  });

  it('names an interface that does not exist', async () => {
    for (const [entry, place] of [
      [{ address: '0.0.0.0', port: 53, interface: 'nowhere' }, '0.0.0.0:53 on the interface "nowhere"'],
      ['[fe80::1%nowhere]:53', 'fe80::1%nowhere:53'],
    ] as const) {
      const { child, told } = await start(entry);
      assert.deepEqual([told.code, told.message], ['ENODEV', `listen ENODEV: no such device ${place}`]);
      child.kill();
    }
    const { told } = await start('[fe80::1]:53');
    assert.equal(
      told.message,
      'listen EINVAL: invalid argument fe80::1:53 (a link-local address needs its interface, as in "fe80::1%eth0")',
    );
  });

  it('answers at a link-local address on its link: by name, by number, and by the interface of the entry', async () => {
    for (const entry of ['[fe80::1%left]:53', '[fe80::1%2]:53', { address: 'fe80::1', port: 53, interface: 'left' }]) {
      const { child, told } = await start(entry);
      assert.equal(told.message, undefined);
      for (const way of ['+notcp', '+tcp']) {
        assert.match(await network.ask('left', `@${LINK}`, ...where, way), /^"fe80::1/);
        assert.equal(await network.ask('right', `@${LINK}`, ...where, way), 'refused');
      }
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  });

  it('answers link-local clients of an address for all from the right link', async () => {
    await start('[::]:53');
    for (const side of ['left', 'right'] as const) {
      for (const way of ['+notcp', '+tcp']) {
        assert.match(await network.ask(side, `@${LINK}`, 'example.org', 'A', way), /^192\.0\.2\.1$/);
      }
    }
  });

  it('adds and removes interfaces by reload, and changes the number of their sockets', async () => {
    const [left, right] = ['left', 'right'].map((name) => ({ address: '0.0.0.0', port: 53, interface: name }));
    const { child } = await start(left);
    const answers = (): Promise<string[]> =>
      Promise.all((['left', 'right'] as const).map((side) => network.ask(side, '@192.0.2.1', 'example.org', 'A')));
    assert.deepEqual(await answers(), ['192.0.2.1', 'refused']);
    assert.equal((await order(child, { reload: { listen: [left, right] } })).addresses.length, 2);
    assert.deepEqual(await answers(), ['192.0.2.1', '192.0.2.1']);
    for (const resize of [4, 1]) {
      assert.equal((await order(child, { resize })).message, undefined);
      assert.deepEqual(await answers(), ['192.0.2.1', '192.0.2.1']);
    }
    await order(child, { reload: { listen: [right] } });
    assert.deepEqual(await answers(), ['refused', '192.0.2.1']);
  });

  it('serves the addresses of an interface that `bind` names in a Corefile', async () => {
    const corefile = join(temporaryDirectory(), 'Corefile');
    writeFileSync(corefile, '. {\n  bind left\n  whoami\n}\n');
    const child = network.spawn(process.execPath, program, '-conf', corefile, '-dns.port', '53');
    let said = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (said += String(text)));
    for (let i = 0; i < 100 && !said.includes('served by'); i++) await new Promise((done) => setTimeout(done, 100));
    const has = async (side: 'left' | 'right', address: string): Promise<boolean> =>
      (await network.ask(side, `@${address}`, 'example.org', 'A', '+noshort', '+comments')).includes('NOERROR');
    assert.equal(await has('left', '192.0.2.1'), true, said);
    assert.equal(await has('left', LINK), true);
    assert.equal(await has('left', '198.51.100.1'), false);
    // As in CoreDNS: the addresses are bound, not the interface.
    assert.equal(await has('right', '192.0.2.1'), true);
    assert.equal(await has('right', LINK), false);
  });
});

describe('an address for one interface', () => {
  it('is refused beside the same one for all, which Linux does not tell apart', () => {
    const filename = new URL('file:///none.js');
    const one = { address: '192.0.2.1', port: 5300, interface: 'eth0' };
    for (const listen of [
      [one, '192.0.2.1:5300'],
      ['192.0.2.1:5300', one],
      [{ ...one, protocol: 'udp' as const }, '192.0.2.1:5300'],
    ]) {
      assert.throws(() => createServer({ listen, filename }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message:
          /^The "listen" option has an address for one interface and for all\. Received '(dns|udp):\/\/192\.0\.2\.1%eth0:5300'$/,
      });
    }
  });
});

describe('sockets of an interface', function () {
  before(function () {
    if (process.platform !== 'linux' || process.env.MULTISOCKET_NATIVE === '0') this.skip();
  });

  it('are described with it, and adopted with it', () => {
    for (const protocol of ['udp', 'tcp'] as const) {
      using group = openSockets({ protocol, address: '127.0.0.1', sockets: 2, interface: 'lo' });
      assert.equal(group.interface, 'lo');
      assert.equal(group.description.interface, 'lo');
      const copies = (): number[] => group.descriptors.map((_, i) => group.duplicate(i));
      using known = SocketGroup.adopt(copies(), group.description);
      using unknown = SocketGroup.adopt(copies());
      assert.deepEqual([known.interface, unknown.interface], ['lo', 'lo']);
      const wrong = copies();
      const message = new RegExp(
        `is ${protocol} 127\\.0\\.0\\.1%lo:\\d+, which is not ${protocol} 127\\.0\\.0\\.1%eth7:`,
      );
      assert.throws(() => SocketGroup.adopt(wrong, { interface: 'eth7' }), { message });
      SocketGroup.adopt(wrong).close();
    }
  });

  it('serve, and the server says so', async () => {
    const { server, port } = await serve({ listen: { address: '127.0.0.1', port: 0, interface: 'lo' } });
    assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
    assert.deepEqual(
      server.stats().sockets.map((socket) => socket.interface),
      ['lo', 'lo', 'lo', 'lo'],
    );
    await server.resize(1);
    assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
    await server.close();
  });

  it('are handed over to an address of their interface alone', async () => {
    const path = join(temporaryDirectory(), 'hand-over');
    const { server, port } = await serve({ listen: { address: '127.0.0.1', port: 0, interface: 'lo' } });
    const successor = (listen: ServerOptions['listen']): Server =>
      createServer({ listen, sockets: 2, filename: handler });
    const refused = assert.rejects(server.handOver(path), { code: 'ERR_MULTISOCKET_HAND_OVER' });
    const message = 'the sockets do not fit the option "listen": udp tcp of lo in place of udp tcp';
    await until(() => existsSync(path), 'the offer');
    await assert.rejects(successor(`127.0.0.1:${port}`).adopt(path), { code: 'ERR_MULTISOCKET_HAND_OVER', message });
    await refused;
    const next = successor({ address: '127.0.0.1', port, interface: 'lo' });
    const leaving = server.handOver(path);
    await until(() => existsSync(path), 'the second offer');
    await Promise.all([leaving, next.adopt(path)]);
    assert.deepEqual(
      next.addresses().map((address) => address.interface),
      ['lo'],
    );
    assert.equal((await ask(port, 'example.org')).rcode, 'NOERROR');
    await next.close();
  });
});
