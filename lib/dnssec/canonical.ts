/** The canonical form of records, which signatures are made of (RFC 4034 s.6). */
import { CLASS, TYPE } from '../dns/numbers.js';
import { WireReader } from '../dns/reader.js';
import type { ResourceRecord } from '../dns/record.js';
import { encoded } from '../dns/records/codec.js';
import { codecOf, readRdata, writeRdata } from '../dns/records/index.js';
import { typeNumber } from '../dns/registry.js';

/** The types whose names in RDATA are compared in lower case (RFC 4034 s.6.2, as RFC 6840 s.5.1 corrects it). */
const LOWERED = new Set<number>([
  ...[TYPE.NS, TYPE.MD, TYPE.MF, TYPE.CNAME, TYPE.SOA, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.PTR, TYPE.MINFO, TYPE.MX],
  ...[TYPE.RP, TYPE.AFSDB, TYPE.RT, TYPE.SIG, TYPE.PX, TYPE.NXT, TYPE.NAPTR, TYPE.KX, TYPE.SRV, TYPE.DNAME],
  ...[TYPE.A6, TYPE.RRSIG],
]);

/**
 * The records of an RRset in canonical form and order, each with `ttl` as its TTL; equal ones once (RFC 4034 s.6.3).
 * `records`: at least one, of the same name, class and type; a class that is left out is IN. Throws `Error` for data
 * that do not fit the type.
 */
export function canonicalRrset(records: readonly ResourceRecord[], ttl: number): Buffer {
  const [{ name, type: typeText }] = records;
  const type = typeNumber(typeText) ?? 0;
  const head = encoded((writer) => {
    writer.lowersNames = true;
    writer.name(name, false);
    writer.u16(type);
    writer.u16(CLASS.IN);
    writer.u32(ttl);
  });
  const all = records.map(({ data }) => canonicalRdata(type, typeText, data)).sort(byOctets);
  const different = all.filter((rdata, i) => i === 0 || !rdata.equals(all[i - 1]));
  return Buffer.concat(different.flatMap((rdata) => [head, rdata]));
}

/** RDLENGTH and RDATA. */
function canonicalRdata(type: number, name: string, data: unknown): Buffer {
  const lowers = LOWERED.has(type);
  // Names within RDATA that are given as octets have to be read first.
  const isOctets = data instanceof Uint8Array && name !== 'TXT';
  const value = isOctets && lowers && codecOf(type) ? readRdata(new WireReader(Buffer.from(data)), type) : data;
  return encoded((writer) => {
    writer.lowersNames = lowers;
    writeRdata(writer, type, name, value);
  });
}

/** The order of RDATA, without RDLENGTH, as octets from the left (RFC 4034 s.6.3). */
function byOctets(a: Buffer, b: Buffer): number {
  return Buffer.compare(a.subarray(2), b.subarray(2));
}
