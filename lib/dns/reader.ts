/** Reads the wire format of DNS: numbers, octets, and names with compression. */
import { isUtf8 } from 'node:buffer';
import { escapeOctet } from './escapes.js';
import { walkName } from './name-walk.js';

/** Turns the octets of a label into text. */
export type LabelText = (label: Buffer) => string;

/** A label in presentation form (RFC 1035 s.5.1), as in `Query.name`. */
export function presentationLabel(label: Buffer): string {
  let text = '';
  for (const octet of label) text += escapeOctet(octet);
  return text;
}

/**
 * A label as dns-packet shows it: its UTF-8 without escapes. A label that is not UTF-8, or that has a dot or a backslash,
 * would lose octets in this form, and is in presentation form.
 */
export function plainLabel(label: Buffer): string {
  return isUtf8(label) && !label.includes('.') && !label.includes('\\') ? label.toString() : presentationLabel(label);
}

/** A section of a message with a position in it. Each method reads at the position and throws `Error` if too few octets are left. */
export class WireReader {
  /** The whole message: compression pointers count from its start. */
  readonly bytes: Buffer;
  /** The offset of the next octet. */
  at: number;
  /** The offset behind the last octet. */
  end: number;
  readonly #labelText: LabelText;

  constructor(bytes: Buffer, at = 0, end = bytes.length, labelText: LabelText = presentationLabel) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.#labelText = labelText;
  }

  /** The number of octets that are left. */
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

  /** A character-string: a length of one octet, then as many octets (RFC 1035 s.3.3). The result is a copy. */
  string(): Buffer {
    return this.octets(this.u8());
  }

  /** A name without the last dot; the root is `.`. */
  name(): string {
    const labels = this.labels();
    return labels.length === 0 ? '.' : labels.map(this.#labelText).join('.');
  }

  /** The labels of a name, the root as none. They share memory with {@link bytes}. */
  labels(): Buffer[] {
    const labels: Buffer[] = [];
    this.at = walkName(this.bytes, this.at, this.end, (start, length) => {
      labels.push(this.bytes.subarray(start, start + length));
    });
    return labels;
  }

  #skip(length: number): number {
    if (length > this.left) throw new Error('the data end too early');
    const start = this.at;
    this.at += length;
    return start;
  }
}
