import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type Server, type ServerOptions } from 'multisocket';

const filename = new URL('./fixtures/mortal.js', import.meta.url);
/** SEQUENCES=200 for the long form. */
const COUNT = Number(process.env.SEQUENCES ?? 8);
const SEED = Number(process.env.SEQUENCE_SEED ?? 1);
/** What any call may take, in ms, on a busy machine: a start, a write-off, a drain and then some. */
const BOUND = 12_000;

/** Stages of its start, and after it, at which a worker dies; `none`: it lives. */
const STAGES = ['none', 'import', 'setup', 'late-setup', 'ready', 'soon', 'block-setup', 'block-soon'] as const;

/** Numbers from 0 to `below`, the same for each seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Resolves with what a call came to; rejects when that takes too long. */
async function settled(name: string, call: Promise<unknown>): Promise<string> {
  const late = new AbortController();
  const outcome = call.then(
    () => `${name}: done`,
    (error: unknown) => {
      assert.ok(error instanceof Error, `${name} rejected with ${String(error)}`);
      return `${name}: ${(error as { code?: string }).code ?? error.message}`;
    },
  );
  const bound = wait(BOUND, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${name} has not settled within ${BOUND} ms`);
  });
  bound.catch(() => undefined); // when the call has settled in time
  try {
    return await Promise.race([outcome, bound]);
  } finally {
    late.abort();
  }
}

/** Runs a sequence; resolves with what happened. */
async function runSequence(seed: number): Promise<string[]> {
  const next = random(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[next(items.length)];
  const stages = (): unknown => ({ stages: [pick(STAGES), pick(STAGES), pick(['none', 'ready'] as const)] });
  const options: ServerOptions = {
    listen: '127.0.0.1:0',
    sockets: 1 + next(4),
    workers: 1 + next(3),
    filename,
    workerData: stages(),
    startTimeout: 1500,
    stallTimeout: 200,
    killTimeout: 500,
    closeTimeout: 300,
  };
  const server: Server = createServer(options);
  server.on('warning', ({ code }) => {
    assert.equal(typeof code, 'string');
  });
  const calls = [settled('listen', server.listen())];
  for (let i = next(4); i > 0; i--) {
    if (next(2) === 0) await wait(next(700));
    const call = pick(['reload', 'resize'] as const);
    calls.push(settled(call, call === 'reload' ? server.reload({ workerData: stages() }) : server.resize(1 + next(6))));
  }
  await wait(next(900));
  calls.push(settled('close', server.close({ timeout: next(400) })));
  const outcomes = await Promise.all(calls);
  assert.deepEqual([server.addresses(), server.stats().workers], [[], []]);
  return outcomes;
}

describe('listen(), reload(), resize() and close(), in any order, with workers that die at every stage', () => {
  it(`settle within their bounds: ${COUNT} sequences from seed ${SEED}`, async function () {
    this.timeout(COUNT * 2 * BOUND);
    const seen = new Set<string>();
    for (let seed = SEED; seed < SEED + COUNT; seed++) {
      try {
        for (const outcome of await runSequence(seed)) seen.add(outcome);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
    assert.ok(seen.has('close: done'));
  });
});

describe('a worker that dies while another one starts', () => {
  for (const call of ['listen', 'reload'] as const) {
    it(`is replaced: ${call}()`, async () => {
      const mortal = { stages: ['slow-setup', 'once-soon'] };
      const workerData = call === 'listen' ? mortal : { stages: [] };
      const server = createServer({ listen: '127.0.0.1:0', workers: 2, filename, workerData });
      const codes: string[] = [];
      server.on('warning', ({ code }) => codes.push(code));
      assert.equal(await settled('listen', server.listen()), 'listen: done');
      if (call === 'reload') assert.equal(await settled(call, server.reload({ workerData: mortal })), 'reload: done');
      assert.ok(codes.includes('ERR_MULTISOCKET_WORKER_EXIT'));
      assert.equal(await settled('close', server.close()), 'close: done');
    });
  }
});
