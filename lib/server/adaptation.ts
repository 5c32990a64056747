/** `sockets: 'auto'`: the number of sockets follows the load, slowly and within bounds. */
import { usableCpus } from '../socket/cpus.js';
import { recommendSockets, type CpuUse } from '../socket/recommend-sockets.js';

/** From so much of their time on, workers that serve are taken to be at full load, where the rule for sockets holds. */
const FULL = 0.7;
/** A socket is one too many when the others could do its work with less than this of their workers' time. */
const QUIET = 0.4;
/** How many quiet intervals in a row it takes. */
const PATIENCE = 3;

/** Bounds of `sockets: 'auto'`. */
export interface AdaptationBounds {
  /** The fewest sockets, 1 to 1,024, and how many there are at first. */
  min: number;
  /** The most, `min` to 1,024. */
  max: number;
  /** Milliseconds between looks; each changes the number at most to its double, or by one less. */
  interval: number;
}

/** A change that was made by itself; `cpuUsed`: how much of their time all workers together were busy. */
export interface AdaptationStep extends CpuUse {
  /** Sockets an address before. */
  from: number;
  /** And now. */
  to: number;
}

/** What an {@link Adaptation} needs from its server. */
export interface AdaptationOptions extends AdaptationBounds {
  /** How many sockets there are; 0 when no address adapts, as a reload may have it. */
  sockets(): number;
  /** Milliseconds that each worker's event loop has been busy since the worker started. */
  busy(): readonly number[];
  /** Gives the addresses that many sockets. */
  resize(sockets: number): Promise<void>;
  told(step: AdaptationStep): void;
  failed(error: Error): void;
}

/** How many sockets there shall be next, from one interval to the other. */
export class AdaptationRule {
  readonly #bounds: Pick<AdaptationBounds, 'min' | 'max'>;
  #quiet = 0;

  constructor(bounds: Pick<AdaptationBounds, 'min' | 'max'>) {
    this.#bounds = bounds;
  }

  /** `sockets`: as many there are; `serving`: the workers that have one. */
  next(sockets: number, serving: number, { cpuUsed, cpuAvailable }: CpuUse): number {
    const { min, max } = this.#bounds;
    if (cpuUsed >= FULL * serving) {
      this.#quiet = 0;
      const wanted = recommendSockets({ cpuUsed: cpuUsed / serving, cpuAvailable });
      return Math.max(sockets, Math.min(wanted, 2 * sockets, max));
    }
    this.#quiet = cpuUsed < QUIET * (serving - 1) ? this.#quiet + 1 : 0;
    if (this.#quiet < PATIENCE) return sockets;
    this.#quiet = 0;
    return sockets > min ? sockets - 1 : sockets;
  }
}

/** See the file's head. */
export class Adaptation {
  readonly #options: AdaptationOptions;
  readonly #rule: AdaptationRule;
  readonly #timer: NodeJS.Timeout;
  #before: readonly number[];
  #at = performance.now();
  #changing = false;

  constructor(options: AdaptationOptions) {
    this.#options = options;
    this.#rule = new AdaptationRule(options);
    this.#before = options.busy();
    this.#timer = setInterval(() => {
      this.#look();
    }, options.interval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#changing) return;
    const busy = this.#options.busy();
    const elapsed = performance.now() - this.#at;
    // A worker that is new has begun from 0.
    const cpuUsed =
      busy.reduce((sum, now, i) => sum + now - (this.#before[i] <= now ? this.#before[i] : 0), 0) / elapsed;
    this.#before = busy;
    this.#at += elapsed;
    const cpuAvailable = usableCpus();
    const from = this.#options.sockets();
    if (from === 0) return;
    const to = this.#rule.next(from, Math.min(from, busy.length), { cpuUsed, cpuAvailable });
    if (to !== from) this.#change({ from, to, cpuUsed, cpuAvailable });
  }

  #change(step: AdaptationStep): void {
    this.#changing = true;
    this.#options.resize(step.to).then(
      () => {
        this.#changing = false;
        this.#options.told(step);
      },
      (error: unknown) => {
        this.#changing = false;
        this.#options.failed(error as Error);
      },
    );
  }
}
