/** A worker blocks for three seconds, again and again. */
import { setTimeout as wait } from 'node:timers/promises';
import { queryBytes, udpExchange } from '../../support/clients.js';
import { ask, atLeast, atMost, row, told, type Row, type Scale } from '../case.js';
import { Target } from '../target.js';

const BLOCK = 3000;
const STALL_TIMEOUT = 1000;
/** The owner looks four times within the stall timeout, and needs a moment to lend the sockets. */
const NOTICED = 1.5 * STALL_TIMEOUT;
/** Queries that a handler is given at a time: these are in the hands of the one that blocks. */
const BATCH = 64;

export async function stalls({ rate, duration }: Scale): Promise<Row[]> {
  const target = await Target.start({ stallTimeout: STALL_TIMEOUT });
  try {
    const load = ask(target.port, rate);
    const blocks = Math.ceil(duration / (BLOCK + 1000));
    for (let i = 0; i < blocks; i++) {
      await wait(1000);
      await udpExchange(queryBytes(`block.${BLOCK}`, 'TXT'), target.port, '127.0.0.1', BLOCK + 2000);
    }
    load.stop();
    const result = await load.finished;
    const { events, sockets } = await target.state();
    const dropped = sockets.reduce((sum, { drops }) => sum + drops, 0);
    const { latency } = result;
    return [
      row(
        `a worker blocks for ${BLOCK / 1000} s, ${blocks} times`,
        result,
        atMost('lost', result.lost, 0),
        atLeast('stalls seen', events.stalls, blocks),
        atMost('dropped by the kernel', dropped, 0),
        atMost('waited for more than 1.5 s', latency.countAbove(NOTICED), blocks * BATCH),
        told('waited for more than 0.1 s', latency.countAbove(100)),
        told('for more than 1 s', latency.countAbove(STALL_TIMEOUT)),
      ),
    ];
  } finally {
    await target.end();
  }
}
