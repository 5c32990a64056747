import { pathToFileURL } from 'node:url';
import { invalidValue } from '../errors.js';
import { addon, nativeMissing } from '../native/addon.js';
import { serving } from '../options/serving.js';
import { pick } from '../options/table.js';
import { LocalWorker } from './local-worker.js';
import type { ServingOptions } from '../worker/messages.js';
import type { ServerConfig } from './options/config.js';
import type { Counters } from './statistics.js';
import type { SupervisedWorker, WorkerLife } from './supervised-worker.js';
import { beatInterval } from './stall-watch.js';
import { WorkerThread, type WorkerEvents } from './worker-thread.js';

/** Starts the worker with that number, on a thread of its own or on the calling one. */
export function startWorker(
  config: ServerConfig,
  index: number,
  counters: Counters,
  shared: Pick<ServingOptions, 'cache' | 'misses' | 'guard' | 'kept' | 'queryLog'>,
  events: WorkerLife & Pick<WorkerEvents, 'warn' | 'message'> & { exited: () => void },
): SupervisedWorker {
  const { workers, handler, logger } = config;
  const place = counters.takeSeat();
  const settings: ServingOptions = {
    ...pick(serving, config),
    ...place,
    ...shared,
    index,
    tls: config.tls,
    ownTls: config.ownTls,
    ownTcp: config.ownTcp,
    ownProxyProtocol: config.ownProxyProtocol,
    heartbeat: workers === 0 ? 0 : beatInterval(config),
  };
  const href = config.filename === undefined ? '' : hrefOf(config.filename);
  const { startTimeout } = config;
  const leave = (): void => {
    counters.returnSeat(place.seat);
    events.exited();
  };
  if (workers === 0) {
    // The message is cloned, and delivered after the caller has continued, as it is between threads.
    const postMessage = (message: unknown): void => {
      queueMicrotask(events.message.bind(events, structuredClone(message)));
    };
    const local = { ...settings, warn: events.warn.bind(events), logger, postMessage };
    const module = handler ?? (nativeMissing === undefined ? href : anew(href));
    return new LocalWorker(local, module, { startTimeout, ended: leave });
  }
  try {
    return new WorkerThread({ ...settings, href }, startTimeout, config.worker, {
      ...events,
      logger,
      abandon: () => {
        addon.abandonEndpoint(new Float64Array(place.memory), place.row);
        counters.abandon(place.seat);
      },
      exited: leave,
    });
  } catch (error) {
    leave();
    if ((error as Error).name !== 'DataCloneError') throw error;
    throw invalidValue('workerData', `cannot be cloned into a worker (${(error as Error).message})`, config.workerData);
  }
}

let starts = 0;

/** The URL at which the module is loaded again, as a thread of its own would load it. */
function anew(href: string): string {
  return `${href}#${++starts}`;
}

function hrefOf(filename: string | URL): string {
  if (filename instanceof URL) return filename.href;
  return filename.startsWith('file:') ? filename : pathToFileURL(filename).href;
}
