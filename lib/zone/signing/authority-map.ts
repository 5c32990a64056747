import { TYPE } from '../../dns/numbers.js';
import { canonicalOrder } from '../canonical-order.js';
import { TOP } from '../name-tree.js';
import { NO_SET } from '../rrsets.js';
import type { ZoneData } from '../zone-data.js';

/** What a zone says of a name. */
export const PLACE = {
  /** It has authority. */
  own: 0,
  /** The name is a zone cut: the zone has authority over DS and the proof that there is none (RFC 4035 s.2.4). */
  cut: 1,
  /** The name is below a zone cut, or below a DNAME: no authority. */
  hidden: 2,
} as const;

/** The names of a zone in canonical order, and where the zone has authority. */
export class AuthorityMap {
  /** The nodes of all names that exist, empty non-terminals included. */
  readonly order: Uint32Array;
  readonly #places: Uint8Array;

  constructor(data: ZoneData) {
    this.order = canonicalOrder(data.names);
    this.#places = new Uint8Array(data.names.count);
    // A name stands behind those above it.
    for (const node of this.order) if (node !== TOP) this.#places[node] = this.#placeOf(data, node);
  }

  /** The {@link PLACE} of a node. */
  place(node: number): number {
    return this.#places[node];
  }

  #placeOf(data: ZoneData, node: number): number {
    const parent = data.names.parent(node);
    if (this.#places[parent] !== PLACE.own || data.find(parent, TYPE.DNAME) !== NO_SET) return PLACE.hidden;
    return data.find(node, TYPE.NS) === NO_SET ? PLACE.own : PLACE.cut;
  }
}
