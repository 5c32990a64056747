/** What an attack is, and what it reports. */
import type { Random } from './random.js';
import type { Target } from './target.js';

/** A kind of attack. */
export interface Attack {
  name: string;
  /** How long a try takes at most, in seconds. */
  seconds: number;
  /** Whether there is anything of a target to attack. */
  suits: (target: Target) => boolean;
  /** One try. Throws {@link Broken} if the target gave way. */
  run: (target: Target, random: Random) => Promise<void>;
}

/** The target gave way to an attack. */
export class Broken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Broken';
  }
}

/** Throws {@link Broken} unless something holds. */
export function holds(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Broken(otherwise);
}
