/** When two records have the same data: equal on the wire, but for the case of names (RFC 4343, RFC 2136 s.1.1.1). */
import { RDLENGTH_SIZE } from '../dns/numbers.js';
import { WireReader } from '../dns/reader.js';
import { encoded } from '../dns/records/codec.js';
import { readRdata, writeRdata } from '../dns/records/index.js';
import { typeName } from '../dns/registry.js';
import { recordType } from './rrsets.js';

/** RDLENGTH and RDATA of a record in wire format, names uncompressed. Throws `Error` for data that do not fit the type. */
export function encodeData(type: number, name: string, data: unknown): Buffer {
  const rdata = encoded((writer) => {
    writeRdata(writer, type, name, data);
  });
  if (!(data instanceof Uint8Array)) return rdata;
  readRdata(new WireReader(rdata, RDLENGTH_SIZE), type); // throws for malformed octets
  return rdata;
}

/** The data that {@link encodeData} has encoded for a set of a type, as a text that is equal for the same data. */
export function canonicalData(setType: number, rdata: Buffer): string {
  const text = rdata.toString('latin1');
  if (!/[A-Z]/.test(text)) return text; // nothing to lower
  const type = recordType(setType);
  const data = readRdata(new WireReader(rdata, RDLENGTH_SIZE), type);
  const lower = encoded((writer) => {
    writer.lowersNames = true;
    writeRdata(writer, type, typeName(type), data);
  });
  return lower.toString('latin1');
}

/** Whether two encoded data of a set are the same. */
export function sameData(setType: number, one: Buffer, other: Buffer): boolean {
  if (one.length !== other.length) return false;
  if (one.equals(other)) return true;
  for (let i = 0; i < one.length; i++) {
    // Octets that differ by more than the case of a letter are the same in no type.
    if ((one[i] | 0x20) !== (other[i] | 0x20)) return false;
  }
  return canonicalData(setType, one) === canonicalData(setType, other);
}
