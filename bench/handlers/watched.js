// The handler that `workerData` names, and what interrupts its worker: garbage collections, and delays of the event loop.
import { BroadcastChannel } from 'node:worker_threads';
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

const { NODE_PERFORMANCE_GC_MINOR: MINOR } = constants;
let handler;

/** Starts to watch at each `begin` on the channel, and answers `end` with the figures, in milliseconds. */
export async function setup({ workerData, signal }) {
  ({ default: handler } = await import(`./${workerData}.js`));
  const channel = new BroadcastChannel('bench');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let pauses = [];
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries()) pauses.push({ minor: detail.kind === MINOR, duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const figures = (chosen) => ({
    count: chosen.length,
    total: chosen.reduce((sum, { duration }) => sum + duration, 0),
    longest: chosen.reduce((most, { duration }) => Math.max(most, duration), 0),
  });
  channel.onmessage = ({ data }) => {
    if (data === 'begin') {
      pauses = [];
      delay.reset();
    } else if (data === 'end') {
      channel.postMessage({
        minor: figures(pauses.filter(({ minor }) => minor)),
        major: figures(pauses.filter(({ minor }) => !minor)),
        // The histogram holds nanoseconds from one look to the next, which are a millisecond apart.
        delay: { p99: delay.percentile(99) / 1e6 - 1, longest: delay.max / 1e6 - 1 },
      });
    }
  };
  channel.unref();
  signal.addEventListener('abort', () => channel.close());
}

/** @type {import('multisocket').Handler} */
export default function handle(query, reply) {
  return handler(query, reply);
}
