import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { addon } from '../../dist/native/addon.js';
import { openSockets, type SocketGroup, type SocketGroupOptions } from '../../dist/sockets.js';
import { queryBytes, udpExchange } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { becomeNode, forerunner } from '../support/addon-build.js';

const ACTIVATED = fileURLToPath(new URL('../fixtures/listen-fds.js', import.meta.url));

interface Found {
  found: {
    name: string;
    groups: { protocol: string; address: string; port: number; descriptors: number[]; inodes: number[] }[];
  }[];
  variables: string[];
  /** What a program that it starts has open, as `ls -l` lists it. */
  inherited: string;
  error?: { name: string; code: string; message: string };
}

describe('sockets that a process is started with', () => {
  const groups: SocketGroup[] = [];
  const children: ChildProcess[] = [];

  function open(protocol: 'udp' | 'tcp', more: Partial<SocketGroupOptions> = {}): SocketGroup {
    const group = openSockets({ protocol, address: '127.0.0.1', sockets: 1, ...more });
    groups.push(group);
    return group;
  }

  /** Starts a process as systemd does: descriptors from 3 on, LISTEN_PID its own; `variables` in shell syntax. */
  async function activate(descriptors: readonly number[], variables?: string, argument = 'unset'): Promise<Found> {
    const given = variables ?? `LISTEN_PID=$$ LISTEN_FDS=${descriptors.length}`;
    const child = spawn('sh', ['-c', `${given} ${becomeNode}`, process.execPath, ACTIVATED, argument], {
      stdio: ['ignore', 'inherit', 'inherit', ...descriptors, 'ipc'],
      env: forerunner,
    });
    children.push(child);
    const [found] = (await once(child, 'message', { signal: AbortSignal.timeout(20_000) })) as Found[];
    return found;
  }

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    for (const group of groups.splice(0)) group.close();
  });

  it('become addresses with their groups: UDP and TCP of one port are one', async () => {
    const port = await freePort();
    const udp = open('udp', { sockets: 2, port });
    const tcp = open('tcp', { sockets: 2, port });
    const tls = open('tcp', { address: '::1' });
    const [u0, u1] = udp.descriptors;
    const [t0, t1] = tcp.descriptors;
    const given = [t0, u0, tls.descriptors[0], u1, t1];
    const { found, variables, inherited } = await activate(
      given,
      `LISTEN_PID=$$ LISTEN_FDS=5 LISTEN_FDNAMES=dns:dns:tls:dns:dns`,
    );
    const inodes = (fds: readonly number[]): number[] => fds.map((fd) => fstatSync(fd).ino);
    const address = '127.0.0.1';
    assert.deepEqual(found, [
      {
        name: 'dns',
        groups: [
          { protocol: 'udp', address, port, descriptors: [4, 6], inodes: inodes([u0, u1]) },
          { protocol: 'tcp', address, port, descriptors: [3, 7], inodes: inodes([t0, t1]) },
        ],
      },
      {
        name: 'tls',
        groups: [
          { protocol: 'tcp', address: '::1', port: tls.port, descriptors: [5], inodes: inodes(tls.descriptors) },
        ],
      },
    ]);
    assert.deepEqual(variables, []);
    assert.match(inherited, / 2 -> /);
    for (const inode of inodes(given)) assert.ok(!inherited.includes(`socket:[${inode}]`), inherited);
  });

  it('are served, though nobody has set them up as the library does', async () => {
    const port = await freePort();
    const udp = open('udp', { port });
    const tcp = open('tcp', { port });
    await activate([udp.descriptors[0], tcp.descriptors[0]]);
    const query = queryBytes('example.org');
    const answered = await udpExchange(query, port);
    assert.equal(answered?.reply.toString('latin1', query.length), 'activated');
    const client = connect(port, '127.0.0.1');
    const [greeting] = (await once(client, 'data')) as Buffer[];
    assert.equal(greeting.toString(), 'activated');
  });

  it('leave the variables where that is asked for', async () => {
    const udp = open('udp');
    const { found, variables } = await activate(udp.descriptors, undefined, 'keep');
    assert.equal(found[0].name, 'unknown');
    assert.deepEqual(variables.sort(), ['LISTEN_FDS', 'LISTEN_PID']);
  });

  for (const [what, variables] of [
    ['no variables', ''],
    ["another process's number", 'LISTEN_PID=1 LISTEN_FDS=1'],
    ['no number of descriptors', 'LISTEN_PID=$$'],
  ]) {
    it(`are none with ${what}`, async () => {
      const { found, variables: left } = await activate(open('udp').descriptors, variables);
      assert.deepEqual(found, []);
      assert.deepEqual(left, []);
    });
  }

  for (const [variables, message] of [
    ['LISTEN_PID=x LISTEN_FDS=1', 'The environment variable LISTEN_PID must be a positive integer; it is "x"'],
    ['LISTEN_PID=$$ LISTEN_FDS=0', 'The environment variable LISTEN_FDS must be a positive integer; it is "0"'],
    ['LISTEN_PID=$$ LISTEN_FDS=-1', 'The environment variable LISTEN_FDS must be a positive integer; it is "-1"'],
    [
      'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a:b',
      'The environment variable LISTEN_FDNAMES names 2 descriptors where LISTEN_FDS has 1',
    ],
  ]) {
    it(`are refused with ${variables}`, async () => {
      const { error } = await activate(open('udp').descriptors, variables);
      assert.deepEqual(error, { name: 'Error', code: 'ERR_MULTISOCKET_LISTEN_FDS', message });
    });
  }

  it('are refused by number and fault', async () => {
    const code = 'ERR_MULTISOCKET_INHERITED_SOCKET';
    const udp = open('udp');
    const faulty = async (descriptors: readonly number[], variables?: string) => {
      const { error } = await activate(descriptors, variables);
      assert.equal(error?.code, code);
      return error.message;
    };
    const [fd] = udp.descriptors;
    const file = openSync('/dev/null', 'r');
    assert.equal(await faulty([fd, file]), 'The inherited descriptor 4 is not a socket');
    assert.match(await faulty([fd], 'LISTEN_PID=$$ LISTEN_FDS=2147483647'), /^The inherited descriptor \d+ /);
    assert.equal(await faulty([fd, fd]), 'The inherited descriptor 4 is the same socket as another one of its group');
    addon.closeSocket(file);
  });
});
