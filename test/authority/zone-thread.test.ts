import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ZoneJob } from '../../dist/authority/zone-job.js';
import { ZoneThread } from '../../dist/authority/zone-thread.js';
import type { JobInput } from './fixtures/job.js';

const job: ZoneJob<JobInput, string, string> = { module: 'dist-test/authority/fixtures/job.js' };

describe('the zone thread', () => {
  let folder: string;
  let diary: string;
  let thread: ZoneThread;
  let errors: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    diary = join(folder, 'diary');
    writeFileSync(diary, '');
    errors = [];
    thread = new ZoneThread({ ...console, error: (message: string) => errors.push(message) });
  });

  afterEach(async () => {
    await thread.close();
    rmSync(folder, { recursive: true });
  });

  const lines = (): string[] => readFileSync(diary, 'utf8').split('\n').slice(0, -1);

  async function written(line: string): Promise<void> {
    while (!lines().includes(line)) await wait(5);
  }

  it('runs a job, passes on its progress, and gives its output', async () => {
    const told: string[] = [];
    const output = await thread.run(job, { name: 'a' }, { onProgress: (progress) => told.push(progress) });
    assert.equal(output, 'a is done');
    assert.deepEqual(told, ['a is at work']);
  });

  it('rejects with the error of a job, with its code and cause', async () => {
    await assert.rejects(thread.run(job, { name: 'a', fails: true }), (error: Error & { code?: string }) => {
      assert.equal(error.message, 'no luck');
      assert.equal(error.code, 'ERR_LUCK');
      assert.equal((error.cause as Error).message, 'bad weather');
      return true;
    });
    await assert.rejects(thread.run({ module: 'dist-test/authority/fixtures/none.js' }, {}), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    assert.equal(await thread.run(job, { name: 'b' }), 'b is done');
  });

  it('runs four jobs at most at a time, in their order', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `job ${i}`);
    await Promise.all(names.map((name) => thread.run(job, { diary, name, time: 20 })));
    const begun = lines().filter((line) => !line.startsWith('-'));
    assert.deepEqual(begun, names);
    let running = 0;
    for (const line of lines()) {
      running += line.startsWith('-') ? -1 : 1;
      assert.ok(running <= 4, `${running} at a time`);
    }
  });

  it('ends a job, at work or waiting, when its signal is aborted', async () => {
    const abort = new AbortController();
    const { signal } = abort;
    const runs = Array.from({ length: 6 }, (_, i) =>
      thread.run(job, { diary, name: `job ${i}`, waitsForAbort: true }, { signal }),
    );
    await written('job 3');
    abort.abort(new Error('enough'));
    const ends = await Promise.allSettled(runs);
    assert.deepEqual(
      ends.map((end) => end.status === 'rejected' && (end.reason as Error).message),
      Array(6).fill('enough'),
    );
    await written('-job 3'); // the jobs themselves have seen it
    assert.ok(!lines().includes('job 4'));
    await assert.rejects(thread.run(job, { name: 'late' }, { signal }), { message: 'enough' });
    assert.equal(await thread.run(job, { name: 'b' }), 'b is done');
  });

  it('runs its jobs once more when the thread dies, and says so', async () => {
    const other = thread.run(job, { diary, name: 'other', time: 300 });
    assert.equal(await thread.run(job, { diary, name: 'a', dies: 1 }), 'a is done');
    assert.equal(await other, 'other is done');
    assert.deepEqual(errors, ['the zone thread ended: exit code 7: 2 of its jobs run once more']);
  });

  it('gives up a job with which the thread has died twice', async () => {
    await assert.rejects(thread.run(job, { diary, name: 'a', dies: 9 }), {
      code: 'ERR_MULTISOCKET_ZONE_THREAD',
      message: 'the zone thread ended twice: exit code 7',
    });
    assert.deepEqual(errors, [
      'the zone thread ended: exit code 7: 1 of its jobs run once more',
      'the zone thread ended: exit code 7',
    ]);
    assert.equal(await thread.run(job, { name: 'b' }), 'b is done');
  });

  it('rejects all jobs when it is closed', async () => {
    const runs = Array.from({ length: 6 }, (_, i) => thread.run(job, { diary, name: `job ${i}`, waitsForAbort: true }));
    await written('job 3');
    const closing = thread.close();
    const ends = await Promise.allSettled(runs);
    await closing;
    assert.deepEqual(
      ends.map((end) => end.status === 'rejected' && (end.reason as { code: string }).code),
      Array(6).fill('ERR_MULTISOCKET_CLOSED'),
    );
    await assert.rejects(thread.run(job, { name: 'late' }), { code: 'ERR_MULTISOCKET_CLOSED' });
    assert.deepEqual(errors, []);
  });
});
