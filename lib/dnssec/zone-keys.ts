import { TYPE } from '../dns/numbers.js';
import type { SigningKey } from './signing-key.js';

/** The types that a parent zone follows or reads, which a key with the flag SEP signs (RFC 7344 s.4.1). */
const OF_KEYS = new Set<number>([TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY]);

/**
 * The keys of a zone. If an algorithm has keys with the flag SEP and keys without, the first sign the keys and the others
 * all else. Otherwise each key signs everything, since each algorithm has to sign all records (RFC 4035 s.2.2).
 */
export class ZoneKeys {
  readonly all: readonly SigningKey[];
  readonly #forKeys: readonly SigningKey[];
  readonly #forOthers: readonly SigningKey[];

  constructor(keys: readonly SigningKey[]) {
    const isAlone = ({ data, signsKeys }: SigningKey): boolean =>
      keys.every((other) => other.data.algorithm !== data.algorithm || other.signsKeys === signsKeys);
    this.all = keys;
    this.#forKeys = keys.filter((key) => key.signsKeys || isAlone(key));
    this.#forOthers = keys.filter((key) => !key.signsKeys || isAlone(key));
  }

  /** The keys that sign records of a type. */
  signersOf(type: number): readonly SigningKey[] {
    return OF_KEYS.has(type) ? this.#forKeys : this.#forOthers;
  }
}
