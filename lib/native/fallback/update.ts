/** The records of UPDATE and NOTIFY messages, checked as `native/message/update.cc` and `records.cc` check them. */
import { wireLength } from '../../dns/names.js';
import { CLASS, RECORD_FIXED_SIZE, TYPE } from '../../dns/numbers.js';
import { WireReader } from '../../dns/reader.js';
import { codecOf, readRdata } from '../../dns/records/index.js';

/** The fields of a record after its name. `rdata` and `end`: offsets of its RDATA and after it. */
export interface Fields {
  type: number;
  class: number;
  ttl: number;
  rdata: number;
  end: number;
}

/** Reads the fields that follow a record's name. */
export function fieldsAt(message: Buffer, at: number): Fields {
  const rdata = at + RECORD_FIXED_SIZE;
  return {
    type: message.readUInt16BE(at),
    class: message.readUInt16BE(at + 2),
    ttl: message.readUInt32BE(at + 4),
    rdata,
    end: rdata + message.readUInt16BE(rdata - 2),
  };
}

/** Whether the RDATA of a record have the fields of its type, as its codec has them. */
export function hasShape(message: Buffer, { type, class: recordClass, rdata, end }: Fields): boolean {
  // Addresses of other classes have other formats. All other types are the same in all classes.
  if (recordClass !== CLASS.IN && (type === TYPE.A || type === TYPE.WKS)) return true;
  const reader = new WireReader(message, rdata, end);
  try {
    if (type === TYPE.TSIG) return isTsig(reader);
    codecOf(type)?.print(readRdata(reader, type));
    return true;
  } catch {
    return false;
  }
}

/** Whether RDATA have the fields of RFC 8945 s.4.2, the name of the algorithm without pointers. */
function isTsig(reader: WireReader): boolean {
  const { at } = reader;
  const algorithm = reader.name();
  if (reader.at - at !== wireLength(algorithm)) return false;
  reader.octets(8);
  reader.octets(reader.u16());
  reader.octets(4);
  reader.octets(reader.u16());
  return reader.left === 0;
}

/** Whether a question is a zone section (RFC 2136 s.2.3). */
export function isZone(type: number, zoneClass: number): boolean {
  return type === TYPE.SOA && zoneClass !== CLASS.ANY && zoneClass !== CLASS.NONE;
}

/** Whether a record has one of the forms of a prerequisite (RFC 2136 s.2.4, s.3.2). */
export function isPrerequisite(message: Buffer, record: Fields, zoneClass: number): boolean {
  if (record.ttl !== 0) return false;
  if (record.class === zoneClass) return hasShape(message, record);
  return (record.class === CLASS.ANY || record.class === CLASS.NONE) && record.rdata === record.end;
}

/** Whether a record has one of the forms of a change (RFC 2136 s.2.5, s.3.4.1). */
export function isChange(message: Buffer, record: Fields, zoneClass: number): boolean {
  if (record.class === zoneClass) return hasData(message, record, zoneClass);
  if (record.ttl !== 0) return false;
  if (record.class === CLASS.NONE) return hasData(message, record, zoneClass);
  if (record.class !== CLASS.ANY || record.rdata !== record.end) return false;
  return record.type === TYPE.ANY || !isMeta(record.type);
}

/** Whether a record could be in a zone: its RDATA are those of its type in the zone's class. */
function hasData(message: Buffer, record: Fields, zoneClass: number): boolean {
  return !isMeta(record.type) && hasShape(message, { ...record, class: zoneClass });
}

/** Whether no zone has records of a type: OPT, and the range of meta-types and QTYPEs (RFC 6895 s.3.1). */
function isMeta(type: number): boolean {
  return type === TYPE.OPT || (type >= 128 && type <= TYPE.ANY);
}
