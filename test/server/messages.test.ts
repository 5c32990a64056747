import assert from 'node:assert/strict';
import { serve, until } from '../support/server.js';

const fixture = new URL('./fixtures/teller.js', import.meta.url);

describe('what a handler module tells its server', () => {
  for (const workers of [2, 0]) {
    it(`is an event with its clone and the worker's number, with ${workers} workers`, async () => {
      const heard: [unknown, number][] = [];
      const { server } = await serve({ workers, filename: fixture }, (created) => {
        created.on('message', (message, worker) => heard.push([message, worker]));
      });
      const all = Math.max(1, workers);
      await until(() => heard.length >= all, 'every worker to tell');
      await server.close();
      const expected = Array.from({ length: all }, (_, worker) => [
        [{ at: 'start', worker, kind: new Map([['a', 1n]]) }, worker],
        [{ at: 'close', worker }, worker],
      ]).flat();
      const order = ([message, worker]: unknown[]): string => `${String(worker)} ${(message as { at: string }).at}`;
      const sorted = (list: unknown[][]): unknown[][] => list.toSorted((a, b) => order(a).localeCompare(order(b)));
      assert.deepEqual(sorted(heard), sorted(expected));
    });
  }
});
