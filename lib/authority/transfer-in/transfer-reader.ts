/** Reads the answer to AXFR and IXFR (RFC 5936, RFC 1995). */
import { CLASS, TYPE } from '../../dns/numbers.js';
import { RecordCursor } from '../../dns/record-cursor.js';
import { typeName } from '../../dns/registry.js';
import { isLater, serialIn } from '../../zone/serial.js';
import type { EncodedRecord } from '../../zone/zone-loader.js';
import { checkHeader, type Asked } from './message.js';

/** The types of QTYPEs and of records that are about messages (RFC 6895 s.3.1); no zone has them. */
const isMeta = (type: number): boolean => type === 0 || type === TYPE.OPT || (type >= 128 && type <= 255);

/** Receives the records of a transfer. A record is valid until the method returns. */
export interface TransferSink {
  /** A record of a whole zone; the first one is the SOA record, which comes once. */
  whole(record: EncodedRecord): void;
  /**
   * A record that a difference removes or adds. A difference is the old SOA record and other removed ones, then the new SOA
   * record and other added ones. Differences follow each other in the order of their serial numbers.
   */
  change(kind: 'remove' | 'add', record: EncodedRecord): void;
}

/** The query that is answered. */
export interface TransferQuery {
  /** The zone, in the form of `Query.key`. */
  origin: string;
  id: number;
  /** The serial number of the zone that is there: the query is IXFR. Undefined: it is AXFR. */
  serial: number | undefined;
}

/** What a transfer has brought: nothing new, a whole zone, or the changes of the zone that is there. */
export type TransferForm = 'current' | 'whole' | 'differences';

/** What the next record may be. */
type State = 'first' | 'second' | 'whole' | 'removed' | 'added' | 'done';

/** The answer to one AXFR or IXFR query: messages, any number of records in each. Each method throws `Error` for an invalid one. */
export class TransferReader {
  readonly #query: TransferQuery;
  readonly #asked: Asked;
  readonly #sink: TransferSink;
  readonly #cursor = new RecordCursor();
  #state: State = 'first';
  #form: TransferForm = 'current';
  /** The number of records that were read. */
  records = 0;
  /** The serial number that the zone will have: that of the first record. */
  #serial = 0;
  /** That of the difference in progress. */
  #reached = 0;
  /** A copy of the first record's data. */
  #soa: Buffer = Buffer.alloc(0);
  #soaTtl = 0;

  constructor(query: TransferQuery, sink: TransferSink) {
    this.#query = query;
    const { origin, id, serial } = query;
    this.#asked = { origin, id, type: serial === undefined ? TYPE.AXFR : TYPE.IXFR };
    this.#sink = sink;
  }

  /** What the transfer has brought, after {@link take} has returned true. */
  get form(): TransferForm {
    return this.#form;
  }

  /** The serial number of the primary's zone. */
  get serial(): number {
    return this.#serial;
  }

  /** Reads the next message, without its TSIG. Returns whether it is the last one. */
  take(message: Buffer): boolean {
    const at = checkHeader(message, this.#asked);
    let left = message.readUInt16BE(6);
    if (left === 0) throw new Error('a message has no records');
    const cursor = this.#cursor;
    cursor.begin(message, at);
    for (; left > 0; left--) {
      if (this.#state === 'done') {
        if (this.#form === 'current') break; // what a primary sends behind its SOA is not wanted
        throw new Error('records follow on the last SOA record');
      }
      cursor.next();
      this.records++;
      this.#check(cursor);
      this.#read(cursor);
    }
    return this.#state === 'done';
  }

  #check({ name, type, class: recordClass }: RecordCursor): void {
    if (recordClass !== CLASS.IN) throw new Error(`${name} ${typeName(type)}: the class ${recordClass} is not IN`);
    if (isMeta(type)) throw new Error(`${name} ${typeName(type)}: no zone has records of this type`);
    if (type === TYPE.SOA && name !== this.#query.origin) {
      throw new Error(`${name} SOA: the zone is ${this.#query.origin}`);
    }
  }

  #read(cursor: RecordCursor): void {
    const isSoa = cursor.type === TYPE.SOA;
    if (this.#state === 'first') this.#first(cursor);
    else if (this.#state === 'second') this.#second(cursor);
    else if (this.#state === 'whole') {
      if (isSoa) this.#end(cursor);
      else this.#sink.whole(cursor);
    } else if (this.#state === 'removed') {
      if (isSoa) this.#beginAdded(cursor);
      else this.#sink.change('remove', cursor);
    } else if (!isSoa) this.#sink.change('add', cursor);
    else if (this.#reached === this.#serial) this.#end(cursor);
    else this.#beginRemoved(cursor);
  }

  #first(cursor: RecordCursor): void {
    if (cursor.type !== TYPE.SOA) throw new Error('the first record is not the SOA record of the zone');
    this.#soa = Buffer.from(cursor.data.subarray(0, cursor.dataEnd));
    this.#soaTtl = cursor.ttl;
    this.#serial = serialIn(this.#soa);
    const { serial } = this.#query;
    // The zone that is there is up to date, or later than that of the primary (RFC 1995 s.2).
    this.#state = serial === undefined || isLater(this.#serial, serial) ? 'second' : 'done';
  }

  #second(cursor: RecordCursor): void {
    const isSoa = cursor.type === TYPE.SOA;
    if (isSoa && this.#query.serial !== undefined && serialOf(cursor) === this.#query.serial) {
      this.#form = 'differences';
      this.#reached = this.#query.serial;
      this.#beginRemoved(cursor);
      return;
    }
    this.#form = 'whole';
    this.#state = 'whole';
    // The SOA record with which a whole zone begins was kept until the form was known.
    const soa = this.#soa;
    this.#sink.whole({ name: this.#query.origin, type: TYPE.SOA, ttl: this.#soaTtl, data: soa, dataEnd: soa.length });
    this.#read(cursor);
  }

  #beginRemoved(cursor: RecordCursor): void {
    const serial = serialOf(cursor);
    if (serial !== this.#reached) {
      throw new Error(`a difference begins with serial ${serial}; the one before it ends with ${this.#reached}`);
    }
    this.#state = 'removed';
    this.#sink.change('remove', cursor);
  }

  #beginAdded(cursor: RecordCursor): void {
    const serial = serialOf(cursor);
    if (!isLater(serial, this.#reached) || isLater(serial, this.#serial)) {
      throw new Error(`a difference leads from serial ${this.#reached} to ${serial}; the zone has ${this.#serial}`);
    }
    this.#reached = serial;
    this.#state = 'added';
    this.#sink.change('add', cursor);
  }

  #end(cursor: RecordCursor): void {
    const serial = serialOf(cursor);
    if (serial !== this.#serial) {
      throw new Error(`the transfer begins with serial ${this.#serial} and ends with ${serial}`);
    }
    this.#state = 'done';
  }
}

function serialOf({ data, dataEnd }: RecordCursor): number {
  return serialIn(data.subarray(0, dataEnd));
}
