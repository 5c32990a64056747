import { withCode } from '../errors.js';
import { channels } from './diagnostics.js';
import type { SupervisedWorker } from './supervised-worker.js';
import type { WorkerSlot } from './worker-slot.js';

/** Beats come at a quarter of this, in ms, unless `stallTimeout` or `killTimeout` is shorter. */
const DEFAULT_STALL = 1000;

/** For how long the loop of a worker may stand still. */
export interface StallLimits {
  /** Milliseconds after which a worker whose loop does not turn is helped; 0: never. */
  stallTimeout: number;
  /** Milliseconds after which a worker whose loop does not turn is replaced; 0: never. */
  killTimeout: number;
}

/** What a {@link StallWatch} looks at, and whom it tells. */
export interface Watched {
  /** The places of the workers that serve. */
  slots(): readonly WorkerSlot[];
  /** Workers that are to end, and the milliseconds that the loop of each may stand still. */
  retiring: ReadonlyMap<SupervisedWorker, number>;
  /** A worker has stalled, or turns its loop again. */
  changed(): void;
}

/** Milliseconds between two beats of a worker, and between two checks by its supervisor. */
export function beatInterval({ stallTimeout, killTimeout }: StallLimits): number {
  const timeouts = [stallTimeout, killTimeout, DEFAULT_STALL].filter((timeout) => timeout > 0);
  return Math.max(1, Math.min(...timeouts) / 4);
}

/** Checks regularly whether workers turn their event loops; marks those that do not, and ends them after a while. */
export class StallWatch {
  readonly #limits: StallLimits;
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | undefined;
  #lastLook = 0;

  constructor(limits: StallLimits, watched: Watched) {
    this.#limits = limits;
    this.#watched = watched;
  }

  start(): void {
    const interval = beatInterval(this.#limits);
    this.#timer = setInterval(() => {
      this.#look(interval);
    }, interval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(interval: number): void {
    const late = performance.now() - this.#lastLook > 3 * interval;
    this.#lastLook = performance.now();
    // This thread, or the whole process, has stood still: the workers have had no time to beat.
    if (late) return;
    for (const [worker, timeout] of this.#watched.retiring) {
      // It would hold up the renewal for ever, since it gives nothing back.
      if (worker.stalledFor() > Math.max(timeout, 4 * interval)) void worker.destroy();
    }
    let changed = false;
    for (const slot of this.#watched.slots()) {
      if (slot.worker === undefined) continue;
      const age = slot.worker.stalledFor();
      const { stallTimeout, killTimeout } = this.#limits;
      if (killTimeout > 0 && age > killTimeout) {
        const reason = new Error(`it did not turn its event loop for ${killTimeout} ms`);
        slot.worker.kill(withCode(reason, 'ERR_MULTISOCKET_WORKER_STALLED'));
      }
      const stalled = stallTimeout > 0 && age > stallTimeout;
      if (stalled !== slot.stalled) {
        slot.stalled = stalled;
        channels.stall.publish({ worker: slot.worker.index, stalled });
        changed = true;
      }
    }
    if (changed) this.#watched.changed();
  }
}
