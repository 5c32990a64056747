/** Keeps a server's workers alive: starts them, sees that they turn, replaces those that die, renews all of them. */
import { withCode } from '../errors.js';
import type { Borrower } from './borrower.js';
import { channels } from './diagnostics.js';

/** How soon a worker that has died is replaced: at once, then ever later while it dies young, in ms. */
const FIRST_DELAY = 100;
const MAX_DELAY = 1000;
/**
 * A worker that lives for so long, in ms, did not die of its start. Short, since what kills a worker may come again and
 * again: a server whose workers die once a second is to be there between their deaths.
 */
const HEALTHY_AFTER = 500;

/** What a {@link Supervisor} needs from its server. */
export interface SupervisorOptions {
  workers: number;
  /** A worker that has not turned its loop for so long, in ms, is helped; 0: never. */
  stallTimeout: number;
  /** One that has not for so long is replaced; 0: never. */
  killTimeout: number;
  /** Starts a worker; rejects when it cannot. `died` is called once if it ends by itself later. */
  start(index: number, died: (error: Error) => void): Promise<SupervisedWorker>;
  /** Who is there, or how well, has changed: the sockets have to be assigned anew. */
  changed(): void;
  warn(error: Error): void;
  /** The worker is gone: its counters are to be put away. */
  buried(worker: SupervisedWorker): void;
}

/** A worker, as its supervisor knows it. */
export interface SupervisedWorker extends Borrower {
  /** How long it has not turned its loop, in ms. */
  stalledFor(): number;
  /** Ends it as if it had died of `error`. */
  kill(error: Error): void;
}

interface Slot {
  worker: SupervisedWorker | undefined;
  stalled: boolean;
  startedAt: number;
  /** How often in a row a worker of this slot has died young. */
  deaths: number;
  restart: NodeJS.Timeout | undefined;
}

/** See the file's head. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #slots: Slot[];
  readonly #retiring = new Set<SupervisedWorker>();
  #watch: NodeJS.Timeout | undefined;
  #lastLook = 0;
  #ending = false;
  #ref = true;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, () => emptySlot());
  }

  /** Every worker that lives, those that are about to go included. */
  get all(): SupervisedWorker[] {
    return [...this.#slots.flatMap(({ worker }) => worker ?? []), ...this.#retiring];
  }

  /** Whether the worker is known not to turn its loop. */
  isStalled(worker: Borrower): boolean {
    return this.#slots.some((slot) => slot.worker === worker && slot.stalled);
  }

  /**
   * Who shall serve the `place`-th socket: the worker whose it is by turn; when that one is stalled, a sound one
   * beside it; when it is gone, a sound one in its place. Empty when there is none.
   */
  readersFor(place: number): Borrower[] {
    const slot = this.#slots[place % this.#slots.length];
    if (slot.worker !== undefined && !slot.stalled) return [slot.worker];
    const sound = this.#slots.flatMap(({ worker, stalled }) => (worker === undefined || stalled ? [] : [worker]));
    const standIn = sound.length === 0 ? [] : [sound[Math.floor(place / this.#slots.length) % sound.length]];
    return slot.worker === undefined ? standIn : [...standIn, slot.worker];
  }

  /** Starts all workers. Rejects when one cannot start; then none is left. */
  async start(): Promise<void> {
    this.#install(await this.#startAll());
    const { stallTimeout } = this.#options;
    if (stallTimeout > 0) {
      const interval = Math.max(1, stallTimeout / 4);
      this.#watch = setInterval(() => {
        this.#look(interval);
      }, interval).unref();
    }
  }

  /**
   * Starts fresh workers in place of all; the old ones are drained, within `timeout` ms, as soon as `assign` has given
   * their sockets away. `prepare` is awaited when the fresh ones are there. Rejects when one of them cannot start, or with
   * what `prepare` rejects with; then everything is as before.
   */
  async renew(prepare: () => Promise<void>, assign: () => Promise<void>, timeout: number): Promise<void> {
    const fresh = await this.#startAll();
    try {
      await prepare();
    } catch (error) {
      await this.#dismiss(fresh);
      throw error;
    }
    const old = this.#slots.flatMap(({ worker }) => worker ?? []);
    for (const slot of this.#slots) clearTimeout(slot.restart);
    for (const worker of old) this.#retiring.add(worker);
    this.#install(fresh);
    await assign();
    await Promise.all(old.map((worker) => this.#retire(worker, timeout)));
  }

  /** Drains all workers, in parallel and within `timeout` ms, then ends them. `cutOff` is called before that. */
  async end(timeout: number, cutOff: () => void = () => undefined): Promise<void> {
    this.#ending = true;
    clearInterval(this.#watch);
    for (const slot of this.#slots) clearTimeout(slot.restart);
    const all = this.all;
    await within(
      timeout,
      all.map((worker) => this.#drain(worker)),
    );
    cutOff();
    await Promise.all(all.map((worker) => worker.destroy()));
    for (const worker of all) this.#options.buried(worker);
    this.#slots = [];
    this.#retiring.clear();
  }

  ref(on: boolean): void {
    this.#ref = on;
    for (const worker of this.all)
      if (on) worker.ref();
      else worker.unref();
  }

  async #startAll(): Promise<SupervisedWorker[]> {
    const starting = this.#slots.map((_, index) => this.#startOne(index));
    // All of them are waited for, so that none comes up after a failure has been cleaned up.
    const results = await Promise.allSettled(starting);
    const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed === undefined && !this.#ending) return started;
    await this.#dismiss(started);
    throw failed === undefined
      ? withCode(new Error('the server was closed'), 'ERR_SERVER_NOT_RUNNING')
      : (failed as PromiseRejectedResult).reason;
  }

  /** Ends workers that have not been given anything yet. */
  async #dismiss(workers: readonly SupervisedWorker[]): Promise<void> {
    await Promise.all(workers.map((worker) => worker.destroy()));
    for (const worker of workers) this.#options.buried(worker);
  }

  async #startOne(index: number): Promise<SupervisedWorker> {
    const worker = await this.#options.start(index, (error) => {
      this.#bury(worker, error);
    });
    if (!this.#ref) worker.unref();
    channels.start.publish({ worker: index });
    return worker;
  }

  #install(workers: SupervisedWorker[]): void {
    this.#slots = workers.map((worker) => ({ ...emptySlot(), worker }));
  }

  async #retire(worker: SupervisedWorker, timeout: number): Promise<void> {
    await within(timeout, [this.#drain(worker)]);
    await worker.destroy();
    if (this.#retiring.delete(worker)) this.#options.buried(worker);
  }

  async #drain(worker: SupervisedWorker): Promise<void> {
    try {
      await worker.drain();
    } catch (error) {
      this.#options.warn(error as Error);
    }
  }

  #bury(worker: SupervisedWorker, error: Error): void {
    channels.exit.publish({ worker: worker.index, error });
    this.#options.buried(worker);
    this.#options.warn(error);
    this.#retiring.delete(worker);
    const slot = this.#slots.find((candidate) => candidate.worker === worker);
    if (slot === undefined) return;
    const young = performance.now() - slot.startedAt < HEALTHY_AFTER;
    slot.deaths = young ? slot.deaths + 1 : 1;
    slot.worker = undefined;
    slot.stalled = false;
    if (!this.#ending) this.#options.changed();
    this.#replaceSoon(slot);
  }

  #replaceSoon(slot: Slot): void {
    if (this.#ending) return;
    const delay = slot.deaths <= 1 ? 0 : Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (slot.deaths - 2));
    slot.restart = setTimeout(() => {
      this.#replace(slot).catch((error: unknown) => {
        this.#options.warn(error as Error);
        slot.deaths++;
        this.#replaceSoon(slot);
      });
    }, delay);
    if (!this.#ref) slot.restart.unref();
  }

  async #replace(slot: Slot): Promise<void> {
    const worker = await this.#startOne(this.#slots.indexOf(slot));
    if (this.#ending || !this.#slots.includes(slot)) {
      // The server was closed or renewed meanwhile: this one came too late.
      await worker.destroy();
      this.#options.buried(worker);
      return;
    }
    slot.worker = worker;
    slot.startedAt = performance.now();
    this.#options.changed();
  }

  /** Looks who stalls. */
  #look(interval: number): void {
    const late = performance.now() - this.#lastLook > 3 * interval;
    this.#lastLook = performance.now();
    // This thread itself, or the process, has stood still: the workers have had no time to beat.
    if (late) return;
    let changed = false;
    for (const slot of this.#slots) {
      if (slot.worker === undefined) continue;
      const age = slot.worker.stalledFor();
      const { stallTimeout, killTimeout } = this.#options;
      if (killTimeout > 0 && age > killTimeout) {
        const reason = new Error(`it did not turn its event loop for ${killTimeout} ms`);
        slot.worker.kill(withCode(reason, 'ERR_MULTISOCKET_WORKER_STALLED'));
      } else if (age > stallTimeout !== slot.stalled) {
        slot.stalled = !slot.stalled;
        channels.stall.publish({ worker: slot.worker.index, stalled: slot.stalled });
        changed = true;
      }
    }
    if (changed) this.#options.changed();
  }
}

function emptySlot(): Slot {
  return { worker: undefined, stalled: false, startedAt: performance.now(), deaths: 0, restart: undefined };
}

/** Waits for all of `promises`, which never reject, but not longer than `timeout` ms. */
async function within(timeout: number, promises: Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  await Promise.race([Promise.all(promises), bound]);
  clearTimeout(timer);
}
