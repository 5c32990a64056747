/** Nothing happens at all: what the other cases are to be compared with. */
import { ask, atMost, row, type Row, type Scale } from '../case.js';
import { Target } from '../target.js';

export async function steady({ rate, duration }: Scale): Promise<Row[]> {
  const target = await Target.start();
  try {
    const result = await ask(target.port, rate, { duration }).finished;
    return [row('no fault', result, atMost('lost', result.lost, 0))];
  } finally {
    await target.end();
  }
}
