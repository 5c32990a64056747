/** Thousands of TCP clients that do nothing, or next to nothing, while others want to be served. */
import { setTimeout as wait } from 'node:timers/promises';
import { ask, atLeast, atMost, row, told, type Row, type Scale } from '../case.js';
import { Pests, type PestCounts } from '../pests.js';
import { sampled, settled } from '../sampled.js';
import { Target } from '../target.js';

/** MiB by which what the workers' heaps hold may differ: code that was compiled meanwhile. */
const HEAP = 12;
/**
 * MiB by which the server's process may be larger after they have come twice than while they were there first. The C
 * library keeps what was in use for the next time; were it lost, twice would take twice as much.
 */
const REST = 32;

export async function connections({ rate, duration, connections: idle }: Scale): Promise<Row[]> {
  // The idle ones are to stay until they are all there.
  const tcp = { maxConnections: 2 * idle, maxConnectionsPerClient: idle, idleTimeout: 2 * duration };
  const target = await Target.start({ tcp });
  try {
    await ask(target.port, rate / 4, { duration: duration / 10 }).finished;
    const held = await target.held();
    const [descriptors, memory] = [target.descriptors(), target.memory()];
    const udp = ask(target.port, 0.55 * rate);
    const kept = ask(target.port, 0.55 * rate, { transport: 'tcp' });
    const fresh = ask(target.port, rate / 200, { transport: 'tcp', connectionPerQuery: true, clients: 500 });
    const first = await siege(target, { idle, dripping: idle / 20, deaf: idle / 200 }, 0.4 * duration);
    const second = await siege(target, { idle, dripping: idle / 20, deaf: idle / 200 }, 0.4 * duration);
    for (const load of [udp, kept, fresh]) load.stop();
    const good = [
      ['by UDP', await udp.finished],
      ['by TCP', await kept.finished],
      ['by TCP, a connection a query', await fresh.finished],
    ] as const;
    const left = await settled(descriptors, 5000, () => target.descriptors());
    const rows = good.map(([name, result]) =>
      row(
        `${idle.toLocaleString('en-US')} idle, dripping and deaf TCP clients beside good ones ${name}`,
        result,
        atMost('lost', result.lost, 0),
      ),
    );
    rows[0].bounds.push(
      atLeast('descriptors at most', Math.min(first.descriptors, second.descriptors), idle),
      atMost('descriptors afterwards', left, descriptors),
      atMost('MiB held by heaps afterwards', second.held, held + HEAP),
      told('MiB resident before', memory),
      told('with them', first.swollen),
      told('after they came once', first.rest),
      atMost('after they came twice', second.rest, first.swollen + REST),
    );
    return rows;
  } finally {
    await target.end();
  }
}

/** Has them come, stay for `duration` ms and go; returns descriptors and MiB at most, and what is left when they are gone. */
async function siege(
  target: Target,
  counts: PestCounts,
  duration: number,
): Promise<{ descriptors: number; swollen: number; held: number; rest: number }> {
  const pests = new Pests(target.port);
  await pests.open(counts);
  const { peak: descriptors } = await sampled(duration, () => target.descriptors());
  const swollen = target.memory();
  pests.close();
  await wait(0.1 * duration);
  const held = await target.held();
  return { descriptors, swollen, held, rest: target.memory() };
}
