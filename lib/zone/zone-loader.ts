import { MAX_RDATA, RDLENGTH_SIZE, TYPE } from '../dns/numbers.js';
import { writeRdata } from '../dns/records/index.js';
import type { RecordCursor } from '../dns/record-cursor.js';
import { typeName, typeNumber } from '../dns/registry.js';
import { MessageWriter } from '../dns/writer.js';
import { throwFault, zoneError, type OnFault, type ZoneFileRecord } from '../dns/zone-file/zone-file.js';
import { Column } from './columns.js';
import { TOP } from './name-tree.js';
import { isSignature, NO_SET, setTypeOf } from './rrsets.js';
import { canonicalData, sameData } from './same-data.js';
import { signedIndex } from './signed-index.js';
import { signingWarnings } from './signing-warnings.js';
import { ZoneData } from './zone-data.js';

/** Types of which a name has one record (RFC 1034 s.3.6.2, RFC 1035 s.5.2, RFC 6672 s.2.4). */
export const SINGLE: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.DNAME, TYPE.SOA]);

/** Whether a set of the type may stand beside CNAME (RFC 4035 s.2.5). */
export function standsBesideCname(setType: number): boolean {
  return setType === TYPE.NSEC || isSignature(setType);
}

/** A record with its place; its data are elsewhere. */
type PlacedRecord = Omit<ZoneFileRecord, 'data'>;

/** A record of class IN with its data encoded: RDLENGTH and RDATA in `data` from 0 to `dataEnd`. */
export type EncodedRecord = Pick<RecordCursor, 'name' | 'type' | 'ttl' | 'data' | 'dataEnd'>;

/** From this many records on, a set has an index to find duplicates. */
const INDEXED = 32;

/** RDLENGTH and RDATA of the record that is added: shared by all loaders, since none adds two at a time. */
const scratch = Buffer.allocUnsafeSlow(RDLENGTH_SIZE + MAX_RDATA);

/** Takes the records of a zone file, checks them, and makes a {@link ZoneData} of them. */
export class ZoneLoader {
  readonly #data: ZoneData;
  readonly #file: string;
  readonly #onFault: OnFault;
  readonly #writer = new MessageWriter();
  /** Records that were left out, each with its place and the reason, and what is wrong with a signed zone. */
  readonly warnings: string[] = [];
  /** The files by number, and for each node the file and line of the record that made it. */
  readonly #files: string[] = [];
  readonly #fileOf = new Column();
  readonly #lineOf = new Column();
  /** Nodes with a DNAME. */
  readonly #dnames: number[] = [];
  /** The number of records of sets, and the data of large sets. */
  readonly #counts = new Column();
  readonly #indexes = new Map<number, Set<string>>();

  /**
   * `origin`: the zone's name, in lower case. `file` is named in errors of the whole zone. `onFault` gets an error for each
   * invalid record; default: the first {@link zoneError} is thrown.
   */
  constructor(origin: string, file: string, onFault = throwFault) {
    this.#data = new ZoneData(origin);
    this.#file = file;
    this.#onFault = onFault;
    this.#writer.compresses = false;
  }

  /** Adds a record. One that is outside of the zone is left out with a warning, as in BIND and CoreDNS. */
  readonly add = (record: ZoneFileRecord): void => {
    const type = typeNumber(record.type) ?? 0;
    this.#put(type, record, this.#encode(type, record));
  };

  /** Adds a record of the zone whose data are encoded: RDLENGTH and RDATA. `line`: its number in errors. */
  addEncoded({ name, type, ttl, data, dataEnd }: EncodedRecord, line: number): void {
    data.copy(scratch, 0, 0, dataEnd);
    this.#put(type, { name, type: typeName(type), ttl, file: this.#file, line }, dataEnd);
  }

  /** The zone. Throws {@link zoneError} at the first line if there is no SOA. */
  finish(): ZoneData {
    const data = this.#data;
    if (data.find(TOP, TYPE.SOA) === NO_SET) {
      throw zoneError(this.#file, 1, `the zone ${data.origin} has no SOA record`);
    }
    for (const node of this.#dnames)
      if (data.names.hasChildren(node) && !this.#isDelegated(node)) this.#refuseBelow(node);
    data.index = signedIndex(data);
    this.warnings.push(...signingWarnings(data));
    return data;
  }

  /** Adds a record whose data stand in the scratch memory up to `end`. */
  #put(number: number, record: PlacedRecord, end: number): void {
    const node = this.#node(record);
    if (node === undefined) {
      const { name, type, file, line } = record;
      const reason = `the name is not in the zone ${this.#data.origin}: the record is left out`;
      this.warnings.push(`${file}:${line}: ${name} ${type}: ${reason}`);
      return;
    }
    const type = setTypeOf(number, scratch);
    const set = this.#data.find(node, type);
    if (set !== NO_SET && this.#has(set, type, end)) return; // RFC 2181 s.5
    const fault = this.#faultOf(type, record.type, node, set);
    if (fault !== undefined) {
      const { name, file, line } = record;
      this.#onFault(zoneError(file, line, `${name} ${record.type}: ${fault}`));
      return;
    }
    this.#add(node, type, record.ttl, set, end);
  }

  #node({ name, file, line }: PlacedRecord): number | undefined {
    const { names } = this.#data;
    let next = names.count;
    const node = names.add(name.toLowerCase());
    if (next === names.count) return node;
    let number = this.#files.lastIndexOf(file);
    if (number < 0) number = this.#files.push(file) - 1;
    for (; next < names.count; next++) {
      this.#fileOf.set(next, number);
      this.#lineOf.set(next, line);
    }
    return node;
  }

  /** Writes the data of a record into the scratch memory; returns their end. */
  #encode(type: number, record: ZoneFileRecord): number {
    const writer = this.#writer;
    writer.begin(scratch, 0, scratch.length, '.');
    writeRdata(writer, type, record.type, record.data);
    if (writer.overflowed) throw zoneError(record.file, record.line, `the data have more than ${MAX_RDATA} octets`);
    return writer.at;
  }

  #has(set: number, type: number, end: number): boolean {
    const rdata = scratch.subarray(0, end);
    const index = this.#indexOf(set, type);
    if (index !== undefined) return index.has(canonicalData(type, rdata));
    for (const record of this.#data.sets.records(set)) if (sameData(type, record, rdata)) return true;
    return false;
  }

  /** The index of a large set; undefined for a small one. */
  #indexOf(set: number, type: number): Set<string> | undefined {
    let index = this.#indexes.get(set);
    if (index !== undefined || this.#counts.get(set) < INDEXED) return index;
    index = new Set();
    for (const record of this.#data.sets.records(set)) index.add(canonicalData(type, record));
    this.#indexes.set(set, index);
    return index;
  }

  /** The reason why a record is invalid at its node; undefined if it is valid. */
  #faultOf(type: number, typeText: string, node: number, set: number): string | undefined {
    if (type === TYPE.SOA && node !== TOP) return 'SOA stands at the top of the zone alone';
    if (set !== NO_SET) return SINGLE.has(type) ? `a name has one ${typeText} at most` : undefined;
    if (standsBesideCname(type)) return undefined;
    const { sets } = this.#data;
    let other = this.#data.first(node);
    if (type === TYPE.CNAME) while (other !== NO_SET && standsBesideCname(sets.type(other))) other = sets.next(other);
    else other = sets.find(other, TYPE.CNAME);
    return other === NO_SET ? undefined : 'no other data may stand beside CNAME (RFC 2181 s.10.1)';
  }

  #add(node: number, type: number, ttl: number, known: number, end: number): void {
    const { names, sets } = this.#data;
    const set = known === NO_SET ? sets.add(type, ttl, NO_SET) : known;
    if (known === NO_SET) {
      const last = this.#last(node);
      if (last === NO_SET) names.setValue(node, set);
      else sets.link(last, set);
      if (type === TYPE.DNAME) this.#dnames.push(node);
    }
    // All records get one TTL, the lowest, which clients would use (RFC 2181 s.5.2).
    sets.limitTtl(set, ttl);
    sets.append(set, scratch, 0, end);
    this.#counts.set(set, this.#counts.get(set) + 1);
    this.#indexes.get(set)?.add(canonicalData(type, scratch.subarray(0, end)));
    this.#data.count(1, end);
  }

  /** The last set of a node. */
  #last(node: number): number {
    const { sets } = this.#data;
    let last = NO_SET;
    for (let set = this.#data.first(node); set !== NO_SET; set = sets.next(set)) last = set;
    return last;
  }

  /** Whether a zone cut stands at a node or above it. */
  #isDelegated(node: number): boolean {
    const data = this.#data;
    for (let at = node; at !== TOP; at = data.names.parent(at)) if (data.find(at, TYPE.NS) !== NO_SET) return true;
    return false;
  }

  /** Reports the names right below a DNAME. */
  #refuseBelow(dname: number): void {
    const { names } = this.#data;
    for (let node = 1; node < names.count; node++) {
      if (names.parent(node) !== dname || !this.#data.isName(node)) continue;
      const place = [this.#files[this.#fileOf.get(node)], this.#lineOf.get(node)] as const;
      this.#onFault(zoneError(...place, `${names.nameOf(node)}: nothing may stand below a DNAME (RFC 6672 s.2.4)`));
    }
  }
}
