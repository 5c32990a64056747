/** Workers and sockets come and go by order: `reload()` and `resize()`. */
import { setTimeout as wait } from 'node:timers/promises';
import { ask, atMost, atLeast, row, type Row, type Scale } from '../case.js';
import { Target } from '../target.js';

/** Numbers of sockets, in turn. */
const SIZES = [64, 3, 17, 1, 2, 40, 5, 1];

/** `reload()` again and again. */
export async function reloads({ rate, duration, times }: Scale): Promise<Row[]> {
  const target = await Target.start();
  try {
    const load = ask(target.port, rate);
    await repeat(times, duration, () => target.reload());
    load.stop();
    const result = await load.finished;
    const { starts } = (await target.state()).events;
    const fresh = atLeast('workers started', starts, 2 * (times + 1));
    return [row(`reload() ${times} times`, result, atMost('lost', result.lost, 0), fresh)];
  } finally {
    await target.end();
  }
}

/** `resize()` again and again, with clients of every kind. */
export async function resizes({ rate, duration, times }: Scale): Promise<Row[]> {
  const target = await Target.start({ sockets: 1, tcp: { maxConnectionsPerClient: 1000 } });
  try {
    const loads = [
      ['UDP', ask(target.port, rate / 2)],
      ['TCP, kept connections', ask(target.port, rate / 2, { transport: 'tcp' })],
      [
        'TCP, a connection a query',
        ask(target.port, rate / 40, { transport: 'tcp', connectionPerQuery: true, clients: 500 }),
      ],
    ] as const;
    let i = 0;
    await repeat(times, duration, () => target.resize(SIZES[i++ % SIZES.length]));
    const rows: Row[] = [];
    for (const [, load] of loads) load.stop();
    for (const [name, load] of loads) {
      const result = await load.finished;
      const refused = atMost('connections refused', result.refused, 0);
      rows.push(row(`resize() ${times} times: ${name}`, result, atMost('lost', result.lost, 0), refused));
    }
    return rows;
  } finally {
    await target.end();
  }
}

/** Does something so many times, spread over `duration` ms where it takes less. */
async function repeat(times: number, duration: number, act: () => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i++) await Promise.all([act(), wait(duration / times)]);
}
