/** One process after the other takes the sockets over. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../support/server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { ask, atMost, exactly, row, type Row, type Scale } from '../case.js';
import { Target } from '../target.js';

/** `handOver()` to a fresh process, again and again. */
export async function handOvers({ rate, duration, times }: Scale): Promise<Row[]> {
  const rounds = Math.ceil(times / 5);
  const path = join(temporaryDirectory(), 'hand-over');
  let target = await Target.start();
  const { port } = target;
  const load = ask(port, rate);
  let moved = 0;
  try {
    for (let i = 0; i < rounds; i++) {
      const successor = succeed(target, path);
      await Promise.all([successor, wait(duration / rounds)]);
      await target.end();
      target = await successor;
      if (target.port === port) moved++;
    }
    load.stop();
    const result = await load.finished;
    const all = exactly('at the same port', moved, rounds);
    return [row(`hand-over to a new process, ${rounds} times`, result, atMost('lost', result.lost, 0), all)];
  } finally {
    load.stop();
    await target.end();
  }
}

/** A fresh process that has taken over, after the other one has finished. */
async function succeed(target: Target, path: string): Promise<Target> {
  const left = target.handOver(path);
  const adopted = until(() => existsSync(path), 'the offer').then(() => Target.start({}, { adopt: [path] }));
  const [successor] = await Promise.all([adopted, left]);
  return successor;
}
