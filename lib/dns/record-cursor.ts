/** Reads the records of a message one after the other, without an object for each. */
import { escapeOctet } from './escapes.js';
import { walkName } from './name-walk.js';
import { MAX_LABEL, MAX_NAME, MAX_RDATA, MAX_TTL, RDLENGTH_SIZE, RECORD_FIXED_SIZE, TYPE } from './numbers.js';
import { WireReader } from './reader.js';
import { encoded } from './records/codec.js';
import { codecOf, readRdata, writeRdata } from './records/index.js';
import { typeName } from './registry.js';

const DOT = 0x2e;
const BACKSLASH = 0x5c;
const FIRST_VISIBLE = 0x21;
const LAST_VISIBLE = 0x7e;

/** RDATA of names that may be compressed, between fields of fixed size (RFC 1035 s.3.3, RFC 3597 s.4). */
interface NamedData {
  /** Octets before the names. */
  before: number;
  names: number;
  /** Octets behind them. */
  after: number;
}

const ONE_NAME: NamedData = { before: 0, names: 1, after: 0 };
const TWO_NAMES: NamedData = { before: 0, names: 2, after: 0 };
const PREFERENCE_AND_NAME: NamedData = { before: 2, names: 1, after: 0 };

/** The types of most records whose data have names. Others take the way of {@link readRdata}. */
const NAMED_DATA = new Map<number, NamedData>([
  [TYPE.NS, ONE_NAME],
  [TYPE.CNAME, ONE_NAME],
  [TYPE.SOA, { before: 0, names: 2, after: 20 }],
  [TYPE.PTR, ONE_NAME],
  [TYPE.MINFO, TWO_NAMES],
  [TYPE.MX, PREFERENCE_AND_NAME],
  [TYPE.RP, TWO_NAMES],
  [TYPE.AFSDB, PREFERENCE_AND_NAME],
  [TYPE.SRV, { before: 6, names: 1, after: 0 }],
  [TYPE.DNAME, ONE_NAME],
]);

/** Octets of RRSIG's RDATA before the signer's name (RFC 4034 s.3.1). */
const BEFORE_SIGNER = 18;
/** Octets of NSEC3's RDATA before the salt's length (RFC 5155 s.3.2). */
const BEFORE_SALT = 4;
/** The longest bit map of a window (RFC 4034 s.4.1.2). */
const MAX_BITMAP = 32;

/** The check of RDATA without compressed names, from `start` to `end`: of most records of large and of signed zones. */
type DataCheck = (message: Buffer, start: number, end: number) => boolean;

const PLAIN_DATA = new Map<number, DataCheck>([
  [TYPE.A, (_, start, end) => end - start === 4],
  [TYPE.AAAA, (_, start, end) => end - start === 16],
  [TYPE.RRSIG, (message, start, end) => plainNameEnd(message, start + BEFORE_SIGNER, end) < end],
  [TYPE.NSEC, (message, start, end) => areTypes(message, plainNameEnd(message, start, end), end)],
  [
    TYPE.NSEC3,
    (message, start, end) => {
      const salt = start + BEFORE_SALT;
      const hash = salt < end ? salt + 1 + message[salt] : end;
      return hash < end && message[hash] > 0 && areTypes(message, hash + 1 + message[hash], end);
    },
  ],
]);

/**
 * A record of a message, and the step to the next one. The fields are those of the current record; the octets of
 * {@link data} are valid until the next step.
 *
 * Every record is checked: names, the size of RDATA and the form of the types that this library knows.
 */
export class RecordCursor {
  /** The owner, in the form of `Query.key`. */
  name = '';
  type = 0;
  class = 0;
  /** Seconds, 0 to 2^31 - 1. A greater one counts as 0 (RFC 2181 s.8). */
  ttl = 0;
  /** RDLENGTH and RDATA, names uncompressed, from 0 to {@link dataEnd}. */
  readonly data: Buffer = Buffer.alloc(RDLENGTH_SIZE + MAX_RDATA);
  dataEnd = 0;
  /** The offset behind the record. */
  at = 0;
  #message: Buffer = Buffer.alloc(0);
  readonly #text = Buffer.alloc(4 * MAX_NAME);
  /** The end of what is written in {@link data}. */
  #written = 0;

  /** Goes to a message; `at` is the offset of its next record. */
  begin(message: Buffer, at: number): void {
    this.#message = message;
    this.at = at;
  }

  /** Goes to the next record. Throws `Error` if it is malformed. */
  next(): void {
    const message = this.#message;
    this.name = this.#key();
    const { at } = this;
    if (at + RECORD_FIXED_SIZE > message.length) throw new Error('the message ends within a record');
    this.type = message.readUInt16BE(at);
    this.class = message.readUInt16BE(at + 2);
    const ttl = message.readUInt32BE(at + 4);
    this.ttl = ttl > MAX_TTL ? 0 : ttl;
    const start = at + RECORD_FIXED_SIZE;
    const end = start + message.readUInt16BE(at + 8);
    if (end > message.length) throw new Error('the message ends within a record');
    try {
      this.#readData(start, end);
    } catch (error) {
      throw new Error(`${this.name} ${typeName(this.type)}: ${(error as Error).message}`, { cause: error });
    }
    this.at = end;
  }

  #readData(start: number, end: number): void {
    const { type } = this;
    const named = NAMED_DATA.get(type);
    const isValid = PLAIN_DATA.get(type);
    this.#written = RDLENGTH_SIZE;
    if (named !== undefined) this.#readNamed(named, start, end);
    else if (isValid === undefined) this.#recode(start, end);
    else {
      if (!isValid(this.#message, start, end)) throw new Error('the RDATA is malformed');
      this.#copy(start, end);
    }
    this.dataEnd = this.#written;
    this.data.writeUInt16BE(this.#written - RDLENGTH_SIZE);
  }

  #readNamed({ before, names, after }: NamedData, start: number, end: number): void {
    this.at = start + before;
    if (this.at > end) throw new Error('the data end too early');
    this.#copy(start, this.at);
    for (let i = 0; i < names; i++) this.#expand(end);
    if (this.at + after !== end) throw new Error(`the RDATA has ${end - start} octets, which do not fit its names`);
    this.#copy(this.at, end);
  }

  /** RDATA of another type: decoded, which checks it, and encoded. */
  #recode(start: number, end: number): void {
    const { type } = this;
    const data = readRdata(new WireReader(this.#message, start, end), type);
    codecOf(type)?.print(data); // throws for malformed data
    const rdata = encoded((writer) => {
      writeRdata(writer, type, typeName(type), data);
    });
    this.#written = rdata.copy(this.data);
  }

  #copy(start: number, end: number): void {
    this.#message.copy(this.data, this.#written, start, end);
    this.#written += end - start;
  }

  /** Reads the name at {@link at} into the data. */
  #expand(end: number): void {
    const { data } = this;
    let to = this.#written;
    if (to + MAX_NAME > data.length) throw new Error('the data are too long');
    const message = this.#message;
    this.at = walkName(message, this.at, end, (start, length) => {
      data[to++] = length;
      message.copy(data, to, start, start + length);
      to += length;
    });
    data[to] = 0;
    this.#written = to + 1;
  }

  /** The name at {@link at} in the form of `Query.key`. */
  #key(): string {
    const text = this.#text;
    let to = 0;
    const message = this.#message;
    this.at = walkName(message, this.at, message.length, (start, length) => {
      if (to > 0) text[to++] = DOT;
      for (let i = start; i < start + length; i++) {
        const octet = message[i];
        if (octet < FIRST_VISIBLE || octet > LAST_VISIBLE || octet === DOT || octet === BACKSLASH) {
          to += text.write(escapeOctet(octet), to, 'latin1');
        } else text[to++] = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
      }
    });
    return to === 0 ? '.' : text.toString('latin1', 0, to);
  }
}

/** The offset behind an uncompressed name; a number beyond `end` if the name is malformed or too long. */
function plainNameEnd(message: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && message[at] !== 0) {
    if (message[at] > MAX_LABEL) return Infinity;
    at += message[at] + 1;
  }
  return at >= end || at + 1 - start > MAX_NAME ? Infinity : at + 1;
}

/** Whether the octets from `at` to `end` are windows of a bit map of types in order (RFC 4034 s.4.1.2). */
function areTypes(message: Buffer, at: number, end: number): boolean {
  let window = -1;
  while (at + 2 < end) {
    const length = message[at + 1];
    if (message[at] <= window || length < 1 || length > MAX_BITMAP) return false;
    window = message[at];
    at += 2 + length;
  }
  return at === end;
}
