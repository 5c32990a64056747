/** What came of the attacks. */
import { Broken } from './attack.js';

/** Counts of a configuration. */
interface Count {
  tried: number;
  broken: number;
}

/** Attacks tried, withstood and broken, by configuration. */
export class Tally {
  readonly #seed: string;
  readonly #counts = new Map<string, Count>();
  readonly #leftOut: string[] = [];

  constructor(seed: string) {
    this.#seed = seed;
  }

  /**
   * Tries an attack, and counts and prints its outcome. `number`: of the try; undefined: the attack follows all others of a
   * configuration. Resolves to true if the server gave way.
   */
  async note(
    configuration: string,
    attack: string,
    number: number | undefined,
    run: () => Promise<void>,
  ): Promise<boolean> {
    const count = this.#counts.get(configuration) ?? { tried: 0, broken: 0 };
    this.#counts.set(configuration, count);
    count.tried++;
    try {
      await run();
      return false;
    } catch (error) {
      count.broken++;
      const which = number === undefined ? configuration : `${configuration}/${attack} --try ${number}`;
      console.log(`BROKEN ${configuration}, ${attack}: ${error instanceof Broken ? error.message : String(error)}`);
      console.log(`  again: npm run adversary -- --seed ${this.#seed} --only ${which}`);
      if (!(error instanceof Broken)) console.error(error);
      return true;
    }
  }

  /** Notes that a configuration was not attacked. */
  leaveOut(configuration: string, why: string): void {
    this.#leftOut.push(`${configuration}: ${why}`);
  }

  /** Prints all counts. Returns how many attacks broke a server. */
  report(): number {
    const sum: Count = { tried: 0, broken: 0 };
    for (const [name, { tried, broken }] of this.#counts) {
      sum.tried += tried;
      sum.broken += broken;
      console.log(`${name}: ${tried} tried, ${tried - broken} withstood, ${broken} broken`);
    }
    for (const each of this.#leftOut) console.log(`left out: ${each}`);
    const { tried, broken } = sum;
    console.log(`attacks: ${tried} tried, ${tried - broken} withstood, ${broken} broken (seed ${this.#seed})`);
    return broken;
  }
}
