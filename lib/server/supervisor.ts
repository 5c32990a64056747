import { withCode, type CodedError } from '../errors.js';
import type { Borrower } from './borrower.js';
import { channels } from './diagnostics.js';
import { hasEnded, type SupervisedWorker, type WorkerLife } from './supervised-worker.js';
import { StallWatch, type StallLimits } from './stall-watch.js';
import { within } from './within.js';
import { WorkerSlot } from './worker-slot.js';

/** Milliseconds before the second replacement of a worker that dies young. The first one is immediate; delays grow. */
const FIRST_DELAY = 100;
const MAX_DELAY = 1000;
/**
 * Milliseconds of life after which the death of a worker does not count as young. The time is short because a cause of
 * death may recur: a server whose workers die once a second must serve between their deaths.
 */
const HEALTHY_AFTER = 500;
/** The least limit of written-off workers, for servers with fewer workers than this. */
const MIN_WRITTEN_OFF = 4;

/** How many written-off workers a server may have. At the limit no other worker starts until one has ended. */
export function maxWrittenOff(workers: number): number {
  return Math.max(workers, MIN_WRITTEN_OFF);
}

/** Options of {@link Supervisor}: settings and functions of its server. */
export interface SupervisorOptions extends StallLimits {
  workers: number;
  /** Starts a worker. */
  start(index: number, life: WorkerLife): SupervisedWorker;
  /** The set of workers, or their health, has changed: the sockets must be assigned again. */
  changed(): void;
  warn(error: Error): void;
  /** The worker no longer serves anything. */
  buried(worker: SupervisedWorker): void;
}

/** Keeps a server's workers alive: starts them, checks that their loops turn, replaces the dead, and renews all. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #slots: WorkerSlot[] = [];
  /** The other slots of a start or renewal that is not complete yet. */
  #fresh: WorkerSlot[] = [];
  /** Workers that are about to end, with the ms for which the loop of each may not turn before it is ended. */
  readonly #retiring = new Map<SupervisedWorker, number>();
  /** Workers that are written off and have not ended. */
  #writtenOff = 0;
  readonly #watch: StallWatch;
  #ending = false;
  #ref = true;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#watch = new StallWatch(options, {
      slots: () => this.#slots,
      retiring: this.#retiring,
      changed: () => {
        options.changed();
      },
    });
  }

  /** Every worker that is ready, including those that are about to end. */
  get all(): SupervisedWorker[] {
    const placed = [...this.#slots, ...this.#fresh].flatMap(({ worker }) => worker ?? []);
    return [...new Set([...placed, ...this.#retiring.keys()])];
  }

  /** Every worker that is not ready yet. */
  get starting(): SupervisedWorker[] {
    return [...this.#slots, ...this.#fresh].flatMap(({ starting }) => starting ?? []);
  }

  /** Whether a written-off thread may still have descriptors of the server's sockets. */
  get hasWrittenOff(): boolean {
    return this.#writtenOff > 0;
  }

  /** Whether the worker's loop is known to have stalled. */
  isStalled(worker: Borrower): boolean {
    return this.#slots.some((slot) => slot.worker === worker && slot.stalled);
  }

  /**
   * The workers that should serve the socket at index `place`: the one whose turn it is; if it is stalled, a healthy
   * one beside it; if it is gone, a healthy one in its place. Empty if there is no worker.
   */
  readersFor(place: number): Borrower[] {
    const slot = this.#slots[place % this.#slots.length];
    if (slot.worker !== undefined && !slot.stalled) return [slot.worker];
    const sound = this.#slots.flatMap(({ worker, stalled }) => (worker === undefined || stalled ? [] : [worker]));
    const standIn = sound.length === 0 ? [] : [sound[Math.floor(place / this.#slots.length) % sound.length]];
    return slot.worker === undefined ? standIn : [...standIn, slot.worker];
  }

  /**
   * Starts all workers. A worker that dies after it was ready is replaced, also while others start. Rejects if one
   * cannot start, or if {@link end} is called in the meantime; then no worker is left.
   */
  async start(): Promise<void> {
    this.#slots = await this.#startAll();
    this.#watch.start();
  }

  /**
   * Starts fresh workers in place of all. `prepare` is awaited when they are ready, `assign` when they have the places of
   * the old ones. From then on the old ones are retiring; {@link retireAll} ends them.
   *
   * Rejects if a fresh worker cannot start, with an error of `prepare` or `assign`, or if {@link end} is called before
   * `assign` has resolved. The old workers then have their places; if `assign` failed, the fresh ones are retiring.
   */
  async renew(prepare: () => Promise<void>, assign: () => Promise<void>, timeout: number): Promise<void> {
    const fresh = await this.#startAll(prepare);
    const before = this.#slots;
    const old = before.flatMap(({ worker }) => worker ?? []);
    for (const worker of old) this.#retiring.set(worker, timeout);
    [this.#slots, this.#fresh] = [fresh, before];
    try {
      await assign();
    } catch (error) {
      this.#refuseWhenEnding();
      this.#slots = before;
      for (const worker of old) this.#retiring.delete(worker);
      this.#finishRenewal(fresh, timeout);
      throw error;
    }
    this.#refuseWhenEnding();
    this.#finishRenewal(before, timeout);
  }

  /** Drains the workers that are retiring, each within its timeout, then ends them. */
  async retireAll(): Promise<void> {
    await Promise.all([...this.#retiring].map(([worker, timeout]) => this.#retire(worker, timeout)));
  }

  /** Drains all workers, in parallel and within `timeout` ms, then ends them. `cutOff` is called before that. */
  async end(timeout: number, cutOff: () => void = () => undefined): Promise<void> {
    this.#ending = true;
    this.#watch.stop();
    const ready = this.all;
    const everyone = new Set([...[...this.#slots, ...this.#fresh].flatMap((slot) => slot.close()), ...ready]);
    await within(
      timeout,
      ready.map((worker) => this.#drain(worker)),
    );
    cutOff();
    await this.#dismiss([...everyone]);
    this.#slots = [];
    this.#fresh = [];
    this.#retiring.clear();
  }

  ref(on: boolean): void {
    this.#ref = on;
    for (const worker of this.all) {
      if (on) worker.ref();
      else worker.unref();
    }
  }

  /** Starts a worker for every slot, then awaits `prepare`. */
  async #startAll(prepare: () => Promise<void> = () => Promise.resolve()): Promise<WorkerSlot[]> {
    const slots = Array.from({ length: this.#options.workers }, (_, index) => new WorkerSlot(index));
    this.#fresh = slots;
    try {
      await Promise.all(slots.map((slot) => this.#fill(slot)));
      await prepare();
      this.#refuseWhenEnding();
      return slots;
    } catch (error) {
      // Nothing waits for workers that are still starting.
      await this.#dismiss(slots.flatMap((slot) => slot.close()));
      this.#refuseWhenEnding();
      throw error;
    } finally {
      this.#fresh = [];
    }
  }

  #refuseWhenEnding(slot?: WorkerSlot): void {
    if (this.#ending || slot?.closed === true) {
      throw withCode(new Error('the server was closed'), 'ERR_SERVER_NOT_RUNNING');
    }
  }

  /** Ends workers at once. */
  async #dismiss(workers: readonly SupervisedWorker[]): Promise<void> {
    await Promise.all(workers.map((worker) => worker.destroy()));
    for (const worker of workers) this.#options.buried(worker);
  }

  /** Starts a worker in an empty slot; resolves when it is ready. */
  async #fill(slot: WorkerSlot): Promise<void> {
    this.#refuseWhenEnding(slot);
    if (this.#writtenOff >= maxWrittenOff(this.#options.workers)) throw tooManyWrittenOff(this.#writtenOff);
    const worker = this.#options.start(slot.index, {
      died: (error) => {
        this.#bury(slot, worker, error);
      },
      writtenOff: (error) => {
        this.#writtenOff++;
        this.#options.warn(error);
      },
      cameBack: () => {
        this.#writtenOff--;
      },
    });
    slot.starting = worker;
    if (!this.#ref) worker.unref();
    try {
      await worker.ready;
    } finally {
      slot.starting = undefined;
    }
    this.#refuseWhenEnding(slot);
    slot.worker = worker;
    slot.startedAt = performance.now();
    channels.start.publish({ worker: slot.index });
  }

  /** Makes the workers of these slots retire. */
  #finishRenewal(slots: readonly WorkerSlot[], timeout: number): void {
    this.#fresh = [];
    for (const worker of slots.flatMap((slot) => slot.close())) this.#retiring.set(worker, timeout);
  }

  async #retire(worker: SupervisedWorker, timeout: number): Promise<void> {
    await within(timeout, [this.#drain(worker)]);
    this.#retiring.delete(worker);
    await this.#dismiss([worker]);
  }

  async #drain(worker: SupervisedWorker): Promise<void> {
    try {
      await worker.drain();
    } catch (error) {
      if (!hasEnded(error)) this.#options.warn(error as Error);
    }
  }

  #bury(slot: WorkerSlot, worker: SupervisedWorker, error: CodedError): void {
    channels.exit.publish({ worker: worker.index, error });
    this.#options.buried(worker);
    // The error of a written-off worker has been reported already.
    if (error.code !== 'ERR_MULTISOCKET_WORKER_BLOCKED') this.#options.warn(error);
    this.#retiring.delete(worker);
    if (slot.worker !== worker) return;
    const young = performance.now() - slot.startedAt < HEALTHY_AFTER;
    slot.deaths = young ? slot.deaths + 1 : 1;
    slot.worker = undefined;
    slot.stalled = false;
    if (!this.#ending) this.#options.changed();
    this.#replaceSoon(slot);
  }

  #replaceSoon(slot: WorkerSlot): void {
    if (this.#ending || slot.closed) return;
    const delay = slot.deaths <= 1 ? 0 : Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (slot.deaths - 2));
    slot.restart = setTimeout(() => {
      this.#fill(slot).then(
        () => {
          this.#options.changed();
        },
        (error: unknown) => {
          if (this.#ending || slot.closed) return;
          this.#options.warn(error as Error);
          slot.deaths++;
          this.#replaceSoon(slot);
        },
      );
    }, delay);
    if (!this.#ref) slot.restart.unref();
  }
}

function tooManyWrittenOff(count: number): CodedError {
  const message = `no worker is started: ${count} threads that were written off have not ended`;
  return withCode(new Error(message), 'ERR_MULTISOCKET_WORKER_BLOCKED');
}
