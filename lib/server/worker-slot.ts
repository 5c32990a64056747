import type { SupervisedWorker } from './supervised-worker.js';

/** A place for a worker, filled again when the worker dies. */
export class WorkerSlot {
  readonly index: number;
  /** The worker that is ready. */
  worker: SupervisedWorker | undefined;
  /** The worker that is not ready yet. */
  starting: SupervisedWorker | undefined;
  stalled = false;
  startedAt = 0;
  /** How many workers of this slot in a row have died young. */
  deaths = 0;
  restart: NodeJS.Timeout | undefined;
  /** Whether it is not filled any more. */
  closed = false;

  constructor(index: number) {
    this.index = index;
  }

  /** Stops filling it; returns its workers. */
  close(): SupervisedWorker[] {
    this.closed = true;
    clearTimeout(this.restart);
    return [this.worker, this.starting].filter((worker) => worker !== undefined);
  }
}
