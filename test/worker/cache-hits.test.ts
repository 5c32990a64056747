/** What a hit of the answer cache costs in JavaScript: nothing. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startLoad } from '../../dist/tune/load-generator.js';
import { hasNativeTcp } from '../../dist/worker/stream/native-tcp.js';
import { queryBytes } from '../support/clients.js';
import { end } from '../support/server.js';

const HITS = 1_000_000;
/** Octets that Node 20 itself allocates in a turn of the event loop: an object for its native immediates. */
const EACH_TURN = 56;
const fixture = fileURLToPath(new URL('../server/fixtures/cache-hits.js', import.meta.url));

interface Look {
  heap: number;
  turns: number;
  scavenges: number;
  hits: number;
  handled: number;
}

describe('a hit of the answer cache', function () {
  this.timeout(180_000);
  before(function () {
    // Node's own sockets make objects, and a sanitizer takes too long.
    if (!hasNativeTcp || process.env.TEST_ADDON !== undefined) this.skip();
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`allocates nothing in JavaScript: ${transport}`, async () => {
      // In a large young generation nothing is collected meanwhile.
      const child = fork(fixture, [], { execArgv: ['--min-semi-space-size=64', '--max-semi-space-size=64'] });
      const [port] = (await once(child, 'message')) as [number];
      const look = async (): Promise<Look> => {
        child.send('look');
        return ((await once(child, 'message')) as [Look])[0];
      };
      const questions = Array.from({ length: 8 }, (_, i) => queryBytes(`n${i}.example.org`));
      const load = async (count: number): Promise<void> => {
        const options = { clients: 16, burst: 8, window: 128, count, duration: 120_000 };
        const { answered } = await startLoad({ address: '127.0.0.1', port, transport, questions, ...options }).finished;
        assert.equal(answered, count);
      };
      try {
        await load(10_000);
        await look();
        const before = await look();
        await load(HITS);
        const after = await look();
        assert.equal(after.hits - before.hits, HITS);
        assert.equal(after.handled, before.handled);
        assert.equal(after.scavenges, before.scavenges);
        // The rest is what timers and `look` make. An object has at least 12 octets.
        const ours = after.heap - before.heap - EACH_TURN * (after.turns - before.turns);
        assert.ok(ours < HITS, `${ours / HITS} octets a hit`);
      } finally {
        await end(child);
      }
    });
  }
});
