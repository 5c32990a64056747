/** Reads the field blocks of a connection: HPACK (RFC 7541). */
import { FieldTable, makeField, MAX_TABLE, withValue, type Field } from './field-table.js';
import { decodeHuffman } from './huffman.js';
import { errorCode, Http2Error } from './protocol.js';

/** The longest block that is read, in octets. */
export const MAX_BLOCK = 65_536;
/** Room for a decoded string: a Huffman code has five bits at least. All connections share it, one string at a time. */
const plain = Buffer.allocUnsafe((MAX_BLOCK * 8) / 5 + 1);

/** The decoder of a connection's field blocks. It keeps the table that the blocks refer to. */
export class FieldDecoder {
  readonly #table = new FieldTable();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /**
   * Calls `take` for each field of a block: the octets of `bytes` from `start` to `end`, {@link MAX_BLOCK} at most. Each block
   * of a connection must be decoded, in the order of arrival. Throws {@link Http2Error} if the block is malformed.
   */
  decode(bytes: Buffer, start: number, end: number, take: (field: Field) => void): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    let mayResize = true; // before the first field (RFC 7541 s.4.2)
    while (this.#at < this.#end) {
      const first = bytes[this.#at];
      if (first >= 0x80) {
        take(this.#field(this.#integer(7)));
      } else if (first >= 0x40) {
        const field = this.#literal(6);
        this.#table.add(field);
        take(field);
      } else if (first < 0x20) {
        take(this.#literal(4)); // not added to the table
      } else {
        const limit = this.#integer(5);
        if (!mayResize || limit > MAX_TABLE) throw broken('a size of the table');
        this.#table.resize(limit);
        continue;
      }
      mayResize = false;
    }
  }

  #field(index: number): Field {
    const field = this.#table.get(index);
    if (field === undefined) throw broken('an index');
    return field;
  }

  #literal(prefix: number): Field {
    const index = this.#integer(prefix);
    if (index !== 0) return withValue(this.#field(index), this.#string());
    const name = this.#string();
    return makeField(name, this.#string());
  }

  /** A string (RFC 7541 s.5.2). */
  #string(): string {
    const coded = this.#at < this.#end && this.#bytes[this.#at] >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw broken('the length of a string');
    this.#at = end;
    if (!coded) return this.#bytes.toString('latin1', start, end);
    const decoded = decodeHuffman(this.#bytes, start, end, plain);
    if (decoded < 0) throw broken('a Huffman code');
    return plain.toString('latin1', 0, decoded);
  }

  /** An integer (RFC 7541 s.5.1). Throws if it needs more than 28 bits. */
  #integer(prefix: number): number {
    if (this.#at >= this.#end) throw broken('the end');
    const most = (1 << prefix) - 1;
    let value = this.#bytes[this.#at++] & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw broken('the end');
      const octet = this.#bytes[this.#at++];
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw broken('an integer');
  }
}

function broken(what: string): Http2Error {
  return new Http2Error(errorCode.compression, `a field block has an invalid ${what} (RFC 7541)`);
}
