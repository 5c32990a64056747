import { RDLENGTH_SIZE, TYPE } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import { readRdata } from '../dns/records/index.js';
import { typeName } from '../dns/registry.js';
import { WireReader } from '../dns/reader.js';
import { Column, Octets } from './columns.js';
import type { ZoneImage } from './zone-image.js';

/** No RRset: no set has this number. */
export const NO_SET = 0;

const TYPE_BITS = 16;

/**
 * The type of the set that has the signatures of a type, since those of each type are a set of their own: RRSIG in the
 * upper half, the type that they cover in the lower one.
 */
export function signatureType(covered: number): number {
  return (TYPE.RRSIG << TYPE_BITS) | covered;
}

/** Whether a set of the type has signatures. */
export function isSignature(setType: number): boolean {
  return setType >>> TYPE_BITS !== 0;
}

/** The TYPE of the records in a set of the type. */
export function recordType(setType: number): number {
  return setType >>> TYPE_BITS || setType;
}

/** The type of the set for a record. `rdata`: its RDLENGTH and RDATA, of which RRSIG has the type that it covers first. */
export function setTypeOf(type: number, rdata: Buffer): number {
  return type === TYPE.RRSIG ? signatureType((rdata[RDLENGTH_SIZE] << 8) | rdata[RDLENGTH_SIZE + 1]) : type;
}

/** The fields of a set, in the column. `used` and `room` are octets from `at` on. */
const FIELD = { type: 0, ttl: 1, next: 2, at: 3, used: 4, room: 5 } as const;
const FIELDS = 6;

/** The RRsets of a zone in an image. */
type Sets = Pick<ZoneImage, 'sets' | 'octets'>;

/**
 * The RRsets of a zone, each with a number. The sets of a name are a chain: each knows the next one.
 *
 * The records of a set stand one behind the other as RDLENGTH and RDATA in wire format, names uncompressed. A set takes 24
 * octets beside them. Once a zone serves, sets do not change: a change of a name makes a new chain of sets, and those that
 * stay as they are share their records with the old one.
 */
export class RRsets {
  readonly #fields: Column;
  readonly #octets: Octets;
  #count: number;

  /** `image`: the sets; default: none. */
  constructor(image?: Sets) {
    this.#fields = new Column(image?.sets);
    this.#octets = new Octets(image?.octets);
    this.#count = image === undefined ? 1 : image.sets.length / FIELDS;
  }

  /** The sets as they are in the memory of this object. */
  image(): Sets {
    return { sets: this.#fields.first(this.#count * FIELDS), octets: this.#octets.all() };
  }

  /** Moves the sets to memory that no image has. */
  unshare(): void {
    this.#fields.unshare();
    this.#octets.unshare();
  }

  /** The octets that all records take, those of earlier sets included. */
  get size(): number {
    return this.#octets.length;
  }

  /** The type of a set: its TYPE, or a {@link signatureType}. */
  type(set: number): number {
    return this.#get(set, FIELD.type);
  }

  /** Its TTL in seconds. */
  ttl(set: number): number {
    return this.#get(set, FIELD.ttl);
  }

  /** The next set of the same name; {@link NO_SET} behind the last. */
  next(set: number): number {
    return this.#get(set, FIELD.next);
  }

  /** The set of a type in the chain that starts with `first`. */
  find(first: number, type: number): number {
    let set = first;
    while (set !== NO_SET && this.type(set) !== type) set = this.next(set);
    return set;
  }

  /** Adds a set without records in front of the chain that starts with `next`. */
  add(type: number, ttl: number, next: number): number {
    const set = this.#count++;
    this.#set(set, FIELD.type, type);
    this.#set(set, FIELD.ttl, ttl);
    this.#set(set, FIELD.next, next);
    return set;
  }

  /** Adds a record to a set that is in no serving zone. `source` has its RDLENGTH and RDATA from `start` to `end`. */
  append(set: number, source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const used = this.#get(set, FIELD.used);
    if (used + length > this.#get(set, FIELD.room)) this.#grow(set, used, length);
    this.#octets.put(this.#get(set, FIELD.at) + used, source, start, end);
    this.#set(set, FIELD.used, used + length);
  }

  /** Lowers the TTL of a set. */
  limitTtl(set: number, ttl: number): void {
    if (ttl < this.ttl(set)) this.#set(set, FIELD.ttl, ttl);
  }

  /** Makes `next` follow on a set. */
  link(set: number, next: number): void {
    this.#set(set, FIELD.next, next);
  }

  /** The records of a set as RDLENGTH and RDATA. They share memory with this object. */
  *records(set: number): Generator<Buffer> {
    const { bytes } = this.#octets;
    const end = this.#get(set, FIELD.at) + this.#get(set, FIELD.used);
    for (let at = this.#get(set, FIELD.at); at < end;) {
      const next = at + RDLENGTH_SIZE + lengthAt(bytes, at);
      yield bytes.subarray(at, next);
      at = next;
    }
  }

  /** The records of a set with their data decoded, frozen. */
  decoded(set: number, name: string): readonly ResourceRecord[] {
    const type = this.type(set);
    const ttl = this.ttl(set);
    const { bytes } = this.#octets;
    const records: ResourceRecord[] = [];
    const end = this.#get(set, FIELD.at) + this.#get(set, FIELD.used);
    for (let at = this.#get(set, FIELD.at); at < end;) {
      records.push(decodeData(name, type, ttl, bytes, at));
      at += RDLENGTH_SIZE + lengthAt(bytes, at);
    }
    return Object.freeze(records);
  }

  /** Makes room for `length` more octets. Room doubles, so that a set which grows in turn with others is not copied each time. */
  #grow(set: number, used: number, length: number): void {
    const octets = this.#octets;
    const at = this.#get(set, FIELD.at);
    if (used > 0 && at + this.#get(set, FIELD.room) === octets.length) {
      octets.reserve(length); // it is the last one
      this.#set(set, FIELD.room, used + length);
      return;
    }
    const room = used === 0 ? length : 2 * used + length;
    const moved = octets.reserve(room);
    octets.put(moved, octets.bytes, at, at + used);
    this.#set(set, FIELD.at, moved);
    this.#set(set, FIELD.room, room);
  }

  #get(set: number, field: number): number {
    return this.#fields.get(set * FIELDS + field);
  }

  #set(set: number, field: number, value: number): void {
    this.#fields.set(set * FIELDS + field, value);
  }
}

/** A record, frozen, of its RDLENGTH and RDATA at `at` of `bytes`. */
export function decodeData(name: string, setType: number, ttl: number, bytes: Buffer, at = 0): ResourceRecord {
  const type = recordType(setType);
  const start = at + RDLENGTH_SIZE;
  const data = readRdata(new WireReader(bytes, start, start + lengthAt(bytes, at)), type);
  return Object.freeze({ name, type: typeName(type), ttl, class: 'IN', data } as ResourceRecord);
}

/** RDLENGTH at `at`; `readUInt16BE` checks its arguments first. */
function lengthAt(bytes: Buffer, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}
