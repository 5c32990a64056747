import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startLoad, type LoadOptions, type LoadResult } from '../../dist/tune/load-generator.js';
import { queryBytes } from '../support/clients.js';
import { TcpTarget, UdpTarget } from '../support/load-targets.js';

const LOOPBACK = '127.0.0.1';
const names = (...labels: string[]): Buffer[] => labels.map((label) => queryBytes(`${label}.example`));

/** The counts that are not 0, save those of time. */
function counted(result: LoadResult): Record<string, unknown> {
  const { rcodes, elapsed, cpuTime, behind, latency, series, queriesPerSecond, ...counts } = result;
  assert.ok(elapsed > 0 && cpuTime > 0 && behind >= 0 && queriesPerSecond >= 0);
  assert.equal(latency.count, counts.answered);
  assert.equal(
    rcodes.reduce((sum, n) => sum + n),
    counts.answered,
  );
  for (const count of ['sent', 'answered', 'lost'] as const) {
    assert.equal(
      series.reduce((sum, row) => sum + row[count], 0),
      counts[count],
      `${count} in the series`,
    );
  }
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0));
}

/** How many queries in a row came from one port, each time. */
function runs(askers: number[]): number[] {
  const lengths: number[] = [];
  askers.forEach((port, i) => (i > 0 && port === askers[i - 1] ? lengths[lengths.length - 1]++ : lengths.push(1)));
  return lengths;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

describe('the load generator', () => {
  describe('by UDP', () => {
    let target: UdpTarget;
    beforeEach(async () => (target = await UdpTarget.open()));
    afterEach(() => {
      target.close();
    });
    const load = (more: Partial<LoadOptions>): Promise<LoadResult> =>
      startLoad({ address: LOOPBACK, port: target.port, questions: names('www'), ...more }).finished;

    it('asks as often as it should, and finds each answer', async () => {
      const result = await load({ count: 3000, questions: names('a', 'b', 'c') });
      assert.deepEqual(counted(result), { sent: 3000, answered: 3000 });
      assert.equal(target.askers.length, 3000);
      assert.equal(result.rcodes[0], 3000);
    });

    it('asks from as many ports as it has clients, never two in a row from one', async () => {
      await load({ count: 1000, clients: 10 });
      assert.equal(new Set(target.askers).size, 10);
      assert.deepEqual(
        runs(target.askers),
        Array.from({ length: 1000 }, () => 1),
      );
    });

    it('asks in bursts', async () => {
      await load({ count: 1000, clients: 10, burst: 8, window: 64 });
      assert.deepEqual(
        runs(target.askers),
        Array.from({ length: 125 }, () => 8),
      );
    });

    it('asks in bursts longer than a system call takes, and ends in the midst of one', async () => {
      const result = await load({ count: 250, clients: 3, burst: 100, window: 100 });
      assert.deepEqual(counted(result), { sent: 250, answered: 250 });
      assert.deepEqual(runs(target.askers), [100, 100, 50]);
    });

    it('asks all from one port', async () => {
      const result = await load({ count: 1000, clients: 1 });
      assert.deepEqual(counted(result), { sent: 1000, answered: 1000 });
      assert.equal(new Set(target.askers).size, 1);
    });

    it('goes round all IDs of a client', async () => {
      const result = await load({ count: 70_000, clients: 1, window: 64 });
      assert.deepEqual(counted(result), { sent: 70_000, answered: 70_000 });
    });

    it('asks over IPv6', async () => {
      const target6 = await UdpTarget.open('::1');
      try {
        const result = await load({ address: '::1', port: target6.port, count: 100 });
        assert.deepEqual(counted(result), { sent: 100, answered: 100 });
        assert.equal(target6.askers.length, 100);
      } finally {
        target6.close();
      }
    });

    it('counts what is never answered', async () => {
      const result = await load({ count: 100, questions: names('www', 'silent'), timeout: 200 });
      assert.deepEqual(counted(result), { sent: 100, answered: 50, lost: 50 });
    });

    it('counts what comes twice', async () => {
      // The last answers' doubles may come after the end: `silent` keeps the generator there.
      const result = await load({
        count: 20,
        questions: [...names('silent'), ...Array<Buffer>(19).fill(names('twice')[0])],
        timeout: 300,
      });
      assert.deepEqual(counted(result), { sent: 20, answered: 19, duplicates: 19, lost: 1 });
    });

    for (const wrong of ['wrong-name', 'wrong-case', 'wrong-type', 'wrong-opcode', 'echo', 'no-question']) {
      it(`takes no answer with ${wrong} for the answer`, async () => {
        const result = await load({ count: 40, questions: names('www', wrong), timeout: 300 });
        assert.deepEqual(counted(result), { sent: 40, answered: 20, mismatched: 20, lost: 20 });
      });
    }

    for (const wrong of ['wrong-id', 'short']) {
      it(`takes no answer with ${wrong} for the answer`, async () => {
        const result = await load({ count: 40, questions: names('www', wrong), timeout: 300 });
        assert.deepEqual(counted(result), { sent: 40, answered: 20, unexpected: 20, lost: 20 });
      });
    }

    it('counts what comes too late', async () => {
      const result = await load({
        count: 10,
        clients: 2,
        questions: names('silent', 'slow-300'),
        timeout: 200,
        window: 5,
      });
      // Windows of five, each lost as a whole before the next is sent; the answers to the last find nobody.
      assert.deepEqual(counted(result), { sent: 10, lost: 10, late: 2 });
    });

    it('counts answers by RCODE, and truncated ones', async () => {
      const result = await load({ count: 40, questions: names('www', 'servfail', 'nxdomain', 'truncated') });
      assert.deepEqual(counted(result), { sent: 40, answered: 40, truncated: 10 });
      assert.deepEqual(result.rcodes.slice(0, 4), [20, 0, 10, 10]);
    });

    it('holds the window in a closed loop, tells how long the oldest waits, and stops', async () => {
      const load = startLoad({
        address: LOOPBACK,
        port: target.port,
        questions: names('silent'),
        window: 8,
        timeout: 500,
      });
      await until(() => target.askers.length === 8);
      await sleep(50);
      const progress = load.progress();
      assert.equal(progress.sent, 8);
      assert.ok(progress.oldestWait >= 45 && progress.elapsed >= 45);
      load.stop();
      assert.deepEqual(counted(await load.finished), { sent: 8, lost: 8 });
    });

    it('holds nothing back in an open loop', async () => {
      const result = await load({ questions: names('silent'), rate: 2000, count: 400, timeout: 2000 });
      assert.deepEqual(counted(result), { sent: 400, lost: 400 });
      // The last was due after 399/2000 s, however fast the machine.
      assert.ok(result.elapsed >= 199);
    });

    it('gives a client up that has no ID left, in an open loop', async () => {
      const result = await load({
        questions: names('silent'),
        clients: 1,
        rate: 200_000,
        count: 70_000,
        timeout: 3000,
      });
      const { sent, lost, skipped, ...others } = counted(result);
      assert.deepEqual({ sent, lost, skipped }, { sent: 65_536, lost: 65_536, skipped: 4464 });
      // The target's own buffer overflows; that is not the generator's to see.
      assert.deepEqual(others, {});
    });

    it('counts time from when a query was due', async () => {
      const result = await load({ questions: names('slow-100'), rate: 1000, count: 50 });
      assert.deepEqual(counted(result), { sent: 50, answered: 50 });
      // Timers of Node may fire a millisecond early.
      assert.ok(result.latency.percentile(1) >= 99);
      assert.ok(result.latency.max >= result.latency.percentile(99));
      assert.equal(result.latency.countAbove(90), 50);
      assert.equal(result.latency.countAbove(result.latency.max), 0);
    });

    it('ends by its duration, with a row for each interval', async () => {
      const began = performance.now();
      const result = await load({ rate: 500, duration: 300, interval: 100 });
      assert.ok(performance.now() - began >= 290);
      assert.equal(result.sent, 150);
      assert.ok(result.series.length >= 3);
      assert.equal(counted(result).lost, undefined);
    });

    it('says that nobody listens', async () => {
      const gone = await UdpTarget.open();
      gone.close();
      const { sent, lost, refused, answered } = await load({
        port: gone.port,
        count: 4,
        clients: 2,
        rate: 50,
        timeout: 100,
      });
      assert.deepEqual({ sent, lost, answered }, { sent: 4, lost: 4, answered: 0 });
      assert.ok(refused > 0);
    });

    it('ends with its worker', async () => {
      const worker = new Worker(
        `import(${JSON.stringify(new URL('../../dist/tune/load-generator.js', import.meta.url).href)}).then(({ startLoad }) => {
          const load = startLoad(${JSON.stringify({
            address: LOOPBACK,
            port: target.port,
            duration: 60_000,
            count: 1e9,
          }).slice(0, -1)}, questions: [Buffer.from('${names('www')[0].toString('hex')}', 'hex')] });
          require('node:worker_threads').parentPort.postMessage('started');
        });`,
        { eval: true },
      );
      await once(worker, 'message');
      await until(() => target.askers.length > 100);
      assert.equal(await worker.terminate(), 1);
      const asked = target.askers.length;
      await sleep(50);
      assert.ok(target.askers.length - asked <= 256, 'the window may still be on its way, and no more');
    });

    it('ends with its process', async () => {
      const child = spawn(process.execPath, [
        '--input-type=module',
        '-e',
        `import { startLoad } from ${JSON.stringify(new URL('../../dist/tune/load-generator.js', import.meta.url).href)};
         startLoad({ address: '${LOOPBACK}', port: ${target.port}, duration: 60000, questions: [Buffer.from('${names('www')[0].toString('hex')}', 'hex')] });
         setTimeout(() => process.exit(7), 100);`,
      ]);
      const [code, signal] = (await once(child, 'exit')) as [number, string | null];
      assert.deepEqual([code, signal], [7, null]);
      assert.ok(target.askers.length > 0);
    });
  });

  describe('by TCP', () => {
    let target: TcpTarget;
    afterEach(() => {
      target.close();
    });
    const load = (more: Partial<LoadOptions>): Promise<LoadResult> =>
      startLoad({ address: LOOPBACK, port: target.port, transport: 'tcp', questions: names('www'), ...more }).finished;

    it('pipelines over as many connections as it has clients', async () => {
      target = await TcpTarget.open();
      const result = await load({ count: 5000, clients: 20, burst: 10, questions: names('a', 'b', 'c') });
      assert.deepEqual(counted(result), { sent: 5000, answered: 5000, connections: 20 });
      assert.equal(target.connections, 20);
    });

    it('takes answers in any order', async () => {
      target = await TcpTarget.open({ backwards: true });
      const result = await load({ count: 1000, clients: 2, burst: 10, questions: names('a', 'b', 'c') });
      assert.deepEqual(counted(result), { sent: 1000, answered: 1000, connections: 2 });
    });

    it('takes answers byte by byte', async () => {
      target = await TcpTarget.open({ drip: true });
      const result = await load({ count: 100, clients: 2, burst: 5 });
      assert.deepEqual(counted(result), { sent: 100, answered: 100, connections: 2 });
    });

    it('asks one query a connection', async () => {
      target = await TcpTarget.open();
      const result = await load({ count: 200, clients: 10, connectionPerQuery: true });
      assert.deepEqual(counted(result), { sent: 200, answered: 200, connections: 200 });
      assert.equal(target.connections, 200);
    });

    it('connects again when the server closes, and counts what that loses', async () => {
      target = await TcpTarget.open({ closeAfter: 3 });
      // Four are asked at a time: three are answered, and the fourth goes with the connection.
      const result = await load({ count: 40, clients: 1, burst: 4, window: 4 });
      assert.deepEqual(counted(result), { sent: 40, answered: 30, lost: 10, connections: 10, disconnects: 10 });
    });

    it('counts what does not fit', async () => {
      target = await TcpTarget.open();
      const result = await load({
        count: 40,
        clients: 2,
        questions: names('www', 'wrong-name', 'wrong-id', 'silent'),
        timeout: 300,
      });
      assert.deepEqual(counted(result), {
        sent: 40,
        answered: 10,
        mismatched: 10,
        unexpected: 10,
        lost: 30,
        connections: 2,
      });
    });

    it('counts connections that are refused', async () => {
      target = await TcpTarget.open();
      const gone = await TcpTarget.open();
      gone.close();
      const { sent, lost, answered, refused } = await load({ port: gone.port, clients: 2, duration: 100 });
      // A system that says so at once leaves nothing to send; one that says so later has the query waiting.
      assert.equal(sent, lost);
      assert.equal(answered, 0);
      assert.ok(refused > 0);
    });
  });

  describe('at the door', () => {
    const good = { address: LOOPBACK, port: 53, questions: names('www') };
    const refused: [string, object, string][] = [
      ['no address', { address: undefined }, 'ERR_INVALID_ARG_TYPE'],
      ['a name', { address: 'localhost' }, 'ERR_INVALID_ARG_VALUE'],
      ['a foreign address', { address: '192.0.2.1' }, 'ERR_INVALID_ARG_VALUE'],
      ['a foreign IPv6 address', { address: '2001:db8::1' }, 'ERR_INVALID_ARG_VALUE'],
      ['port 0', { port: 0 }, 'ERR_OUT_OF_RANGE'],
      ['another transport', { transport: 'quic' }, 'ERR_INVALID_ARG_VALUE'],
      ['no questions', { questions: [] }, 'ERR_INVALID_ARG_TYPE'],
      ['text for questions', { questions: ['www.example'] }, 'ERR_INVALID_ARG_TYPE'],
      [
        'a response among the questions',
        { questions: [Buffer.concat([Buffer.from('000080000001000000000000', 'hex'), Buffer.alloc(5)])] },
        'ERR_INVALID_ARG_VALUE',
      ],
      ['half a question', { questions: [names('www')[0].subarray(0, -1)] }, 'ERR_INVALID_ARG_VALUE'],
      ['too many clients', { clients: 10_001 }, 'ERR_OUT_OF_RANGE'],
      ['a burst over the window', { burst: 10, window: 9 }, 'ERR_OUT_OF_RANGE'],
      ['window and rate', { window: 9, rate: 9 }, 'ERR_INVALID_ARG_VALUE'],
      ['rate 0', { rate: 0 }, 'ERR_OUT_OF_RANGE'],
      ['more in the air than can be kept', { rate: 1_000_000 }, 'ERR_OUT_OF_RANGE'],
      ['no end', { duration: Infinity }, 'ERR_OUT_OF_RANGE'],
      ['a connection a query by UDP', { connectionPerQuery: true }, 'ERR_INVALID_ARG_VALUE'],
      ['rows without number', { duration: 86_400_000, interval: 10 }, 'ERR_OUT_OF_RANGE'],
    ];
    for (const [what, options, code] of refused) {
      it(`refuses ${what}`, () => {
        assert.throws(() => startLoad({ ...good, ...options }), { code });
      });
    }

    it('says which CPU there is not', () => {
      assert.throws(() => startLoad({ ...good, cpu: 1023, count: 1 }), {
        code: 'EINVAL',
        syscall: 'sched_setaffinity',
      });
    });
  });
});
