/** Choices that a seed decides, so that each try can be repeated. */
import { createHash } from 'node:crypto';

/** A source of choices. The same seed gives the same choices. */
export class Random {
  #state: Uint32Array;

  constructor(seed: string) {
    const digest = createHash('sha256').update(seed).digest();
    this.#state = Uint32Array.from({ length: 4 }, (_, i) => digest.readUInt32LE(4 * i) | 1);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    // xoshiro128**: small, and good enough to choose attacks.
    const s = this.#state;
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result % limit;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** Octets. */
  octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  /** A word of lower case letters, unlikely to occur twice. */
  word(length = 10): string {
    return Array.from({ length }, () => String.fromCharCode(97 + this.below(26))).join('');
  }

  /** The list in another order. */
  shuffle<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.below(left.length), 1)[0]);
  }
}
