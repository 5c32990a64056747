/** Applies the differences of an incremental zone transfer (RFC 1995 s.4). */
import { TYPE } from '../dns/numbers.js';
import { typeName } from '../dns/registry.js';
import { Draft } from './draft.js';
import { setTypeOf } from './rrsets.js';
import { canonicalData } from './same-data.js';
import { ZoneData } from './zone-data.js';
import { signedIndex } from './signed-index.js';
import type { ZoneImage } from './zone-image.js';
import { SINGLE, standsBesideCname, type EncodedRecord } from './zone-loader.js';

/**
 * The differences that lead from an image of a zone to a later version. They must fit the zone exactly: what is removed
 * stands in it, what is added does not. A method throws `Error` if they do not fit; then the image is as before.
 */
export class Differences {
  readonly #data: ZoneData;
  readonly #drafts = new Map<string, Draft>();

  constructor(image: ZoneImage) {
    this.#data = new ZoneData(image.origin, image);
  }

  /** Removes a record. Its TTL does not count. */
  remove({ name, type, data, dataEnd }: EncodedRecord): void {
    const { sets } = this.#draft(name);
    const rdata = data.subarray(0, dataEnd);
    const key = setTypeOf(type, rdata);
    const records = sets.get(key)?.records;
    if (records?.delete(canonicalData(type, rdata)) !== true) {
      throw new Error(`a difference removes a record that the zone does not have: ${name} ${typeName(type)}`);
    }
    if (records.size === 0) sets.delete(key);
  }

  /** Adds a record. Its TTL becomes that of its whole RRset (RFC 2181 s.5.2). */
  add({ name, type, ttl, data, dataEnd }: EncodedRecord): void {
    const { sets } = this.#draft(name);
    const rdata = Buffer.from(data.subarray(0, dataEnd));
    const key = setTypeOf(type, rdata);
    const records = sets.get(key)?.records ?? new Map<string, Buffer>();
    const canonical = canonicalData(type, rdata);
    if (records.has(canonical)) {
      throw new Error(`a difference adds a record that the zone has: ${name} ${typeName(type)}`);
    }
    sets.set(key, { ttl, records: records.set(canonical, rdata) });
  }

  /** The zone with the differences. */
  finish(): ZoneData {
    for (const [name, draft] of this.#drafts) checkName(name, draft);
    const { origin } = this.#data;
    if (this.#drafts.get(origin)?.sets.has(TYPE.SOA) !== true) {
      throw new Error(`the differences leave the zone ${origin} without an SOA record`);
    }
    for (const [name, draft] of this.#drafts) this.#data.replace(name, draft.after());
    const data = this.#data.isSparse ? this.#data.compacted() : this.#data;
    data.index = signedIndex(data);
    return data;
  }

  #draft(name: string): Draft {
    let draft = this.#drafts.get(name);
    if (draft === undefined) {
      const { names } = this.#data;
      if (names.relativeEnd(name) === undefined) throw new Error(`${name} is not in the zone ${this.#data.origin}`);
      const node = names.at(name);
      draft = new Draft(name, node === undefined ? [] : this.#data.loose(node));
      this.#drafts.set(name, draft);
    }
    return draft;
  }
}

/** Throws `Error` if the RRsets of a name cannot stand beside each other. */
function checkName(name: string, { sets }: Draft): void {
  for (const [type, { records }] of sets) {
    if (SINGLE.has(type) && records.size > 1) throw new Error(`${name} has more than one ${typeName(type)} record`);
  }
  const others = [...sets.keys()].filter((type) => type !== TYPE.CNAME && !standsBesideCname(type));
  if (sets.has(TYPE.CNAME) && others.length > 0) {
    throw new Error(`${name} has other data beside CNAME (RFC 2181 section 10.1)`);
  }
}
