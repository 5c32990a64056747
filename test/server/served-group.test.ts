import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { addon } from '../../dist/native/addon.js';
import { ServedGroup, type Phase } from '../../dist/server/served-group.js';
import { SocketGroup } from '../../dist/socket/socket-group.js';
import { MAX_SOCKETS } from '../../dist/socket/socket-count.js';

const PHASES: readonly Phase[] = ['joining', 'serving', 'leaving', 'gone'];

/** A group in service; `shared` as for its constructor. */
function open(protocol: 'udp' | 'tcp', count: number, shared = false): ServedGroup {
  const sockets = SocketGroup.open({ protocol, address: '127.0.0.1', sockets: count });
  return new ServedGroup(sockets, 0, 'dns', 'dns://127.0.0.1:0', shared);
}

/** The number of sockets in each phase. */
function counts(group: ServedGroup): number[] {
  return PHASES.map((phase) => group.in(phase).length);
}

/** Sends datagrams from as many ports; resolves when they wait in the group's sockets. */
async function send(group: ServedGroup, datagrams: number): Promise<void> {
  for (let i = 0; i < datagrams; i++) {
    const client = createSocket('udp4');
    client.send('x', group.local.port, '127.0.0.1', () => client.close());
    await once(client, 'close');
  }
}

/** How many of the group's sockets have data. */
function waiting(group: ServedGroup): boolean[] {
  return group.sockets.statistics().map(({ queued }) => queued > 0);
}

for (const protocol of ['udp', 'tcp'] as const) {
  describe(`the phases of the ${protocol} sockets of a group`, () => {
    let group: ServedGroup;
    beforeEach(() => {
      group = open(protocol, 4);
    });
    afterEach(() => {
      group.close();
    });

    it('begin with serving', () => {
      assert.deepEqual(counts(group), [0, 4, 0, 0]);
      assert.deepEqual(group.in('serving'), group.members);
    });

    it('resize() to more opens sockets, which are joining; the others keep their numbers', () => {
      const before = [...group.members];
      group.resize(6);
      assert.deepEqual(counts(group), [2, 4, 0, 0]);
      assert.deepEqual(group.in('joining'), group.members.slice(4));
      assert.deepEqual(group.members.slice(0, 4), before);
      assert.equal(new Set(group.members.map(({ number }) => number)).size, 6);
    });

    it('join() makes those serve, and does nothing later', () => {
      group.resize(6);
      group.join();
      assert.deepEqual(counts(group), [0, 6, 0, 0]);
      group.join();
      assert.deepEqual(counts(group), [0, 6, 0, 0]);
    });

    for (const [count, expected] of [
      [2, [0, 2, 2, 2]],
      [4, [0, 4, 0, 2]],
      [5, [1, 4, 0, 1]],
      [6, [2, 4, 0, 0]],
      [7, [3, 4, 0, 0]],
    ] as const) {
      it(`resize(${count}) while sockets are joining: those that are too many are gone at once`, () => {
        group.resize(6);
        group.resize(count);
        assert.deepEqual(counts(group), expected);
      });
    }

    it('leave(), empty() and closeGone() while sockets are joining', async () => {
      group.resize(6);
      await group.empty();
      group.closeGone();
      assert.deepEqual(counts(group), [2, 4, 0, 0]);
      group.leave();
      assert.deepEqual(counts(group), [0, 0, 4, 2]);
      group.closeGone();
      assert.deepEqual(counts(group), [0, 0, 4, 0]);
    });

    it('resize() to the same number changes nothing', () => {
      group.resize(4);
      assert.deepEqual(counts(group), [0, 4, 0, 0]);
    });

    it('resize() to fewer makes the last ones leave: they stay open', () => {
      const [, , third, fourth] = group.members;
      group.resize(2);
      assert.deepEqual(counts(group), [0, 2, 2, 0]);
      assert.deepEqual(group.in('leaving'), [third, fourth]);
      assert.equal(group.sockets.descriptors.length, 4);
    });

    for (const [count, expected] of [
      [1, [0, 1, 3, 0]],
      [3, [0, 3, 1, 0]],
      [4, [0, 4, 0, 0]],
      [5, [1, 4, 0, 0]],
    ] as const) {
      it(`resize(${count}) while sockets leave: they may serve again`, () => {
        const before = [...group.members];
        group.resize(2);
        group.resize(count);
        assert.deepEqual(counts(group), expected);
        assert.deepEqual(group.members.slice(0, 4), before);
      });
    }

    it('leave() makes all leave: they stay open', () => {
      group.leave();
      assert.deepEqual(counts(group), [0, 0, 4, 0]);
      assert.equal(group.sockets.descriptors.length, 4);
    });

    it('empty() ends leaving; sockets that serve go on', async () => {
      group.resize(3);
      await group.empty();
      assert.deepEqual(counts(group), [0, 3, 0, 1]);
      assert.equal(group.sockets.descriptors.length, 4);
    });

    it('empty() and closeGone() do nothing while all serve', async () => {
      await group.empty();
      group.closeGone();
      assert.deepEqual(counts(group), [0, 4, 0, 0]);
      assert.equal(group.sockets.descriptors.length, 4);
    });

    it('closeGone() closes no socket that leaves', () => {
      group.resize(1);
      group.closeGone();
      assert.deepEqual(counts(group), [0, 1, 3, 0]);
      assert.equal(group.sockets.descriptors.length, 4);
    });

    it('closeGone() closes what is gone, and the group can grow again', async () => {
      group.resize(1);
      await group.empty();
      group.closeGone();
      assert.deepEqual(counts(group), [0, 1, 0, 0]);
      assert.equal(group.sockets.descriptors.length, 1);
      group.resize(3);
      assert.deepEqual(counts(group), [2, 1, 0, 0]);
    });

    it('closeGone() closes the whole group once all are gone', async () => {
      group.leave();
      await group.empty();
      assert.deepEqual(counts(group), [0, 0, 0, 4]);
      group.closeGone();
      assert.deepEqual(counts(group), [0, 0, 0, 0]);
      assert.deepEqual(group.sockets.descriptors, []);
    });

    it('resize() is refused once a socket has been emptied: it cannot come back', async () => {
      group.resize(2);
      await group.empty();
      for (const count of [1, 2, 4, 5]) {
        assert.throws(() => {
          group.resize(count);
        }, /sockets that are gone/);
      }
      group.closeGone();
      group.resize(4);
      assert.deepEqual(counts(group), [2, 2, 0, 0]);
    });

    it('close() closes all, whatever their phase, and may be called again', async () => {
      const steps: ((group: ServedGroup) => unknown)[] = [
        () => undefined,
        (group) => {
          group.resize(5);
        },
        (group) => {
          group.resize(2);
        },
        (group) => {
          group.leave();
        },
        async (group) => {
          group.resize(2);
          await group.empty();
        },
      ];
      for (const step of steps) {
        const closed = open(protocol, 3);
        await step(closed);
        closed.close();
        closed.close();
        assert.deepEqual([counts(closed), closed.sockets.descriptors], [[0, 0, 0, 0], []]);
      }
    });

    it('close() while sockets are emptied: empty() resolves, closeGone() does nothing', async () => {
      group.resize(1);
      const emptied = group.empty();
      group.close();
      await emptied;
      group.closeGone();
      assert.deepEqual(counts(group), [0, 0, 0, 0]);
    });
  });
}

describe('sockets of a group that are joining', () => {
  for (const steering of ['hash', 'random', 'cpu'] as const) {
    it(`get no datagram until they serve: steering ${steering}`, async () => {
      const sockets = SocketGroup.open({ protocol: 'udp', address: '127.0.0.1', sockets: 1, steering });
      const group = new ServedGroup(sockets, 0, 'dns', 'dns://127.0.0.1:0', false);
      try {
        group.resize(2);
        await send(group, 64);
        assert.deepEqual(waiting(group), [true, false]);
        group.resize(3);
        await send(group, 64);
        assert.deepEqual(waiting(group), [true, false, false]);
        group.join();
        await send(group, 64);
        // By CPU, all datagrams may have been received by the first one.
        if (steering !== 'cpu') assert.deepEqual(waiting(group), [true, true, true]);
        assert.equal(sockets.steering, steering);
      } finally {
        group.close();
      }
    });
  }
});

describe('sockets of a group that were joining and are gone', () => {
  let group: ServedGroup;
  beforeEach(() => {
    group = open('udp', 2);
    group.resize(6);
  });
  afterEach(() => {
    group.close();
  });

  it('are gone for good if they are empty', async () => {
    group.resize(2);
    await send(group, 64);
    assert.equal(await group.recall(), false);
    assert.deepEqual(counts(group), [0, 2, 0, 4]);
  });

  it('leave if they hold a datagram, and are closed once it has been read', async () => {
    // As if the kernel let datagrams through.
    group.sockets.steer('hash');
    while (!waiting(group).slice(2).includes(true)) await send(group, 1);
    group.resize(2);
    const held = waiting(group).flatMap((waits, i) => (waits && i >= 2 ? [i] : []));
    assert.equal(await group.recall(), true);
    assert.deepEqual(
      group.in('leaving'),
      held.map((i) => group.members[i]),
    );
    assert.equal(group.in('gone').length, 4 - held.length);
    const readers = held.map((i) => createSocket('udp4').bind({ fd: addon.duplicate(group.members[i].fd) }));
    await group.empty();
    for (const reader of readers) reader.close();
    assert.deepEqual(counts(group), [0, 2, 0, 4]);
    group.closeGone();
    assert.deepEqual(counts(group), [0, 2, 0, 0]);
  });
});

describe('sockets of a group that leave', () => {
  let group: ServedGroup;
  afterEach(() => {
    group.close();
  });

  it('get no new datagram, and keep what waits in them until it is read', async () => {
    group = open('udp', 4);
    await send(group, 64);
    assert.deepEqual(waiting(group), [true, true, true, true]);
    group.resize(2);
    const before = group.sockets.statistics().map(({ queued }) => queued);
    await send(group, 64);
    const after = group.sockets.statistics().map(({ queued }) => queued);
    assert.deepEqual(after.slice(2), before.slice(2));
    assert.ok(after[0] > before[0] && after[1] > before[1], `${before.join()} -> ${after.join()}`);
  });

  it('refuse resize() to a number that the system cannot open, and stay as they are', () => {
    group = open('udp', 2);
    const { members } = group;
    group.resize(1);
    assert.throws(
      () => {
        group.resize(MAX_SOCKETS + 1);
      },
      { code: 'ERR_OUT_OF_RANGE' },
    );
    assert.equal(members.length, 2);
    group.resize(2);
    assert.deepEqual(counts(group), [0, 2, 0, 0]);
  });

  it('get datagrams again when they serve again', async () => {
    group = open('udp', 4);
    group.resize(1);
    group.resize(4);
    await send(group, 64);
    assert.deepEqual(waiting(group), [true, true, true, true]);
  });

  for (const shared of [false, true]) {
    it(`refuse connections once they are closed, unless another process has them: shared ${shared}`, async () => {
      const sockets = SocketGroup.open({ protocol: 'tcp', address: '127.0.0.1', sockets: 1 });
      const other = sockets.duplicate(0);
      group = new ServedGroup(sockets, 0, 'dns', 'dns://127.0.0.1:0', shared);
      group.leave();
      await group.empty();
      group.closeGone();
      const client = connect(group.local.port, '127.0.0.1');
      const outcome = await once(client, 'connect').then(
        () => 'connected',
        (error: unknown) => (error as NodeJS.ErrnoException).code,
      );
      client.destroy();
      addon.closeSocket(other);
      assert.equal(outcome, shared ? 'connected' : 'ECONNREFUSED');
    });
  }
});
