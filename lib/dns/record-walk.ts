import { HEADER_SIZE, POINTER, QUESTION_FIXED_SIZE, RECORD_FIXED_SIZE } from './numbers.js';

/** The number of records in each section of a message. */
export interface SectionCounts {
  answers: number;
  authorities: number;
  additionals: number;
}

/**
 * A walk over the records of an encoded message, which does not decode them: `while (walk.next())`. The constructor and
 * {@link next} throw `Error` if the message ends too early.
 */
export class RecordWalk {
  readonly message: Buffer;
  readonly counts: Readonly<SectionCounts>;
  /** The offset behind the question section. */
  readonly first: number;
  /** The offset of the current record; before the first {@link next}, that of the first one. */
  start: number;
  /** The offset of the current record's TYPE, behind its name. */
  fields = 0;
  /** The offset behind the current record. */
  end: number;
  /** The number of records behind the current one. */
  left: number;

  constructor(message: Buffer) {
    if (message.length < HEADER_SIZE) throw new Error(`the message is shorter than a header of ${HEADER_SIZE} octets`);
    this.message = message;
    const answers = message.readUInt16BE(6);
    const authorities = message.readUInt16BE(8);
    const additionals = message.readUInt16BE(10);
    this.counts = { answers, authorities, additionals };
    this.left = answers + authorities + additionals;
    let at = HEADER_SIZE;
    for (let questions = message.readUInt16BE(4); questions > 0; questions--) {
      at = nameEnd(message, at) + QUESTION_FIXED_SIZE;
    }
    if (at > message.length) throw new Error('the message ends within its question section');
    this.first = this.start = this.end = at;
  }

  /** Goes to the next record. Returns false behind the last one. */
  next(): boolean {
    if (this.left === 0) return false;
    const { message, end: start } = this;
    const fields = nameEnd(message, start);
    const rdata = fields + RECORD_FIXED_SIZE;
    const end = rdata > message.length ? rdata : rdata + message.readUInt16BE(rdata - 2);
    if (end > message.length) throw new Error('the message ends within a record');
    this.left--;
    this.start = start;
    this.fields = fields;
    this.end = end;
    return true;
  }

  /** The section of the current record. */
  get section(): keyof SectionCounts {
    const { authorities, additionals } = this.counts;
    if (this.left < additionals) return 'additionals';
    return this.left < additionals + authorities ? 'authorities' : 'answers';
  }

  /** The TYPE of the current record. */
  get type(): number {
    return this.message.readUInt16BE(this.fields);
  }

  /** The TTL of the current record as it was sent. */
  get ttl(): number {
    return this.message.readUInt32BE(this.fields + 4);
  }
}

/** The offset behind the name at `at`. */
function nameEnd(message: Buffer, at: number): number {
  while (at < message.length) {
    const length = message[at];
    if (length === 0) return at + 1;
    if (length >= POINTER) return at + 2;
    at += length + 1;
  }
  throw new Error('the message ends within a name');
}
