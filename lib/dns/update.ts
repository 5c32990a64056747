/** UPDATE messages (RFC 2136), decoded, and the SOA of NOTIFY messages (RFC 1996). */
import { isIn } from './names.js';
import { CLASS, HEADER_SIZE, QUESTION_FIXED_SIZE, TYPE } from './numbers.js';
import { WireReader } from './reader.js';
import type { ResourceRecord } from './record.js';
import { readRdata } from './records/index.js';
import { className, typeName } from './registry.js';

/** The zone section of an UPDATE (RFC 2136 s.2.3). */
export interface UpdateZone {
  /** In the client's spelling. */
  name: string;
  /** Nearly always `'IN'`. */
  class: string;
  type: 'SOA';
}

/**
 * What must hold before any change is made (RFC 2136 s.2.4): the name has any records (`nameInUse`) or none
 * (`nameNotInUse`); it has records of the type (`rrsetExists`) or none (`rrsetNotExists`); its records of the type have
 * exactly these data, in any order and with any TTLs (`rrsetEquals`).
 */
export type Prerequisite =
  | { kind: 'nameInUse' | 'nameNotInUse'; name: string }
  | { kind: 'rrsetExists' | 'rrsetNotExists'; name: string; type: string }
  | { kind: 'rrsetEquals'; name: string; type: string; records: readonly ResourceRecord[] };

/**
 * A change of the zone (RFC 2136 s.2.5): adds a record, deletes the record with these data (its TTL is 0 and means
 * nothing), the records of a type, or all records of a name.
 */
export type Change =
  | { kind: 'add' | 'deleteRecord'; record: ResourceRecord }
  | { kind: 'deleteRRset'; name: string; type: string }
  | { kind: 'deleteName'; name: string };

/** An UPDATE message. Names are in presentation form (RFC 1035 s.5.1), types as `'A'` or `'TYPE65280'`. */
export interface Update {
  zone: UpdateZone;
  /** Those of one name and type with `rrsetEquals` are one prerequisite (RFC 2136 s.2.4.2). */
  prerequisites: readonly Prerequisite[];
  /** In the order in which they are to be made (RFC 2136 s.3.4.2). */
  changes: readonly Change[];
  /**
   * Whether all names are the zone's or below it. If not, a server that is an authority for the zone answers NOTZONE (RFC
   * 2136 s.3.1.1, s.3.4.1.1).
   */
  inZone: boolean;
}

/** A NOTIFY message. */
export interface Notify {
  /** The zone's SOA as the sender has it, a hint that may be forged (RFC 1996 s.3.7); undefined: it sent none. */
  soa: (ResourceRecord & { type: 'SOA' }) | undefined;
}

/** A record, with its type as a number and the meaning of its class. */
interface Item {
  name: string;
  type: number;
  class: number;
  record: ResourceRecord;
}

/** Reads an UPDATE whose form has been checked. Throws `Error` for RDATA that their type does not allow. */
export function readUpdate(message: Buffer): Update {
  const reader = new WireReader(message, HEADER_SIZE);
  const name = reader.name();
  const zoneClass = reader.u32() & 0xffff;
  const required = readItems(reader, message.readUInt16BE(6));
  const changed = readItems(reader, message.readUInt16BE(8));
  const zone = name.toLowerCase();
  return {
    zone: { name, class: className(zoneClass), type: 'SOA' },
    prerequisites: prerequisitesOf(required, zoneClass),
    changes: changed.map((item) => changeOf(item, zoneClass)),
    inZone: [...required, ...changed].every((item) => isIn(item.name.toLowerCase(), zone)),
  };
}

/** Reads a NOTIFY whose form has been checked. Throws `Error` for an SOA with invalid RDATA. */
export function readNotify(message: Buffer): Notify {
  const reader = new WireReader(message, HEADER_SIZE);
  const zone = reader.name().toLowerCase();
  reader.at += QUESTION_FIXED_SIZE;
  const items = readItems(reader, message.readUInt16BE(6));
  const found = items.find(({ name, type }) => type === TYPE.SOA && name.toLowerCase() === zone);
  return { soa: found?.record as Notify['soa'] };
}

function readItems(reader: WireReader, count: number): Item[] {
  return Array.from({ length: count }, () => readItem(reader));
}

function readItem(reader: WireReader): Item {
  const name = reader.name();
  const type = reader.u16();
  const itemClass = reader.u16();
  const ttl = reader.u32();
  const length = reader.u16();
  const { end } = reader;
  reader.end = reader.at + length;
  // Without RDATA it is no record, but stands for many.
  const isEmpty = length === 0 && (itemClass === CLASS.ANY || itemClass === CLASS.NONE);
  const data = isEmpty ? Buffer.alloc(0) : readRdata(reader, type);
  reader.end = end;
  const record = { name, type: typeName(type), class: className(itemClass), ttl, data } as unknown as ResourceRecord;
  return { name, type, class: itemClass, record };
}

function prerequisitesOf(items: readonly Item[], zoneClass: number): Prerequisite[] {
  const equal = new Map<string, ResourceRecord[]>();
  return items.flatMap(({ name, type: number, class: itemClass, record }): Prerequisite[] => {
    const type = typeName(number);
    if (itemClass === zoneClass) {
      const key = `${name.toLowerCase()} ${type}`;
      const records = equal.get(key);
      records?.push(record);
      if (records !== undefined) return [];
      const first = [record];
      equal.set(key, first);
      return [{ kind: 'rrsetEquals', name, type, records: first }];
    }
    const exists = itemClass === CLASS.ANY;
    if (number === TYPE.ANY) return [{ kind: exists ? 'nameInUse' : 'nameNotInUse', name }];
    return [{ kind: exists ? 'rrsetExists' : 'rrsetNotExists', name, type }];
  });
}

function changeOf({ name, type, class: itemClass, record }: Item, zoneClass: number): Change {
  if (itemClass === zoneClass) return { kind: 'add', record };
  if (itemClass === CLASS.NONE) {
    return { kind: 'deleteRecord', record: { ...record, class: className(zoneClass) } as ResourceRecord };
  }
  return type === TYPE.ANY ? { kind: 'deleteName', name } : { kind: 'deleteRRset', name, type: typeName(type) };
}
