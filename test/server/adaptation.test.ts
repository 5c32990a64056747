import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, usableCpus, type AdaptationStep, type CpuUse, type Logger, type Server } from 'multisocket';
import { startLoad } from '../../dist/tune/load-generator.js';
import { AdaptationRule } from '../../dist/server/adaptation.js';
import { queryBytes } from '../support/clients.js';
import { until } from '../support/server.js';

const filename = new URL('./fixtures/burning.js', import.meta.url);
const udpSockets = (server: Server, address = 0): number => {
  const { port } = server.addresses()[address];
  return server.stats().sockets.filter((socket) => socket.protocol === 'udp' && socket.port === port).length;
};

describe("sockets: 'auto'", () => {
  it('follows the load up and down within its bounds, loses nothing, and says so', async () => {
    const lines: string[] = [];
    const unwanted = (line: string): never => {
      throw new Error(line);
    };
    const info = (line: string): void => void lines.push(line);
    const logger: Logger = { debug: unwanted, warn: unwanted, error: unwanted, info };
    const server = createServer({
      listen: ['127.0.0.1:0', { address: '127.0.0.1', port: 0, sockets: 3 }],
      sockets: 'auto',
      auto: { min: 1, max: 2, interval: 300 },
      workers: 2,
      workerData: 200,
      filename,
      logger,
    });
    const steps: AdaptationStep[] = [];
    const published: unknown[] = [];
    const onPublished = (step: unknown): void => void published.push(step);
    subscribe('multisocket:sockets:adapt', onPublished);
    server.on('adapt', (step) => steps.push(step));
    server.on('warning', (warning) => {
      throw warning;
    });
    await server.listen();
    assert.equal(udpSockets(server), 1);
    const [{ port }] = server.addresses();
    const load = startLoad({ address: '127.0.0.1', port, questions: [queryBytes('a.example')], window: 32 });
    // On one CPU a second socket is of no use.
    const most = Math.min(2, usableCpus());
    if (most > 1) await once(server, 'adapt');
    load.stop();
    const { answered, sent } = await load.finished;
    assert.equal(answered, sent);
    assert.equal(udpSockets(server), most);
    await until(() => udpSockets(server) === 1, 'the second socket to go again');
    await until(() => steps.length === 2 * (most - 1), 'both steps to be told');
    assert.equal(udpSockets(server, 1), 3, 'an address with a number of its own keeps it');
    assert.deepEqual(published, steps);
    assert.equal(lines.length, steps.length);
    if (most > 1) {
      assert.deepEqual(
        steps.map(({ from, to }) => [from, to]),
        [
          [1, 2],
          [2, 1],
        ],
      );
      assert.match(lines[0], /^sockets: 1 -> 2: workers were busy for \d\.\d of \d+ CPUs$/);
    }
    unsubscribe('multisocket:sockets:adapt', onPublished);
    await server.close();
  });

  it('checks its bounds, and needs workers', () => {
    const options = { listen: '127.0.0.1:0', sockets: 'auto', filename } as const;
    for (const [auto, name] of [
      [{ min: 0 }, 'auto.min'],
      [{ min: 4, max: 3 }, 'auto.max'],
      [{ max: 1025 }, 'auto.max'],
      [{ interval: 99 }, 'auto.interval'],
    ] as const) {
      assert.throws(() => createServer({ ...options, auto }), { code: 'ERR_OUT_OF_RANGE', message: new RegExp(name) });
    }
    assert.throws(() => createServer({ ...options, workers: 0 }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /sockets/,
    });
    const other = 'many' as 'auto';
    assert.throws(() => createServer({ ...options, sockets: other }), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe('the rule of adaptation', () => {
  const cpuAvailable = 16;
  const busy = (cpuUsed: number): CpuUse => ({ cpuUsed, cpuAvailable });

  it('grows to the number of the rule, at most to twice as many, if the serving workers are at full load', () => {
    const rule = new AdaptationRule({ min: 1, max: 1024 });
    assert.equal(rule.next(1, 1, busy(0.9)), 2);
    assert.equal(rule.next(2, 2, busy(2)), 4);
    assert.equal(rule.next(10, 10, busy(10)), 16);
    assert.equal(rule.next(16, 16, busy(16)), 16);
    assert.equal(new AdaptationRule({ min: 1, max: 3 }).next(2, 2, busy(2)), 3);
    // More were asked for by hand.
    assert.equal(new AdaptationRule({ min: 1, max: 3 }).next(8, 8, busy(8)), 8);
  });

  it('does nothing below that, which is where a server that waits for its upstream stays', () => {
    const rule = new AdaptationRule({ min: 1, max: 8 });
    for (let i = 0; i < 10; i++) assert.equal(rule.next(2, 2, busy(1)), 2);
  });

  it('has one less after three quiet intervals in a row, down to the least', () => {
    const rule = new AdaptationRule({ min: 2, max: 8 });
    const quiet = busy(0.1);
    assert.deepEqual([rule.next(4, 4, quiet), rule.next(4, 4, quiet)], [4, 4]);
    assert.equal(rule.next(4, 4, busy(2)), 4);
    assert.deepEqual([rule.next(4, 4, quiet), rule.next(4, 4, quiet), rule.next(4, 4, quiet)], [4, 4, 3]);
    for (let i = 0; i < 6; i++) assert.equal(rule.next(2, 2, quiet), 2);
  });
});
