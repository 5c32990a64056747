/** The entry point of a worker thread: carries out the owner's orders, and reports when each is done. */
import { parentPort, workerData } from 'node:worker_threads';
import { addon } from '../native/addon.js';
import type { Logger } from '../message/handler.js';
import { toReported, type Order, type Report, type WorkerStart } from './messages.js';
import { Serving } from './serving.js';

if (parentPort === null) throw new Error('worker-main.js is started by a server as a worker thread');
const port = parentPort;
const start = workerData as WorkerStart;

function tell(report: Report): void {
  port.postMessage(report);
}

function log(level: keyof Logger): (message: string) => void {
  return (message) => {
    tell({ kind: 'log', level, message });
  };
}

async function obey(serving: Serving, order: Order): Promise<void> {
  if (order.kind === 'lend') await serving.lend(order.sockets);
  else if (order.kind === 'release') await serving.release(order.sockets);
  else if (order.kind === 'secure') serving.secure(order.tls);
  else if (order.kind === 'hear') await serving.hear(order.message);
  else await serving.drain();
}

async function main(): Promise<void> {
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const warn = (error: Error): void => {
    tell({ kind: 'warning', error: toReported(error) });
  };
  const postMessage = (message: unknown): void => {
    tell({ kind: 'message', message });
  };
  // A setup() without pending work in Node does not end the thread: `startTimeout` does.
  const alive = setInterval(() => undefined, 0x7fffffff);
  // This comes first, so that the worker allocates memory near its CPU.
  if (start.pinWorkers) addon.pinThread(start.index);
  const serving = await Serving.start({ ...start, logger, warn, postMessage }, start.href);
  port.on('message', (order: Order) => {
    obey(serving, order).then(
      () => {
        tell({ kind: 'done', id: order.id });
        // Nothing is left to do: with the port closed the thread ends by itself.
        if (order.kind === 'drain') port.close();
      },
      (error: unknown) => {
        tell({ kind: 'failed', id: order.id, error: toReported(error) });
      },
    );
  });
  clearInterval(alive);
  tell({ kind: 'ready' });
}

main().catch((error: unknown) => {
  tell({ kind: 'failed', id: undefined, error: toReported(error) });
  process.exit();
});
