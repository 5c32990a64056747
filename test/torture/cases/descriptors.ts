/** The server's process runs out of descriptors. */
import { setTimeout as wait } from 'node:timers/promises';
import { queryBytes, TcpClient } from '../../support/clients.js';
import { ask, atLeast, atMost, exactly, row, type Row, type Scale } from '../case.js';
import { Pests } from '../pests.js';
import { sampled } from '../sampled.js';
import { Target } from '../target.js';

/** `ulimit -n`: what a server of this size needs, and some for connections. */
const LIMIT = 200;

export async function descriptors({ rate, duration }: Scale): Promise<Row[]> {
  const tcp = { maxConnections: 1000, maxConnectionsPerClient: 1000 };
  const target = await Target.start({ tcp }, LIMIT);
  try {
    const udp = ask(target.port, rate);
    const kept = ask(target.port, rate / 10, { transport: 'tcp', clients: 16 });
    await wait(500);
    const pests = new Pests(target.port);
    // The kernel lets them in, whether or not the server can.
    await pests.open({ idle: 2 * LIMIT, dripping: 0, deaf: 0 });
    const { peak } = await sampled(0.4 * duration, () => target.descriptors());
    pests.close();
    await wait(1000);
    const fresh = ask(target.port, rate / 100, {
      transport: 'tcp',
      connectionPerQuery: true,
      duration: 0.4 * duration,
    });
    const after = await fresh.finished;
    for (const load of [udp, kept]) load.stop();
    const [datagrams, established] = [await udp.finished, await kept.finished];
    const client = await TcpClient.connect(target.port);
    const answer = await client.exchange(queryBytes('host0.example.org', 'TXT'));
    client.close();
    return [
      row(
        `descriptors exhausted (ulimit -n ${LIMIT}): UDP`,
        datagrams,
        atMost('lost', datagrams.lost, 0),
        atLeast('descriptors at most', peak, LIMIT - 2),
      ),
      row('descriptors exhausted: established TCP', established, atMost('lost', established.lost, 0)),
      row(
        'from 1 s after they are free again: new TCP',
        after,
        atMost('lost', after.lost, 0),
        exactly('answers by TCP in the end', answer === undefined ? 0 : 1, 1),
      ),
    ];
  } finally {
    await target.end();
  }
}
