/** The server's process runs out of descriptors. */
import { setTimeout as wait } from 'node:timers/promises';
import { ask, atLeast, atMost, row, type Row, type Scale } from '../case.js';
import { Pests } from '../pests.js';
import { sampled } from '../sampled.js';
import { Target } from '../target.js';

/** `ulimit -n`: what a server of this size needs, and some for connections. */
const LIMIT = 200;
/** Of these, what it has for connections and for all else that it opens at other times. */
const USED = 0.7 * LIMIT;
/** Clients that come meanwhile. */
const WAITING = 50;

export async function descriptors({ rate, duration }: Scale): Promise<Row[]> {
  const tcp = { maxConnections: 1000, maxConnectionsPerClient: 1000, idleTimeout: 4 * duration };
  const target = await Target.start({ tcp }, { descriptors: LIMIT });
  try {
    const udp = ask(target.port, rate);
    const kept = ask(target.port, rate / 10, { transport: 'tcp', clients: 16 });
    await wait(500);
    const pests = new Pests(target.port);
    // The kernel lets them in, whether or not the server can.
    await pests.open({ idle: 2 * LIMIT, dripping: 0, deaf: 0 });
    // They come while nobody can be let in, and have to be served when the others have gone.
    const waiting = ask(target.port, Math.ceil(WAITING / ((0.3 * duration) / 1000)), {
      transport: 'tcp',
      connectionPerQuery: true,
      clients: 2 * WAITING,
      duration: 0.3 * duration,
      timeout: Math.min(2 * duration, 60_000), // at most what the load generator takes
    });
    const { peak } = await sampled(0.5 * duration, () => target.descriptors());
    const { turnedOut } = pests;
    const { tcpPaused } = (await target.state()).totals;
    pests.close();
    await wait(1000);
    const fresh = ask(target.port, rate / 100, {
      transport: 'tcp',
      connectionPerQuery: true,
      duration: 0.4 * duration,
    });
    const [waited, after] = [await waiting.finished, await fresh.finished];
    for (const load of [udp, kept]) load.stop();
    const [datagrams, established] = [await udp.finished, await kept.finished];
    return [
      row(
        `descriptors exhausted (ulimit -n ${LIMIT}): UDP`,
        datagrams,
        atMost('lost', datagrams.lost, 0),
        atLeast('descriptors at most', peak, USED),
        atMost('of them', peak, LIMIT - 1),
        atLeast('pauses of TCP', tcpPaused, 1),
      ),
      row(
        'descriptors exhausted: established TCP',
        established,
        atMost('lost', established.lost, 0),
        atMost('idle clients turned out', turnedOut, 0),
      ),
      row('descriptors exhausted: TCP that waits until they are free again', waited, atMost('lost', waited.lost, 0)),
      row('from 1 s after they are free again: new TCP', after, atMost('lost', after.lost, 0)),
    ];
  } finally {
    await target.end();
  }
}
