import { unescape } from '../dns/escapes.js';
import { labelsOf } from '../dns/names.js';
import { TYPE } from '../dns/numbers.js';
import type { DenialChain, MissingName } from './denial-chain.js';
import { compareNodes, compareToChild, lastUpTo } from './nsec-order.js';
import type { ZoneData } from './zone-data.js';

const WILDCARD = Buffer.from('*');

/** The chain of a zone's NSEC records: a record shows its name's types, and that no name follows up to the next one. */
export class NsecChain implements DenialChain {
  readonly type = TYPE.NSEC;
  readonly #data: ZoneData;

  constructor(data: ZoneData) {
    this.#data = data;
  }

  /** An empty non-terminal has no record: the one before it has a next name below it (RFC 4035 s.3.1.3.2). */
  atName(node: number): (number | undefined)[] {
    const { names, index } = this.#data;
    return [lastUpTo(index.order, (owner) => compareNodes(names, owner, node))];
  }

  /** A record that covers the next closer name covers all names below it. */
  withoutName({ encloser, nextCloser }: MissingName): (number | undefined)[] {
    const [label] = labelsOf(nextCloser);
    return [this.#before(encloser, Buffer.from(unescape(label), 'latin1'))];
  }

  /** The next name of the covering record shows the encloser. */
  withEncloser(missing: MissingName): (number | undefined)[] {
    return this.withoutName(missing);
  }

  withoutWildcard(missing: MissingName): (number | undefined)[] {
    return [...this.withoutName(missing), this.#before(missing.encloser, WILDCARD)];
  }

  #before(parent: number, label: Buffer): number | undefined {
    const { names, index } = this.#data;
    return lastUpTo(index.order, (owner) => compareToChild(names, owner, parent, label));
  }
}
