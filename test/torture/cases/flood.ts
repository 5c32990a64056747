/** Far more slow queries than handlers can take, beside queries that the answer cache knows. */
import { setTimeout as wait } from 'node:timers/promises';
import { queryBytes } from '../../support/clients.js';
import { ask, atLeast, atMost, row, type Row, type Scale } from '../case.js';
import { sampled } from '../sampled.js';
import { Target } from '../target.js';

const WORKERS = 2;
const MAX_IN_FLIGHT = 100;
/** What a query takes, in ms. */
const SLOWNESS = 100;
/** Slow queries a second that handlers can take. */
const CAPACITY = (WORKERS * MAX_IN_FLIGHT * 1000) / SLOWNESS;
const FACTOR = 5;
/** Queries for what is in the cache, of each that other cases ask. */
const HITS = 1.25;
/** MiB by which the server's process may grow: an in-flight query is a few KiB, the rest is V8's to come and go. */
const GROWTH = 64;

const slow = [queryBytes(`slow.${SLOWNESS}.example`, 'TXT')];
const kept = Array.from({ length: 100 }, (_, i) => queryBytes(`keep.host${i}.example`, 'TXT'));

export async function flood({ rate, duration }: Scale): Promise<Row[]> {
  const target = await Target.start({ maxInFlight: MAX_IN_FLIGHT, cache: { maxBytes: 1 << 20 } });
  try {
    // The first hundred bring the answers into the cache. What V8 makes of its heap at first is not the flood's doing.
    await ask(target.port, HITS * rate, { questions: kept, duration: duration / 10 }).finished;
    await ask(target.port, CAPACITY / 2, { questions: slow, duration: duration / 10 }).finished;
    const before = target.memory();
    const { handled } = (await target.state()).totals;

    const loads = [
      ask(target.port, FACTOR * CAPACITY, { questions: slow, timeout: 1000 }),
      ask(target.port, HITS * rate, { questions: kept }),
    ];
    const { peak } = await sampled(0.6 * duration, () => target.memory());
    const { totals } = await target.state();
    for (const load of loads) load.stop();
    await wait(1000);
    const after = await ask(target.port, CAPACITY / 2, { questions: slow, duration: duration / 10 }).finished;
    const [flooded, hits] = await Promise.all(loads.map((load) => load.finished));

    const could = (CAPACITY * 0.6 * duration) / 1000;
    return [
      row(
        `${FACTOR} times as many slow queries as handlers can take`,
        flooded,
        // Handlers always have work; a timer that is late on a busy machine costs the rest.
        atLeast('answered', flooded.answered, 0.8 * could),
        atLeast('shed', totals.shed, flooded.lost / 2),
        atMost('held by handlers', totals.inFlight, WORKERS * MAX_IN_FLIGHT),
        // As many as can be begun in that time, and each batch of hits none.
        atMost('given to handlers', totals.handled - handled, 1.1 * could + WORKERS * MAX_IN_FLIGHT),
        atMost(`growth in MiB, from ${before.toFixed()}`, peak - before, GROWTH),
      ),
      // A hit waits for no other thread, and does not go to the handlers.
      row('cache hits meanwhile', hits, atMost('lost', hits.lost, 0)),
      row('from 1 s after the flood, slow queries as handlers can take them', after, atMost('lost', after.lost, 0)),
    ];
  } finally {
    await target.end();
  }
}
