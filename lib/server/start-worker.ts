/** Starts one worker of a server, on a thread of its own or on the calling one. */
import { pathToFileURL } from 'node:url';
import { nativeMissing } from '../native/addon.js';
import { LocalWorker } from './local-worker.js';
import type { ServingOptions } from '../worker/messages.js';
import type { ServerConfig } from './options/options.js';
import type { Counters } from './statistics.js';
import type { SupervisedWorker } from './supervisor.js';
import { WorkerThread, type WorkerEvents } from './worker-thread.js';

/** Starts the worker with that number. Rejects with what kept it from loading its handler. */
export async function startWorker(
  config: ServerConfig,
  index: number,
  counters: Counters,
  shared: Pick<ServingOptions, 'cache' | 'guard'>,
  events: Omit<WorkerEvents, 'logger'>,
): Promise<SupervisedWorker> {
  const {
    workers,
    handler,
    maxPayloadSize,
    handlerTimeout,
    maxInFlight,
    overload,
    tcp,
    tls,
    ownTls,
    https,
    workerData,
    logger,
  } = config;
  const place = counters.takeSeat();
  const serving: ServingOptions = {
    ...place,
    index,
    maxPayloadSize,
    nsid: config.nsid,
    handlerTimeout,
    pinned: config.pinWorkers,
    maxInFlight,
    maxQueueDelay: config.maxQueueDelay,
    overload,
    tcp,
    tls,
    ownTls,
    https,
    ...shared,
    workerData,
    heartbeat: workers === 0 ? 0 : config.stallTimeout / 4,
  };
  const href = config.filename === undefined ? '' : hrefOf(config.filename);
  try {
    // Cloned as it would be between threads, and like there not before the caller has gone on.
    const postMessage = (message: unknown): void => {
      queueMicrotask(events.message.bind(events, structuredClone(message)));
    };
    if (workers === 0) {
      const local = { ...serving, ...events, logger, postMessage };
      return await LocalWorker.start(local, handler ?? (nativeMissing === undefined ? href : anew(href)));
    }
    return await WorkerThread.start({ ...serving, href }, config.worker, { ...events, logger });
  } catch (error) {
    counters.returnSeat(place.seat);
    throw error;
  }
}

let starts = 0;

/** The module as a thread of its own would load it: not the one that was loaded before. */
function anew(href: string): string {
  return `${href}#${++starts}`;
}

function hrefOf(filename: string | URL): string {
  if (filename instanceof URL) return filename.href;
  return filename.startsWith('file:') ? filename : pathToFileURL(filename).href;
}
