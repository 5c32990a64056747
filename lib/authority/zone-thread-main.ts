/** The entry point of the zone thread: runs jobs. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { toReported } from '../worker/messages.js';
import type { JobOrder, JobReport, ZoneWork } from './zone-job.js';

if (parentPort === null) throw new Error('zone-thread-main.js is started as a worker thread');
const port = parentPort;
/** Linux has a niceness for each thread; other systems have one for the process. */
const NICENESS = 5;
if (process.platform === 'linux') setPriority(NICENESS);
const running = new Map<number, AbortController>();

function tell(report: JobReport): void {
  port.postMessage(report);
}

async function run({ id, href, input }: Extract<JobOrder, { kind: 'run' }>): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const { default: work } = (await import(/* webpackIgnore: true */ href)) as {
      default: ZoneWork<unknown, unknown, unknown>;
    };
    const progress = (progress: unknown): void => {
      tell({ kind: 'progress', id, progress });
    };
    tell({ kind: 'done', id, output: await work(input, { signal: abort.signal, progress }) });
  } catch (error) {
    tell({ kind: 'failed', id, error: toReported(error) });
  } finally {
    running.delete(id);
  }
}

port.on('message', (order: JobOrder) => {
  if (order.kind === 'run') void run(order);
  else running.get(order.id)?.abort();
});
