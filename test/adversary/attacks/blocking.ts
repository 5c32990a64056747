/** Queries whose handler blocks its worker for good. */
import { setTimeout as wait } from 'node:timers/promises';
import { queryOf } from '../../conformance/wire.js';
import { udpExchange } from '../../support/clients.js';
import { holds, type Attack } from '../attack.js';

/** Until a worker that blocks is written off: `killTimeout`, and time for that on a busy machine, in ms. */
const WRITTEN_OFF = 20_000;

export const blocking: Attack = {
  name: 'blocking',
  seconds: 30,
  suits: (target) => target.has('blocking'),
  run: async (target, random) => {
    const [{ port }] = target.listeners('dns');
    const how = random.pick(['fifo', 'sleep', 'wait', 'loop']);
    await udpExchange(queryOf({ name: `${how}.example.org` }), port, '127.0.0.1', 100);
    const end = Date.now() + WRITTEN_OFF;
    for (let right = 0; right < 20;) {
      const reply = await udpExchange(queryOf(), port, '127.0.0.1', 500);
      right = reply === undefined ? 0 : right + 1;
      holds(Date.now() < end, `${how}: sockets of the blocked worker are not served after ${WRITTEN_OFF} ms`);
      await wait(20);
    }
  },
};
