import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SteadyLoad } from '../support/load.js';
import { end, startLimited } from '../support/server.js';
import type { Call } from './fixtures/crowded.js';

const crowded = fileURLToPath(new URL('./fixtures/crowded.js', import.meta.url));
/** What a process with two workers and no sockets needs, with a margin. */
const BASE = 100;

/** `limit`: descriptors for the sockets of the owner and of the workers. */
const cases: { what: string; sockets: number; limit: number; call: Call }[] = [
  {
    what: 'resize() cannot open all TCP sockets',
    sockets: 2,
    limit: 400,
    call: { method: 'resize', sockets: 300 },
  },
  {
    what: 'resize() opens all sockets, and workers cannot have them all',
    sockets: 2,
    limit: 800,
    call: { method: 'resize', sockets: 300 },
  },
  {
    what: 'reload() starts workers that cannot have all sockets',
    sockets: 100,
    limit: 400 + 100,
    call: { method: 'reload', sockets: 100 },
  },
];

describe('a change for which there are not enough descriptors', () => {
  for (const { what, sockets, limit, call } of cases) {
    it(`is refused, and loses nothing: ${what}`, async () => {
      const child = startLimited(BASE + limit, crowded, String(sockets));
      try {
        const [{ port }] = (await once(child, 'message')) as [{ port: number }];
        const open = (): number => readdirSync(`/proc/${child.pid}/fd`).length;
        const load = await SteadyLoad.start(port, 5000, 64);
        await wait(100);
        const before = open();
        for (let i = 0; i < 3; i++) {
          child.send(call);
          assert.deepEqual((await once(child, 'message'))[0], 'EMFILE');
        }
        const { sent, answered } = await load.stop();
        assert.equal(answered, sent);
        assert.ok(open() <= before + 2, `${before} descriptors were open before, ${open()} after`);
        const again = await SteadyLoad.start(port, 5000, 64);
        await wait(200);
        const later = await again.stop();
        assert.equal(later.answered, later.sent);
      } finally {
        await end(child);
      }
    });
  }
});
