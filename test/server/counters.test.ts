import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { addon } from '../../dist/native/addon.js';
import { Counters } from '../../dist/server/statistics.js';
import { socketCounter, workerCounter } from '../../dist/worker/counters.js';
import { createServer, type ServerOptions } from 'multisocket';
import { SteadyLoad } from '../support/load.js';
import { atMost } from '../support/server.js';

describe('the memory of the counters of two workers', () => {
  it('is apart', () => {
    const counters = new Counters(2, 3);
    const [one, other] = [counters.takeSeat(), counters.takeSeat()];
    assert.ok(one.memory !== other.memory);
    assert.notEqual(one.seat, other.seat);
  });

  it('keeps both counts of one socket when their additions overlap', () => {
    const counters = new Counters(1, 2);
    const element = 7 * addon.layout.socketRow + socketCounter('queries');
    const workers = [counters.takeSeat(), counters.takeSeat()].map(({ memory }) => new Float64Array(memory));
    const read = workers.map((elements) => elements[element]);
    workers.forEach((elements, i) => (elements[element] = read[i] + 1));
    assert.equal(counters.countsOf(7).queries, 2);
  });

  it('passes to the next worker with the counts of sockets, and without the own ones of the first', () => {
    const counters = new Counters(1, 1);
    const first = counters.takeSeat();
    const elements = new Float64Array(first.memory);
    elements[socketCounter('queries')] = 5;
    elements[first.row + workerCounter('received')] = 5;
    assert.throws(() => counters.takeSeat(), /more workers than/);
    counters.returnSeat(first.seat);
    const second = counters.takeSeat();
    const next = new Float64Array(second.memory);
    assert.equal(counters.countsOf(0).queries, 5);
    assert.ok(next.subarray(second.row).every((value) => value === 0));
    counters.forgetAddress(0);
    assert.equal(counters.countsOf(0).queries, 0);
  });
});

describe('the counts of a server', () => {
  const filename = new URL('./fixtures/stuttering.js', import.meta.url);

  /** Asks a server at a steady rate while `change` goes on; compares what was sent with what was counted. */
  async function compare(
    options: Partial<ServerOptions>,
    change: (server: ReturnType<typeof createServer>) => Promise<void>,
  ): Promise<void> {
    const sockets = atMost(2);
    const server = createServer({ listen: '127.0.0.1:0', sockets, workers: 2, filename, ...options });
    server.on('warning', ({ message }) => {
      assert.fail(message);
    });
    await server.listen();
    try {
      const load = await SteadyLoad.start(server.addresses()[0].port, 10_000, 64);
      await change(server);
      const { sent, answered } = await load.stop();
      assert.equal(answered, sent);
      const { sockets: counted, totals } = server.stats();
      assert.equal(totals.received, sent);
      assert.equal(
        counted.reduce((sum, { queries }) => sum + queries, 0),
        sent,
      );
    } finally {
      await server.close();
    }
  }

  it('are exact while workers take over from each other: reload()', () =>
    compare({}, async (server) => {
      for (let i = 0; i < 5; i++) await server.reload();
    }));

  it('are exact while workers help others that stall', () =>
    compare({ workerData: { busyFor: 60, every: 100 }, stallTimeout: 20 }, () => wait(3000)));
});
