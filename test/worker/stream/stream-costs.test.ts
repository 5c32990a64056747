/** What a long stream costs: the memory of its server, and the turns of the event loop that it takes. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { framed, queryBytes } from '../../support/clients.js';
import { end } from '../../support/server.js';
import type { Cost } from '../../server/fixtures/streaming.js';

const RECORDS = 1_000_000;
const fixture = fileURLToPath(new URL('../../server/fixtures/streaming.js', import.meta.url));

describe('a transfer of 1,000,000 records', function () {
  this.timeout(120_000);
  let child: ChildProcess | undefined;
  let port: number;

  before(async function () {
    if (process.env.TEST_ADDON !== undefined) this.skip(); // a sanitizer has memory of its own
    child = fork(fixture, [], { execArgv: ['--expose-gc'] });
    [{ port }] = (await once(child, 'message')) as [{ port: number }];
  });
  after(async () => {
    if (child !== undefined) await end(child);
  });

  /** Takes a zone; resolves with what it has cost, and the octets that came. */
  async function transfer(records: number, kind: string): Promise<Cost & { octets: number }> {
    const socket = connect(port, '127.0.0.1');
    try {
      let octets = 0;
      socket.on('data', (chunk: Buffer) => (octets += chunk.length));
      socket.write(framed(queryBytes(`${records}.${kind}.example.org`, 'AXFR')));
      const [cost] = (await once(child!, 'message')) as [Cost];
      return { ...cost, octets };
    } finally {
      socket.destroy();
    }
  }

  for (const kind of ['sync', 'async']) {
    it(`takes less than 16 MiB from an ${kind} iterable, and leaves turns to others`, async () => {
      await transfer(50_000, kind); // the code is compiled
      const { held, recordsATurn, turns, octets } = await transfer(RECORDS, kind);
      assert.ok(octets > 25 * RECORDS, `${octets} octets`);
      assert.ok(held < 16 << 20, `${held} bytes`);
      assert.ok(recordsATurn < RECORDS / 100, `${recordsATurn} records in one of ${turns} turns`);
    });
  }
});
