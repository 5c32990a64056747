import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SocketGroup, type SocketGroupOptions } from 'multisocket/sockets';
import { usableCpus } from '../../dist/socket/cpus.js';

import { openSocketCount } from '../support/descriptors.js';
import { startLimited } from '../support/server.js';

const UDP = { protocol: 'udp', address: '127.0.0.1', sockets: 2 } as const;
const TCP = { ...UDP, protocol: 'tcp' } as const;

/** A socket of Node's on a descriptor. */
async function bound(fd: number): Promise<Socket> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening'); // which may come before bind returns
  socket.bind({ fd });
  await listening;
  return socket;
}

describe('a group of sockets', () => {
  for (const protocol of ['udp', 'tcp'] as const) {
    for (const address of ['127.0.0.1', '::1', '0.0.0.0', '::']) {
      it(`has as many as were asked for, on one port: ${protocol} ${address}`, () => {
        const before = openSocketCount();
        const group = SocketGroup.open({ protocol, address, sockets: 5 });
        assert.deepEqual([group.protocol, group.address, group.steering], [protocol, address, 'hash']);
        assert.ok(group.port > 0);
        assert.equal(new Set(group.descriptors).size, 5);
        assert.equal(openSocketCount(), before + 5);
        group.close();
        assert.equal(openSocketCount(), before);
        assert.deepEqual(group.descriptors, []);
      });
    }
  }

  it('has as many as there are usable CPUs by default', () => {
    using group = SocketGroup.open({ protocol: 'udp', address: '127.0.0.1' });
    assert.equal(group.descriptors.length, Math.min(usableCpus(), 1024));
  });

  it('has the port that was asked for', () => {
    using first = SocketGroup.open(UDP);
    using second = SocketGroup.open({ ...UDP, address: '127.0.0.2', port: first.port });
    assert.equal(second.port, first.port);
  });

  it('may be closed twice', () => {
    const before = openSocketCount();
    const group = SocketGroup.open(UDP);
    group.close();
    const other = SocketGroup.open(UDP); // which has the same descriptors
    group.close();
    assert.equal(openSocketCount(), before + 2);
    other.close();
  });

  it('is closed at the end of `using`', () => {
    const before = openSocketCount();
    {
      using group = SocketGroup.open(UDP);
      assert.equal(openSocketCount(), before + group.descriptors.length);
    }
    assert.equal(openSocketCount(), before);
  });

  it('that is closed can do no more', () => {
    const before = openSocketCount();
    const group = SocketGroup.open(UDP);
    group.close();
    const closed = { code: 'ERR_MULTISOCKET_CLOSED', message: 'The group of sockets is closed' };
    for (const use of [
      () => group.duplicate(0),
      () => group.description,
      () => {
        group.steer('random');
      },
      () => {
        group.steerAway(1);
      },
      () => {
        group.grow(4);
      },
      () => {
        group.shrink(1);
      },
    ]) {
      assert.throws(use, closed);
    }
    assert.deepEqual(group.statistics(), []);
    assert.equal(openSocketCount(), before);
  });
});

describe('an option of a group', () => {
  for (const [options, code, message] of [
    [{ protocol: 'sctp' }, 'ERR_INVALID_ARG_VALUE', `The "protocol" option must be 'udp' or 'tcp'. Received 'sctp'`],
    [{ address: 4 }, 'ERR_INVALID_ARG_TYPE', 'The "address" option must be a string. Received 4'],
    [
      { address: 'localhost' },
      'ERR_INVALID_ARG_VALUE',
      `The "address" option must be a numeric IPv4 or IPv6 address. Received 'localhost'`,
    ],
    [{ port: -1 }, 'ERR_OUT_OF_RANGE', /^The "port" option is out of range\. It must be an integer from 0 to 65535/],
    [
      { sockets: 0 },
      'ERR_OUT_OF_RANGE',
      /^The "sockets" option is out of range\. It must be an integer from 1 to 1024/,
    ],
    [{ sockets: 1025 }, 'ERR_OUT_OF_RANGE', /^The "sockets" option/],
    [{ exclusive: 1 }, 'ERR_INVALID_ARG_TYPE', 'The "exclusive" option must be a boolean. Received 1'],
    [{ ipv6Only: 'no' }, 'ERR_INVALID_ARG_TYPE', /^The "ipv6Only" option must be a boolean/],
    [{ freebind: 0 }, 'ERR_INVALID_ARG_TYPE', /^The "freebind" option must be a boolean/],
    [
      { steering: 'round-robin' },
      'ERR_INVALID_ARG_VALUE',
      `The "steering" option must be 'hash', 'random' or 'cpu'. Received 'round-robin'`,
    ],
    [{ receiveBufferSize: -1 }, 'ERR_OUT_OF_RANGE', /^The "receiveBufferSize" option/],
    [{ sendBufferSize: 2 ** 30 }, 'ERR_OUT_OF_RANGE', /^The "sendBufferSize" option/],
    [{ backlog: 0 }, 'ERR_OUT_OF_RANGE', /^The "backlog" option .* from 1 to 65535/],
    [{ fastOpen: 65536 }, 'ERR_OUT_OF_RANGE', /^The "fastOpen" option/],
  ] as const) {
    it(`is refused: ${JSON.stringify(options)}`, () => {
      const before = openSocketCount();
      assert.throws(() => SocketGroup.open({ ...UDP, ...options } as SocketGroupOptions), { code, message });
      assert.equal(openSocketCount(), before);
    });
  }
});

describe('a group that cannot be opened', () => {
  const fails = (options: SocketGroupOptions, error: object): void => {
    const before = openSocketCount();
    assert.throws(() => SocketGroup.open(options), error);
    assert.equal(openSocketCount(), before, 'descriptors are left open');
  };

  for (const options of [UDP, TCP]) {
    it(`is EADDRINUSE where a group has the port, unless both share it: ${options.protocol}`, () => {
      using group = SocketGroup.open(options);
      const { port } = group;
      fails(
        { ...options, port },
        {
          code: 'EADDRINUSE',
          syscall: 'listen',
          address: '127.0.0.1',
          port,
          message: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
        },
      );
      using shared = SocketGroup.open({ ...options, port, exclusive: false });
      assert.equal(shared.port, port);
    });
  }

  it('is EADDRNOTAVAIL where the host does not have the address, unless freebind', () => {
    for (const address of ['192.0.2.77', '2001:db8::77']) {
      fails({ ...UDP, address, port: 5300 }, { code: 'EADDRNOTAVAIL', syscall: 'listen', address, port: 5300 });
      SocketGroup.open({ ...UDP, address, freebind: true }).close();
    }
  });

  it('is EMFILE where there are no more descriptors, and all of them are free again', async () => {
    const fixture = fileURLToPath(new URL('fixtures/exhausted.js', import.meta.url));
    const [told] = (await once(startLimited(100, fixture), 'message')) as [Record<string, unknown>];
    const { code, syscall, before, after } = told;
    assert.deepEqual([code, syscall, after], ['EMFILE', 'listen', before]);
  });
});

describe('the buffers of a group', () => {
  it('are reported as the kernel granted them', async () => {
    using group = SocketGroup.open({ ...UDP, receiveBufferSize: 100_000, sendBufferSize: 50_000 });
    assert.deepEqual([group.receiveBufferSize, group.sendBufferSize], [100_000, 50_000]);
    const socket = await bound(group.duplicate(1));
    // Linux doubles what it is asked for, and getsockopt tells of that.
    assert.deepEqual([socket.getRecvBufferSize(), socket.getSendBufferSize()], [200_000, 100_000]);
    socket.close();
  });

  it('are the system`s when nothing is said', async () => {
    using group = SocketGroup.open(UDP);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    assert.equal(2 * group.receiveBufferSize, socket.getRecvBufferSize());
    assert.equal(2 * group.sendBufferSize, socket.getSendBufferSize());
    socket.close();
  });
});

describe('a group on all addresses', () => {
  const reaches = async (group: SocketGroup, address: string): Promise<boolean> => {
    const socket = connect(group.port, address);
    try {
      await once(socket, 'connect');
      return true;
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
      return false;
    } finally {
      socket.destroy();
    }
  };

  it('takes IPv4 at :: as well', async () => {
    using group = SocketGroup.open({ ...TCP, address: '::' });
    assert.deepEqual([await reaches(group, '::1'), await reaches(group, '127.0.0.1')], [true, true]);
  });

  it('does not with ipv6Only, and IPv4 can have the port', async () => {
    using group = SocketGroup.open({ ...TCP, address: '::', ipv6Only: true });
    assert.deepEqual([await reaches(group, '::1'), await reaches(group, '127.0.0.1')], [true, false]);
    using other = SocketGroup.open({ ...TCP, address: '0.0.0.0', port: group.port });
    assert.equal(await reaches(other, '127.0.0.1'), true);
  });
});

describe('a duplicate of a socket', () => {
  it('serves net.Server.listen({ fd }), each connection by one of them', async () => {
    const group = SocketGroup.open({ ...TCP, sockets: 3 });
    const accepted = [0, 0, 0];
    const servers = accepted.map((_, i) => {
      const server = createServer((socket) => {
        accepted[i]++;
        socket.end(`from ${i}`);
      });
      return server.listen({ fd: group.duplicate(i) });
    });
    await Promise.all(servers.map((server) => once(server, 'listening')));
    const { port } = group;
    group.close(); // the servers have their own
    for (let i = 0; i < 30; i++) {
      const client = connect(port, '127.0.0.1');
      const [data] = (await once(client, 'data')) as [Buffer];
      assert.match(data.toString(), /^from [012]$/);
      client.destroy();
    }
    assert.equal(
      accepted.reduce((sum, count) => sum + count),
      30,
    );
    assert.ok(accepted.filter((count) => count > 0).length > 1, `one server got all: ${accepted.join()}`);
    for (const server of servers) server.close();
  });

  it('serves dgram.Socket.bind({ fd })', async () => {
    const group = SocketGroup.open({ ...UDP, sockets: 1 });
    const socket = await bound(group.duplicate(0));
    assert.equal(socket.address().port, group.port);
    group.close();
    const client = createSocket('udp4');
    client.send('hello', socket.address().port, '127.0.0.1');
    const [message] = (await once(socket, 'message')) as [Buffer];
    assert.equal(message.toString(), 'hello');
    client.close();
    socket.close();
  });

  for (const index of [-1, 2, 0.5]) {
    it(`is refused for index ${index} of two`, () => {
      using group = SocketGroup.open(UDP);
      assert.throws(() => group.duplicate(index), {
        code: 'ERR_OUT_OF_RANGE',
        message: `The "index" option is out of range. It must be an integer from 0 to 1. Received ${index}`,
      });
    });
  }
});
