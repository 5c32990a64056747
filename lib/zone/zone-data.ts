import type { ResourceRecord } from '../dns/record.js';
import { TYPE } from '../dns/numbers.js';
import { NameTree, TOP } from './name-tree.js';
import { isSignature, NO_SET, RRsets, signatureType } from './rrsets.js';
import { UNSIGNED, type SignedIndex, type ZoneImage } from './zone-image.js';

const NSEC3_SIGNATURES = signatureType(TYPE.NSEC3);

/** An RRset outside of a {@link ZoneData}. */
export interface LooseSet {
  /** Its TYPE, or a {@link signatureType}. */
  type: number;
  /** Seconds. */
  ttl: number;
  /** RDLENGTH and RDATA of each record. */
  rdata: readonly Buffer[];
}

/** What an iteration over all records goes on with while the zone changes. */
interface Snapshot {
  /** The number of nodes. */
  end: number;
  /** The set of the SOA record. */
  soa: number;
  /** The first sets of nodes that have changed since. */
  before: Map<number, number>;
}

/**
 * The records of one zone, in columns of numbers and octets: some 70 octets for a name with one address. It is made for
 * look-ups by name, for reads in order, and for native code, which can read the same memory.
 *
 * The value of a node in {@link names} is its first RRset in {@link sets}. Changes are made in place, one name at a time,
 * by {@link replace}; iterations that have begun do not see them.
 */
export class ZoneData {
  readonly names: NameTree;
  readonly sets: RRsets;
  /** The indexes of a signed zone. */
  index: SignedIndex = UNSIGNED;
  /** The number of records. */
  size = 0;
  /** Octets of records in use. */
  #used = 0;
  #snapshots: WeakRef<Snapshot>[] = [];
  /** Whether an image shares the memory, which therefore must not change. */
  #isShared = false;

  /** `origin`: the zone's name, in lower case. `image`: its records; default: none. */
  constructor(
    readonly origin: string,
    image?: ZoneImage,
  ) {
    this.names = new NameTree(origin, image);
    this.sets = new RRsets(image);
    if (image === undefined) return;
    const { order, nsec3Hashes, nsec3Sets, nsec3Iterations, nsec3Salt } = image;
    this.index = { order, nsec3Hashes, nsec3Sets, nsec3Iterations, nsec3Salt };
    this.count(image.counts.records, image.counts.octets);
    this.#isShared = true;
  }

  /** The zone as it is now, in the memory of this object. A change moves the records to other memory first. */
  image(): ZoneImage {
    this.#isShared = true;
    const counts = { records: this.size, octets: this.#used };
    return { origin: this.origin, counts, ...this.names.image(), ...this.sets.image(), ...this.index };
  }

  /** The set of a type at a node; `NO_SET`: none. */
  find(node: number, type: number): number {
    return this.sets.find(this.names.value(node), type);
  }

  /** The sets with the records of a TYPE at a node; for RRSIG those of all signatures. */
  *findAll(node: number, type: number): Generator<number> {
    const { sets } = this;
    for (let set = this.first(node); set !== NO_SET; set = sets.next(set)) {
      if (sets.type(set) === type || (type === TYPE.RRSIG && isSignature(sets.type(set)))) yield set;
    }
  }

  /** Whether a node is a name of the zone. The owner of an NSEC3 record alone is not (RFC 5155 s.7.2.8). */
  isName(node: number): boolean {
    const { names, sets } = this;
    if (names.hasChildren(node)) return true;
    let set = this.first(node);
    while (set !== NO_SET && (sets.type(set) === TYPE.NSEC3 || sets.type(set) === NSEC3_SIGNATURES))
      set = sets.next(set);
    return set !== NO_SET;
  }

  /** The first set of a node; `NO_SET`: none. */
  first(node: number): number {
    return this.names.value(node);
  }

  /** The RRsets of a node. */
  loose(node: number): LooseSet[] {
    const { sets } = this;
    const found: LooseSet[] = [];
    for (let set = this.first(node); set !== NO_SET; set = sets.next(set)) {
      found.push({ type: sets.type(set), ttl: sets.ttl(set), rdata: [...sets.records(set)] });
    }
    return found;
  }

  /** Gives a name, in lower case and in the zone, other RRsets. */
  replace(name: string, rrsets: readonly LooseSet[]): void {
    const { names, sets } = this;
    if (this.#isShared) this.#unshare();
    const node = names.add(name) ?? TOP;
    const before = this.first(node);
    this.#remember(node, before);
    for (const { rdata } of this.loose(node)) this.#count(rdata, -1);
    let first = NO_SET;
    for (const { type, ttl, rdata } of rrsets.toReversed()) {
      first = sets.add(type, ttl, first);
      // A set of which only the TTL changes, or nothing, is written again: updates are rare.
      for (const record of rdata) sets.append(first, record, 0, record.length);
      this.#count(rdata, 1);
    }
    names.setValue(node, first);
  }

  /** Whether a copy of the data would take less than half of the memory. */
  get isSparse(): boolean {
    return this.sets.size > 2 * this.#used + (1 << 20);
  }

  /** The same records in fresh memory, without names that do not exist any more. */
  compacted(): ZoneData {
    const copy = new ZoneData(this.origin);
    for (const [name, node] of this.nodes()) {
      if (this.first(node) !== NO_SET) copy.replace(name, this.loose(node));
    }
    return copy;
  }

  /** All records as of now, whatever changes during the iteration; SOA first, then the other records of the zone's own name. */
  records(): Generator<ResourceRecord, void, undefined> {
    // A generator does nothing before its first step, which may come after a change.
    const snapshot: Snapshot = { end: this.names.count, soa: this.find(TOP, TYPE.SOA), before: new Map() };
    const reference = new WeakRef(snapshot);
    this.#snapshots.push(reference);
    return this.#recordsOf(snapshot, reference);
  }

  /** Calls `each` for every RRset, that of the SOA record first. Nothing may change meanwhile. */
  eachSet(each: (node: number, set: number) => void): void {
    const soa = this.find(TOP, TYPE.SOA);
    each(TOP, soa);
    for (let node = TOP; node < this.names.count; node++) {
      for (let set = this.first(node); set !== NO_SET; set = this.sets.next(set)) if (set !== soa) each(node, set);
    }
  }

  /** Counts records that were added in another way than by {@link replace}. */
  count(records: number, octets: number): void {
    this.size += records;
    this.#used += octets;
  }

  *#recordsOf(snapshot: Snapshot, reference: WeakRef<Snapshot>): Generator<ResourceRecord, void, undefined> {
    try {
      const { sets } = this;
      const { soa } = snapshot;
      yield* sets.decoded(soa, this.origin);
      for (const [name, node] of this.nodes(snapshot.end)) {
        let set = snapshot.before.get(node) ?? this.first(node);
        for (; set !== NO_SET; set = sets.next(set)) if (set !== soa) yield* sets.decoded(set, name);
      }
    } finally {
      this.#snapshots = this.#snapshots.filter((other) => other !== reference);
    }
  }

  /** The nodes before `end` with their names, parents first. Default: all. */
  *nodes(end = this.names.count): Generator<[name: string, node: number]> {
    const { names } = this;
    let parent = TOP;
    let parentName = this.origin;
    yield [this.origin, TOP];
    for (let node = 1; node < end; node++) {
      if (names.parent(node) !== parent) {
        parent = names.parent(node);
        parentName = names.nameOf(parent);
      }
      yield [names.nameBelow(node, parentName), node];
    }
  }

  #remember(node: number, first: number): void {
    this.#snapshots = this.#snapshots.filter((reference) => {
      const snapshot = reference.deref();
      if (snapshot === undefined) return false; // its iteration was abandoned
      if (node < snapshot.end && !snapshot.before.has(node)) snapshot.before.set(node, first);
      return true;
    });
  }

  #unshare(): void {
    this.names.unshare();
    this.sets.unshare();
    this.#isShared = false;
  }

  #count(rdata: readonly Buffer[], sign: 1 | -1): void {
    const octets = rdata.reduce((sum, { length }) => sum + length, 0);
    this.count(sign * rdata.length, sign * octets);
  }
}
