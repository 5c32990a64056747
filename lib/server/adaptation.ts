import type { AdaptationBounds } from '../options/server.js';
import { usableCpus } from '../socket/cpus.js';
import { recommendSockets, type CpuUse } from '../socket/recommend-sockets.js';

/** The share of a serving worker's time above which the worker is at full load, where the rule for sockets holds. */
const FULL = 0.7;
/** A socket is surplus if the others could do its work with less than this share of their workers' time. */
const QUIET = 0.4;
/** The number of consecutive quiet intervals before a socket is removed. */
const PATIENCE = 3;

/**
 * An automatic change of the number of sockets. `cpuUsed`: the share of their time that all workers together were busy.
 */
export interface AdaptationStep extends CpuUse {
  /** Sockets of each address before the change. */
  from: number;
  /** Sockets of each address after the change. */
  to: number;
}

/** Options of {@link Adaptation}: the functions of its server. */
export interface AdaptationOptions extends AdaptationBounds {
  /** The number of sockets; 0 if no address adapts, which a reload can bring about. */
  sockets(): number;
  /** Milliseconds that each worker's event loop has been busy since the worker started. */
  busy(): readonly number[];
  /** Changes the number of sockets of the addresses. */
  resize(sockets: number): Promise<void>;
  told(step: AdaptationStep): void;
  failed(error: Error): void;
}

/** The rule that gives the number of sockets for the next interval. */
export class AdaptationRule {
  readonly #bounds: Pick<AdaptationBounds, 'min' | 'max'>;
  #quiet = 0;

  constructor(bounds: Pick<AdaptationBounds, 'min' | 'max'>) {
    this.#bounds = bounds;
  }

  /** `sockets`: the current number; `serving`: the number of workers that have a socket. */
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

/** Adapts the number of sockets to the load (`sockets: 'auto'`), slowly and within bounds. */
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
    // A new worker starts from 0.
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
