import { toBase32 } from '../../dns/base32.js';
import { TYPE } from '../../dns/numbers.js';
import { NSEC3_HASH_SIZE, NSEC3_SHA1, nsec3Hash } from '../../dnssec/nsec3-hash.js';
import { TOP } from '../name-tree.js';
import { NO_SET } from '../rrsets.js';
import type { ZoneData } from '../zone-data.js';
import { PLACE, type AuthorityMap } from './authority-map.js';

/** The flag of NSEC3 (RFC 5155 s.3.1.2.1). */
const OPT_OUT = 1;

/** The fields of an NSEC3 record but its types. */
interface Nsec3Fields {
  algorithm: number;
  flags: number;
  iterations: number;
  salt: Buffer;
  /** The next hash. */
  nextDomain: Buffer;
}

/**
 * The NSEC3 records of a zone in the order of their hashes (RFC 5155 s.7.1), without salt and additional iterations (RFC
 * 9276 s.3.1).
 */
export class Nsec3Records {
  readonly #origin: string;
  readonly #flags: number;
  /** In the order of their hashes. */
  readonly #nodes: Uint32Array;
  /** By place in that order. */
  readonly #hashes: Buffer;

  /** `optOut`: leaves out delegations without DS, and names that exist only because of them. */
  constructor(data: ZoneData, map: AuthorityMap, optOut: boolean) {
    this.#origin = data.origin;
    this.#flags = optOut ? OPT_OUT : 0;
    const owners = ownersIn(data, map, optOut);
    const hashes = Buffer.alloc(owners.length * NSEC3_HASH_SIZE);
    for (const [i, node] of owners.entries()) hashes.set(nsec3Hash(data.names.nameOf(node)), i * NSEC3_HASH_SIZE);
    const order = Uint32Array.from(owners, (_, i) => i).sort((a, b) => Buffer.compare(at(hashes, a), at(hashes, b)));
    this.#nodes = order.map((i) => owners[i]);
    this.#hashes = Buffer.alloc(hashes.length);
    for (const [to, from] of order.entries()) this.#hashes.set(at(hashes, from), to * NSEC3_HASH_SIZE);
  }

  /** The number of records. */
  get size(): number {
    return this.#nodes.length;
  }

  /** The record at a place in the chain, for the name of a node. */
  record(place: number): { name: string; node: number; fields: Nsec3Fields } {
    const nextDomain = at(this.#hashes, (place + 1) % this.size);
    const label = toBase32(at(this.#hashes, place));
    return {
      name: this.#origin === '.' ? label : `${label}.${this.#origin}`,
      node: this.#nodes[place],
      fields: { algorithm: NSEC3_SHA1, flags: this.#flags, iterations: 0, salt: Buffer.alloc(0), nextDomain },
    };
  }
}

/**
 * The nodes that own NSEC3 records: names with authority and zone cuts, and empty non-terminals above them (RFC 5155 s.7.1).
 */
function ownersIn(data: ZoneData, map: AuthorityMap, optOut: boolean): Uint32Array {
  const owns = new Uint8Array(data.names.count);
  // A name stands behind those above it.
  for (const node of map.order.toReversed()) {
    const place = map.place(node);
    const isSecure = place === PLACE.own || (place === PLACE.cut && data.find(node, TYPE.DS) !== NO_SET);
    if (isSecure ? data.first(node) !== NO_SET : place === PLACE.cut && !optOut) owns[node] = 1;
    if (owns[node] === 1 && node !== TOP) owns[data.names.parent(node)] = 1;
  }
  return map.order.filter((node) => owns[node] === 1);
}

function at(hashes: Buffer, place: number): Buffer {
  return hashes.subarray(place * NSEC3_HASH_SIZE, (place + 1) * NSEC3_HASH_SIZE);
}
