import { TYPE } from '../dns/numbers.js';
import { nsec3Hash } from '../dnssec/nsec3-hash.js';
import type { DenialChain, MissingName } from './denial-chain.js';
import { TOP } from './name-tree.js';
import { hashAt } from './nsec3-index.js';
import type { ZoneData } from './zone-data.js';

/** The most names whose records are known without hashing. */
const MOST = 16_384;

/** The closest encloser that has a record, and the records that show it. */
interface Enclosure {
  encloser: number;
  records: (number | undefined)[];
}

/** The chain of a zone's NSEC3 records: a record shows the types of a name with its hash, and that no hash follows up to the next one. */
export class Nsec3Chain implements DenialChain {
  readonly type = TYPE.NSEC3;
  readonly #data: ZoneData;
  /** The records of names that exist. */
  readonly #known = new Map<number, number | undefined>();

  constructor(data: ZoneData) {
    this.#data = data;
  }

  /** Opt-out leaves delegations without a record (RFC 5155 s.7.2.4), and empty non-terminals above them. */
  atName(node: number): (number | undefined)[] {
    const record = this.#recordOf(node);
    if (record !== undefined || node === TOP) return [record];
    const { names } = this.#data;
    return this.#enclosure({ encloser: names.parent(node), nextCloser: names.nameOf(node) }).records;
  }

  withoutName({ nextCloser }: MissingName): (number | undefined)[] {
    return [this.#cover(nextCloser)];
  }

  withEncloser(missing: MissingName): (number | undefined)[] {
    return this.#enclosure(missing).records;
  }

  withoutWildcard(missing: MissingName): (number | undefined)[] {
    const { encloser, records } = this.#enclosure(missing);
    const name = this.#data.names.nameOf(encloser);
    return [...records, this.#cover(name === '.' ? '*' : `*.${name}`)];
  }

  /** The closest provable encloser proof (RFC 5155 s.7.2.1): that an encloser exists, and not the name right below it. */
  #enclosure({ encloser, nextCloser }: MissingName): Enclosure {
    const { names } = this.#data;
    let at = encloser;
    let closer = nextCloser;
    for (; at !== TOP && this.#recordOf(at) === undefined; at = names.parent(at)) closer = names.nameOf(at);
    return { encloser: at, records: [this.#recordOf(at), this.#cover(closer)] };
  }

  /** The record with the hash of a name that exists. */
  #recordOf(node: number): number | undefined {
    if (this.#known.has(node)) return this.#known.get(node);
    const found = this.#find(this.#data.names.nameOf(node));
    const record = found?.exact === true ? found.node : undefined;
    if (this.#known.size === MOST) this.#known.clear();
    this.#known.set(node, record);
    return record;
  }

  /** The record that covers the hash of a name; undefined if a record has this hash. */
  #cover(name: string): number | undefined {
    const found = this.#find(name);
    return found?.exact === false ? found.node : undefined;
  }

  #find(name: string): { node: number; exact: boolean } | undefined {
    const { index } = this.#data;
    return hashAt(index, nsec3Hash(name, index.nsec3Iterations, index.nsec3Salt));
  }
}
