/** `close()` under load. */
import { setTimeout as wait } from 'node:timers/promises';
import { queryBytes } from '../../support/clients.js';
import { ask, atLeast, atMost, exactly, questions, type Row, type Scale } from '../case.js';
import { Target } from '../target.js';

/** One in ten is answered later, by a handler that returns a Promise. */
const mixed = questions.map((question, i) => (i % 10 === 0 ? queryBytes('slow.20.example', 'TXT') : question));

/** What came of all rounds by one transport. */
interface Sum {
  sent: number;
  answered: number;
  lost: number;
  longest: number;
  wrong: number;
  /** Queries that the server took. */
  accepted: number;
  /** Of these, cut off. */
  cutOff: number;
}

/** `close()` with datagrams and connections coming all the while, on fresh servers. */
export async function shutdown({ rate, duration, times }: Scale): Promise<Row[]> {
  const rounds = Math.ceil(times / 5);
  const sums = { UDP: nothing(), TCP: nothing() };
  for (let i = 0; i < rounds; i++) await closeOnce(rate / 2, duration / rounds, sums);
  return Object.entries(sums).map(([name, { wrong, accepted, cutOff, ...counts }]) => ({
    name: `close() under load, ${rounds} times: ${name}`,
    ...counts,
    bounds: [
      exactly('answered of those accepted', counts.answered, accepted),
      atLeast('came too late to be accepted', counts.lost, 1),
      atMost('cut off', cutOff, 0),
      atMost('wrong answers', wrong, 0),
    ],
  }));
}

async function closeOnce(rate: number, duration: number, sums: Record<'UDP' | 'TCP', Sum>): Promise<void> {
  const target = await Target.start();
  try {
    const options = { questions: mixed, timeout: 2000 };
    const loads = {
      UDP: ask(target.port, rate, options),
      TCP: ask(target.port, rate, { ...options, transport: 'tcp' }),
    };
    await wait(duration);
    const cut = await target.close();
    const { totals } = await target.state();
    for (const load of Object.values(loads)) load.stop();
    const accepted = { UDP: totals.received, TCP: totals.tcpQueries };
    const cutOff = { UDP: cut.queries, TCP: cut.connections };
    for (const name of ['UDP', 'TCP'] as const) {
      const result = await loads[name].finished;
      const sum = sums[name];
      sum.sent += result.sent;
      sum.answered += result.answered;
      sum.lost += result.lost;
      sum.longest = Math.max(sum.longest, result.latency.max);
      sum.wrong += result.mismatched + result.duplicates + result.unexpected + result.answered - result.rcodes[0];
      sum.accepted += accepted[name];
      sum.cutOff += cutOff[name];
    }
  } finally {
    await target.end();
  }
}

function nothing(): Sum {
  return { sent: 0, answered: 0, lost: 0, longest: 0, wrong: 0, accepted: 0, cutOff: 0 };
}
