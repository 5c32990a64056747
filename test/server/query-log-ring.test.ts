/** The ring between native code, which writes, and the owner, which reads. */
import assert from 'node:assert/strict';
import { QueryLogRing } from '../../dist/server/query-log-ring.js';
import { addon } from '../../dist/native/addon.js';
import { packOrigin } from '../../dist/worker/ip.js';
import type { QueryLogEntry } from 'multisocket';
import { queryBytes } from '../support/clients.js';

const client = { address: '192.0.2.7', port: 4321, family: 'IPv4' as const };
const local = { address: '2001:db8::1', port: 53, family: 'IPv6' as const };

describe('the ring of a query log', () => {
  for (const messages of [false, true]) {
    it(`keeps records of all lengths whole and in order, ${messages ? 'with' : 'without'} messages`, () => {
      const ring = new QueryLogRing(1 << 16, messages);
      const log = new addon.QueryLog(new Uint32Array(ring.memory), 1, messages);
      const origin = packOrigin('tls', client, local);
      let [next, lost] = [0, 0];
      const missing = new Set<number>();
      const read = (most: number): void => {
        const entries: QueryLogEntry[] = [];
        ring.read(entries, most);
        for (const entry of entries) {
          while (missing.delete(next)) next++;
          const number = next++;
          assert.equal(entry.name, nameOf(number));
          assert.deepEqual(entry.client, client);
          assert.deepEqual(entry.local, local);
          assert.deepEqual([entry.transport, entry.rcode, entry.cached], ['tls', 'NXDOMAIN', number % 2 === 1]);
          assert.equal(entry.length, replyOf(number).length);
          assert.deepEqual(entry.reply, messages ? replyOf(number) : undefined);
        }
      };
      for (let number = 0; number < 20_000; number++) {
        const query = queryBytes(nameOf(number));
        log.record(query, replyOf(number), origin, Uint32Array.of(query.length, 0, 3, number % 2));
        const gone = ring.takeLost();
        if (gone > 0) missing.add(number);
        lost += gone;
        // It is empty, or full, or in between.
        if (number % 500 < 250) read(number % 3);
        else if (number % 500 === 499) read(Infinity);
      }
      read(Infinity);
      while (missing.delete(next)) next++;
      assert.equal(next, 20_000);
      assert.equal(lost > 0, messages);
    });
  }
});

/** Names of 1 to 250 octets. */
function nameOf(number: number): string {
  const length = number % 241;
  const label = 'x'.repeat(60);
  return [`n${number}`, ...`${label}.${label}.${label}.${label}`.slice(0, Math.max(1, length - 8)).split('.')]
    .filter((part) => part !== '')
    .join('.');
}

function replyOf(number: number): Buffer {
  return Buffer.alloc(12 + ((number * 7919) % 1200), number & 0xff);
}
