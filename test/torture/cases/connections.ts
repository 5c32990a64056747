/** Thousands of TCP clients that do nothing, or next to nothing, while others want to be served. */
import { setTimeout as wait } from 'node:timers/promises';
import { ask, atLeast, atMost, row, type Row, type Scale } from '../case.js';
import { Pests } from '../pests.js';
import { sampled, settled } from '../sampled.js';
import { Target } from '../target.js';

/** MiB by which the server's process may stay larger. */
const REST = 64;

export async function connections({ rate, duration, connections: idle }: Scale): Promise<Row[]> {
  const tcp = { maxConnections: 2 * idle, maxConnectionsPerClient: idle };
  const target = await Target.start({ tcp });
  try {
    await ask(target.port, rate / 4, { duration: duration / 10 }).finished;
    const [descriptors, memory] = [target.descriptors(), target.memory()];
    const pests = new Pests(target.port);
    const udp = ask(target.port, rate / 4);
    const kept = ask(target.port, rate / 4, { transport: 'tcp' });
    const fresh = ask(target.port, rate / 100, { transport: 'tcp', connectionPerQuery: true });
    await pests.open({ idle, dripping: idle / 20, deaf: idle / 100 });
    const { peak } = await sampled(0.8 * duration, () => target.descriptors());
    const swollen = target.memory();
    pests.close();
    await wait(0.1 * duration);
    for (const load of [udp, kept, fresh]) load.stop();
    const good = [
      ['by UDP', await udp.finished],
      ['by TCP', await kept.finished],
      ['by TCP, a connection a query', await fresh.finished],
    ] as const;
    const left = await settled(descriptors, 5000, () => target.descriptors());
    const rest = await settled(memory + REST, 5000, () => target.memory());
    const rows = good.map(([name, result]) =>
      row(
        `${idle.toLocaleString('en-US')} idle, dripping and deaf TCP clients beside good ones ${name}`,
        result,
        atMost('lost', result.lost, 0),
      ),
    );
    rows[0].bounds.push(
      atLeast('descriptors at most', peak, idle),
      atMost('descriptors afterwards', left, descriptors),
      atMost(`MiB afterwards (before: ${memory.toFixed()}, with them: ${swollen.toFixed()})`, rest, memory + REST),
    );
    return rows;
  } finally {
    await target.end();
  }
}
