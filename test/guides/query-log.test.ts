import assert from 'node:assert/strict';
import { dig } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms } from '../support/guide-program.js';
import { until } from '../support/server.js';

describe('the guide of the query log', function () {
  this.timeout(30_000);

  it('has a program that writes a line for each query, from the handler and from the cache', async () => {
    const port = await freePort();
    const directory = writeGuidePrograms('query-log', { '127.0.0.1:5300': `127.0.0.1:${port}` });
    const program = await startGuideProgram(directory, 'query-log.mjs');
    const lines = (): Record<string, unknown>[] =>
      [...program.output().matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line) as Record<string, unknown>);
    try {
      for (const transport of ['+notcp', '+notcp', '+tcp']) {
        const answer = await dig('@127.0.0.1', '-p', String(port), '+short', transport, 'www.example.org');
        assert.equal(answer.trim(), '192.0.2.1');
      }
      await until(() => lines().length === 3, 'three lines');
      await until(() => program.output().includes('3 queries, 1 from the cache, 0 not reported'), 'counts');
    } finally {
      await program.end();
    }
    const seen = lines().map(({ client, name, type, transport, rcode, cached }) => ({
      client,
      name,
      type,
      transport,
      rcode,
      cached,
    }));
    const same = { client: '127.0.0.1', name: 'www.example.org', type: 'A', rcode: 'NOERROR' };
    assert.deepEqual(seen, [
      { ...same, transport: 'udp', cached: false },
      { ...same, transport: 'udp', cached: true },
      { ...same, transport: 'tcp', cached: false },
    ]);
  });
});
