/** Differences between two versions of a zone, as IXFR carries them (RFC 1995 s.4). */
import { isIn } from '../dns/names.js';
import { CLASS, TYPE } from '../dns/numbers.js';
import { WireReader } from '../dns/reader.js';
import type { ResourceRecord } from '../dns/record.js';
import { readRdata } from '../dns/records/index.js';
import { typeName } from '../dns/registry.js';
import { canonicalName } from '../dns/wire-name.js';
import { Octets } from './columns.js';
import { serialIn } from './serial.js';

/** A difference between two versions of a zone. It is plain data in shared memory and does not change. */
export interface Difference {
  /** The serial number of the older version, 0 to 2^32 - 1. */
  readonly oldSerial: number;
  /** The serial number of the newer version. */
  readonly newSerial: number;
  /** The number of records in {@link octets}. */
  readonly records: number;
  /**
   * The SOA record of the older version, the records that it alone has, the SOA record of the newer version, the records
   * that it alone has. In wire format, names uncompressed.
   */
  readonly octets: Uint8Array;
}

/** Octets of TYPE, CLASS and TTL. */
const FIXED_SIZE = 8;

/** A difference in the making. */
export class DifferenceDraft {
  /** Records that the older version alone has. */
  readonly removed = new RecordList();
  /** Records that the newer version alone has. */
  readonly added = new RecordList();

  /** The octets of both lists. */
  get size(): number {
    return this.removed.size + this.added.size;
  }

  /** The difference. Both lists begin with their SOA record. */
  finish(oldSerial: number, newSerial: number): Difference {
    const octets = new Uint8Array(new SharedArrayBuffer(this.size));
    octets.set(this.removed.all());
    octets.set(this.added.all(), this.removed.size);
    return { oldSerial, newSerial, records: this.removed.count + this.added.count, octets };
  }
}

/** Records in wire format, names uncompressed, one behind the other. */
class RecordList {
  readonly #octets = new Octets();
  count = 0;

  get size(): number {
    return this.#octets.length;
  }

  /** `name`: in presentation form. `rdata`: RDLENGTH and RDATA of each record. */
  add(name: string, type: number, ttl: number, rdata: Iterable<Buffer>): void {
    const head = canonicalName(name);
    for (const data of rdata) {
      const at = this.#octets.reserve(head.length + FIXED_SIZE + data.length);
      const fields = at + head.length;
      const { bytes } = this.#octets;
      bytes.set(head, at);
      bytes.writeUInt16BE(type, fields);
      bytes.writeUInt16BE(CLASS.IN, fields + 2);
      bytes.writeUInt32BE(ttl, fields + 4);
      bytes.set(data, fields + FIXED_SIZE);
      this.count++;
    }
  }

  all(): Uint8Array {
    return this.#octets.all();
  }
}

/** A record of a difference. */
interface DifferenceRecord {
  record: ResourceRecord;
  type: number;
  /** Its RDATA, in place. */
  rdata: Buffer;
}

/** The records of a difference in their order. */
export function* recordsOf({ octets }: Pick<Difference, 'octets'>): Generator<ResourceRecord, void, undefined> {
  for (const { record } of read(octets)) yield record;
}

/**
 * Reads octets that may be no difference: those of a file. `origin`: the name of the zone. Throws `Error` if they are not a
 * difference between two versions of the zone.
 */
export function readDifference(octets: Uint8Array, origin: string): Difference {
  const serials: number[] = [];
  let records = 0;
  for (const { record, type, rdata } of read(octets)) {
    if (!isIn(record.name, origin)) throw new Error(`${record.name} is not in the zone ${origin}`);
    if (type === TYPE.SOA) {
      if (record.name !== origin) throw new Error(`${record.name} has an SOA record in the zone ${origin}`);
      serials.push(serialIn(rdata));
    }
    if (serials.length === 0) throw new Error('the first record is not SOA');
    records++;
  }
  if (serials.length !== 2) throw new Error(`it has ${serials.length} SOA records, not 2`);
  return { oldSerial: serials[0], newSerial: serials[1], records, octets };
}

function* read({ buffer, byteOffset, length }: Uint8Array): Generator<DifferenceRecord, void, undefined> {
  const bytes = Buffer.from(buffer, byteOffset, length);
  const reader = new WireReader(bytes);
  while (reader.left > 0) {
    const name = reader.name();
    const type = reader.u16();
    if (reader.u16() !== CLASS.IN) throw new Error(`${name} has a record of another class than IN`);
    const ttl = reader.u32();
    const rdataLength = reader.u16();
    if (rdataLength > reader.left) throw new Error(`${name} has a record that ends too early`);
    const start = reader.at;
    reader.end = start + rdataLength;
    const data = readRdata(reader, type);
    reader.at = reader.end;
    reader.end = length;
    const record = { name, type: typeName(type), ttl, class: 'IN', data } as ResourceRecord;
    yield { record, type, rdata: bytes.subarray(start, reader.at) };
  }
}
