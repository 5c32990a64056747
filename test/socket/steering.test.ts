import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { openSockets, type SocketGroup, type Steering } from 'multisocket/sockets';
import { untilDry } from '../../dist/socket/dry.js';

const PAYLOAD = Buffer.alloc(10);

/** Sends datagrams from one port; resolves when the last is with the kernel, which on loopback is in the group. */
async function send(client: Socket, port: number, count: number, payload = PAYLOAD): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve, reject) => {
      client.send(payload, port, '127.0.0.1', (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }
}

/** How many of a group's sockets have something waiting. */
const busy = (group: SocketGroup): boolean[] => group.statistics().map(({ queued }) => queued > 0);
const count = (group: SocketGroup): number => busy(group).filter(Boolean).length;
const udp = (sockets: number, more: { steering?: Steering; receiveBufferSize?: number } = {}): SocketGroup =>
  openSockets({ protocol: 'udp', address: '127.0.0.1', sockets, ...more });

describe('steering', () => {
  let client: Socket;
  beforeEach(() => (client = createSocket('udp4')));
  afterEach(() => {
    client.close();
  });

  for (const protocol of ['udp', 'tcp'] as const) {
    for (const steering of ['hash', 'random', 'cpu'] as const) {
      for (const exclusive of [false, true]) {
        it(`of one socket is possible, and holds for those that join: ${protocol} ${steering}, exclusive ${exclusive}`, async () => {
          const shape = { protocol, address: '127.0.0.1', sockets: 1, steering, exclusive } as const;
          using group = openSockets(shape);
          assert.equal(group.steering, steering);
          group.steer(steering);
          group.grow(3);
          assert.equal(group.steering, steering);
          if (protocol === 'tcp') return;
          await send(client, group.port, 100);
          if (steering === 'hash') assert.equal(count(group), 1);
          if (steering === 'random') assert.equal(count(group), 3);
        });
      }
    }
  }

  it('by hash gives all from one port to one socket', async () => {
    using group = udp(4);
    await send(client, group.port, 100);
    assert.equal(count(group), 1);
  });

  it('at random gives one port`s datagrams to all sockets', async () => {
    using group = udp(4, { steering: 'random' });
    assert.equal(group.steering, 'random');
    await send(client, group.port, 200); // all miss one socket once in 10^24 times
    assert.equal(count(group), 4);
  });

  it('by CPU gives no socket anything that has no CPU', async () => {
    const sockets = cpus().length + 2;
    using group = udp(sockets, { steering: 'cpu' });
    await send(client, group.port, 100);
    assert.ok(count(group) >= 1);
    assert.deepEqual(busy(group).slice(cpus().length), [false, false]);
  });

  it('can be changed, and changed back', async () => {
    using group = udp(4);
    group.steer('random');
    group.steer('hash');
    assert.equal(group.steering, 'hash');
    await send(client, group.port, 100);
    assert.equal(count(group), 1);
    group.steer('random');
    await send(client, group.port, 200);
    assert.equal(count(group), 4);
  });

  it('is refused if its name is unknown, and stays', () => {
    using group = udp(2, { steering: 'random' });
    assert.throws(
      () => {
        group.steer('rr' as Steering);
      },
      { code: 'ERR_INVALID_ARG_VALUE' },
    );
    assert.equal(group.steering, 'random');
  });

  it('counts the sockets that join', async () => {
    using group = udp(2, { steering: 'random' });
    group.grow(5);
    assert.equal(group.descriptors.length, 5);
    await send(client, group.port, 300);
    assert.equal(count(group), 5);
    group.grow(3);
    assert.equal(group.descriptors.length, 5, 'and does not close any');
  });

  it('leads away from sockets that are to be closed', async () => {
    using group = udp(4, { steering: 'random' });
    group.steerAway(2);
    await send(client, group.port, 200);
    assert.deepEqual(busy(group), [true, true, false, false]);
    group.leave(2);
    group.shrink(2);
    assert.equal(group.descriptors.length, 2);
    assert.equal(group.steering, 'random');
    assert.deepEqual(busy(group), [true, true], 'what waited still does');
  });
});

describe('the statistics of a group', () => {
  it('tell what waits in each UDP socket, and how much could', async () => {
    using group = udp(2, { receiveBufferSize: 50_000 });
    assert.deepEqual(group.statistics(), [
      { queued: 0, capacity: 100_000, drops: 0 },
      { queued: 0, capacity: 100_000, drops: 0 },
    ]);
    const client = createSocket('udp4');
    await send(client, group.port, 3);
    const waiting = group.statistics().reduce((sum, { queued }) => sum + queued, 0);
    assert.ok(waiting >= 3 * PAYLOAD.length, String(waiting));
    client.close();
  });

  it('tell what the kernel dropped, to the last datagram', async () => {
    using group = udp(1, { receiveBufferSize: 20_000 });
    const client = createSocket('udp4');
    await send(client, group.port, 100, Buffer.alloc(1000));
    client.close();
    const [{ drops }] = group.statistics();
    assert.ok(drops > 0);
    let received = 0;
    const reader = createSocket('udp4');
    reader.on('message', () => received++);
    reader.bind({ fd: group.duplicate(0) });
    assert.equal(await untilDry(() => group.statistics(), 5000), 0);
    for (let look = 0; look < 500 && received + drops < 100; look++) await wait(5);
    assert.equal(received + drops, 100);
    reader.close();
  });

  it('tell how many TCP connections wait, and how many may', async () => {
    using group = openSockets({ protocol: 'tcp', address: '127.0.0.1', sockets: 1, backlog: 7 });
    assert.deepEqual(group.statistics(), [{ queued: 0, capacity: 7, drops: 0 }]);
    const clients = [connect(group.port, '127.0.0.1'), connect(group.port, '127.0.0.1')];
    await Promise.all(clients.map((client) => once(client, 'connect')));
    // The client is told before the last step is made here.
    for (let look = 0; look < 500 && group.statistics()[0].queued < 2; look++) await wait(5);
    assert.equal(group.statistics()[0].queued, 2);
    for (const client of clients) client.destroy();
  });
});

describe('waiting until sockets are dry', () => {
  const looks = (...queued: number[]) => {
    let look = 0;
    return {
      read: () => [{ queued: queued[Math.min(look++, queued.length - 1)], capacity: 0, drops: 0 }],
      seen: () => look,
    };
  };

  it('takes three looks in a row that find nothing', async () => {
    const { read, seen } = looks(5, 0, 0, 3, 0);
    assert.equal(await untilDry(read, 10_000), 0);
    assert.equal(seen(), 7);
  });

  it('ends in time, with what is left', async () => {
    assert.equal(await untilDry(looks(5).read, 0), 5);
  });

  it('adds up what waits in all of them', async () => {
    const read = () => [1, 2, 3].map((queued) => ({ queued, capacity: 0, drops: 0 }));
    assert.equal(await untilDry(read, 0), 6);
  });
});
