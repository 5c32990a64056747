/** The canonical form of records, which signatures are made of (RFC 4034 s.6). */
import { CLASS, RDLENGTH_SIZE, TYPE } from '../dns/numbers.js';
import { WireReader } from '../dns/reader.js';
import type { ResourceRecord } from '../dns/record.js';
import { encoded } from '../dns/records/codec.js';
import { codecOf, readRdata, writeRdata } from '../dns/records/index.js';
import { typeName, typeNumber } from '../dns/registry.js';

/** The types whose names in RDATA are compared in lower case (RFC 4034 s.6.2, as RFC 6840 s.5.1 corrects it). */
const LOWERED = new Set<number>([
  ...[TYPE.NS, TYPE.MD, TYPE.MF, TYPE.CNAME, TYPE.SOA, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.PTR, TYPE.MINFO, TYPE.MX],
  ...[TYPE.RP, TYPE.AFSDB, TYPE.RT, TYPE.SIG, TYPE.PX, TYPE.NXT, TYPE.NAPTR, TYPE.KX, TYPE.SRV, TYPE.DNAME],
  ...[TYPE.A6, TYPE.RRSIG],
]);

/** An RRset of class IN. */
export interface EncodedRrset {
  /** In presentation form. */
  name: string;
  type: number;
  /** The TTL that its signatures state, in seconds. */
  ttl: number;
  /** RDLENGTH and RDATA of each record, names uncompressed. */
  rdata: readonly Buffer[];
}

/**
 * The records of an RRset in canonical form and order, each with `ttl` as its TTL; equal ones once (RFC 4034 s.6.3).
 * `records`: at least one, of the same name, class and type; a class that is left out is IN. Throws `Error` for data
 * that do not fit the type.
 */
export function canonicalRrset(records: readonly ResourceRecord[], ttl: number): Buffer {
  const [{ name, type: typeText }] = records;
  const type = typeNumber(typeText) ?? 0;
  const rdata = records.map(({ data }) =>
    encoded((writer) => {
      writeRdata(writer, type, typeText, data);
    }),
  );
  return canonicalOctets({ name, type, ttl, rdata });
}

/** The same as {@link canonicalRrset} for an RRset in wire format. Throws `Error` for malformed data. */
export function canonicalOctets({ name, type, ttl, rdata }: EncodedRrset): Buffer {
  const head = encoded((writer) => {
    writer.lowersNames = true;
    writer.name(name, false);
    writer.u16(type);
    writer.u16(CLASS.IN);
    writer.u32(ttl);
  });
  const all = LOWERED.has(type) ? rdata.map((data) => lowered(type, data)) : [...rdata];
  if (all.length > 1) all.sort(byOctets);
  const different = all.filter((data, i) => i === 0 || !data.equals(all[i - 1]));
  return Buffer.concat(different.flatMap((data) => [head, data]));
}

/** RDLENGTH and RDATA with the names in it in lower case. */
function lowered(type: number, rdata: Buffer): Buffer {
  if (!/[A-Z]/.test(rdata.toString('latin1')) || codecOf(type) === undefined) return rdata;
  const data = readRdata(new WireReader(rdata, RDLENGTH_SIZE), type);
  return encoded((writer) => {
    writer.lowersNames = true;
    writeRdata(writer, type, typeName(type), data);
  });
}

/** The order of RDATA, without RDLENGTH, as octets from the left (RFC 4034 s.6.3). */
function byOctets(a: Buffer, b: Buffer): number {
  return Buffer.compare(a.subarray(RDLENGTH_SIZE), b.subarray(RDLENGTH_SIZE));
}
