/** As many new TCP connections as the machine can make, on which nothing is sent, beside UDP. */
import { buildProgram } from '../../support/native-programs.js';
import { run } from '../../support/clients.js';
import { ask, atLeast, atMost, row, told, type Row, type Scale } from '../case.js';
import { Target } from '../target.js';

/** Connections a second: fewer are no flood. */
const LEAST = 5000;
/** Milliseconds of a load: a shorter one has too few queries for a bound on the slowest of them. */
const LONG = 2000;

export async function silentConnections({ rate, duration }: Scale): Promise<Row[]> {
  const flood = await buildProgram('connection_flood', 'none', '-O2');
  const target = await Target.start();
  try {
    const load = { duration: duration / 5 };
    await ask(target.port, rate, load).finished;
    const before = await ask(target.port, rate, load).finished;
    const { totals } = await target.state();
    const asked = ask(target.port, rate, load);
    const made = Number(await run(flood, [String(target.port), String(load.duration)], 2 * load.duration + 10_000));
    const during = await asked.finished;
    const { totals: after } = await target.state();
    const taken = after.tcpAccepted + after.tcpRefused + after.tcpRefusedClient;
    const p99 = during.latency.percentile(99);
    return [
      row(
        'new TCP connections that send nothing, as many as can be made: UDP',
        during,
        atMost('lost', during.lost, 0),
        load.duration < LONG ? told('p99 in ms', p99) : atMost('p99 in ms', p99, 2 * before.latency.percentile(99)),
        atLeast('connections a second', (made * 1000) / load.duration, LEAST),
        told('taken by the server', taken - totals.tcpAccepted),
      ),
    ];
  } finally {
    await target.end();
  }
}
