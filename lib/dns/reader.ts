/** Reads the parts of a DNS message one after the other: numbers, octets, and names with compression. */
import { isUtf8 } from 'node:buffer';
import { escapeOctet } from './escapes.js';
import { MAX_NAME, POINTER } from './numbers.js';

/** From the octets of a label to its text. */
export type LabelText = (label: Buffer) => string;

/** A label in presentation form (RFC 1035 s.5.1), as `Query.name` has it. */
export function presentationLabel(label: Buffer): string {
  let text = '';
  for (const octet of label) text += escapeOctet(octet);
  return text;
}

/**
 * A label as dns-packet has it: its UTF-8 as it is. A label that is not UTF-8, or has a dot or a backslash, would not be
 * the same octets again; it is in presentation form.
 */
export function plainLabel(label: Buffer): string {
  return isUtf8(label) && !label.includes('.') && !label.includes('\\') ? label.toString() : presentationLabel(label);
}

/** A part of a message, and the place in it that is read next. Each method throws `Error` when the part ends before. */
export class WireReader {
  /** The whole message: compression pointers count from its start. */
  readonly bytes: Buffer;
  /** Where the next octet is read. */
  at: number;
  /** Where the part ends. */
  end: number;
  readonly #labelText: LabelText;

  constructor(bytes: Buffer, at = 0, end = bytes.length, labelText: LabelText = presentationLabel) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.#labelText = labelText;
  }

  /** How many octets are left. */
  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.bytes[this.#skip(1)];
  }

  u16(): number {
    return this.bytes.readUInt16BE(this.#skip(2));
  }

  u32(): number {
    return this.bytes.readUInt32BE(this.#skip(4));
  }

  /** A copy of the next octets. */
  octets(length: number): Buffer {
    const start = this.#skip(length);
    return Buffer.from(this.bytes.subarray(start, start + length));
  }

  /** A copy of all octets that are left. */
  rest(): Buffer {
    return this.octets(this.left);
  }

  /** A length of one octet, and a copy of as many octets (RFC 1035 s.3.3). */
  string(): Buffer {
    return this.octets(this.u8());
  }

  /** A name without the last dot; the root is `.`. Pointers lead backwards only (RFC 1035 s.4.1.4). */
  name(): string {
    let text = '';
    let size = 1;
    let at = this.at;
    let end = this.end;
    let jumped = false;
    for (;;) {
      if (at >= end) throw new Error('the message ends within a name');
      const length = this.bytes[at];
      if (length >= POINTER) {
        if (at + 2 > end) throw new Error('the message ends within a name');
        const target = this.bytes.readUInt16BE(at) & 0x3fff;
        if (!jumped) this.at = at + 2;
        if (target >= at) throw new Error('a name has a pointer that does not lead backwards');
        [jumped, end, at] = [true, at, target];
      } else if (length > 63) {
        throw new Error('a name has a label of an unknown kind');
      } else if (length === 0) {
        if (!jumped) this.at = at + 1;
        return text === '' ? '.' : text;
      } else {
        size += length + 1;
        if (size > MAX_NAME) throw new Error(`a name has more than ${MAX_NAME} octets`);
        if (at + 1 + length > end) throw new Error('the message ends within a name');
        text += (text === '' ? '' : '.') + this.#labelText(this.bytes.subarray(at + 1, at + 1 + length));
        at += length + 1;
      }
    }
  }

  #skip(length: number): number {
    if (length > this.left) throw new Error('the data end too early');
    const start = this.at;
    this.at += length;
    return start;
  }
}
