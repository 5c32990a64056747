/** Chance that a seed decides. */

/** A generator of pseudo-random numbers (mulberry32): the same seed gives the same choices on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, but not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Whether something happens that does so with a probability from 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the values, which are not none. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** As many of the values, each perhaps more than once. */
  some<T>(values: readonly T[], count: number): T[] {
    return Array.from({ length: values.length === 0 ? 0 : count }, () => this.pick(values));
  }
}
