/** Writes the wire format of DNS: numbers, octets, and names with compression. */
import { inspect } from 'node:util';
import { wireLength, withoutLastDot } from './names.js';
import { HEADER_SIZE, MAX_LABEL, MAX_NAME, MAX_POINTER, POINTER } from './numbers.js';

/** The bits of a compression pointer beside its offset. */
const POINTER_BITS = POINTER << 8;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

/**
 * A writer of one message in a part of a larger buffer. Writing past the end throws no error: {@link overflowed} is
 * then true, and the octets behind the end are undefined.
 */
export class MessageWriter {
  #target: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #question = '';
  /** Whether the text of the question's name has no escapes, so that each character has the place of its octet. */
  #plainQuestion = false;
  /** The offset in the message of each name written so far, by its text in lower case. */
  #names = new Map<string, number>();
  /** The offset of the next octet. */
  at = 0;
  /** Whether a name may become a pointer to an equal name before it. */
  compresses = true;
  /** Whether names are written in lower case (RFC 4034 s.6.2). */
  lowersNames = false;

  /**
   * Starts a message that takes the octets of `target` from `start` to at most `end`. `question` is the name at octet
   * 12 of the message in lower case; it may be written later.
   */
  begin(target: Uint8Array, start: number, end: number, question: string): void {
    this.#target = target;
    this.#start = start;
    this.#end = end;
    this.#question = question === '.' ? '' : question; // a pointer to the root saves nothing
    this.#plainQuestion = !question.includes('\\');
    // A Map that is cleared points from its old memory to its new one, so that the memory of all messages survives until the
    // next full garbage collection.
    if (this.#names.size > 0) this.#names = new Map();
    this.at = start;
  }

  /** Moves the end of the room for the message. */
  extend(end: number): void {
    this.#end = end;
  }

  /** Whether more was written than there is room for. */
  get overflowed(): boolean {
    return this.at > this.#end;
  }

  u8(value: number): void {
    this.#target[this.at++] = value;
  }

  u16(value: number): void {
    this.#target[this.at++] = value >>> 8;
    this.#target[this.at++] = value;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value);
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    const room = this.#end - this.at;
    const length = end - start;
    if (length <= room) {
      if (length < 64) for (let i = 0; i < length; i++) this.#target[this.at + i] = source[start + i];
      else this.#target.set(source.subarray(start, end), this.at);
    }
    this.at += length;
  }

  /** Calls `write` and puts the length of its octets before them, in two octets, as RDLENGTH. */
  sized(write: () => void): void {
    const at = this.at;
    this.at += 2;
    write();
    const end = this.at;
    this.at = at;
    this.u16(end - at - 2);
    this.at = end;
  }

  /**
   * Writes a name given in presentation form, with or without the last dot; `\.`, `\\` and `\DDD` as in RFC 1035 s.5.1.
   * With `mayCompress` the name, or its end, may become a pointer to an equal name before it; upper and lower case are
   * equal (RFC 1035 s.4.1.4, RFC 4343 s.3).
   *
   * Throws `Error` for an invalid name: not a string, an empty label, one of more than 63 octets, more than 255 in all,
   * a character outside of ASCII.
   */
  name(text: string, mayCompress: boolean): void {
    if (typeof (text as unknown) !== 'string') throw new Error(`a name must be a string, not ${shown(text)}`);
    if (text === '.' || text === '') {
      this.u8(0);
      return;
    }
    const compress = mayCompress && this.compresses;
    const key = withoutLastDot(text).toLowerCase();
    // A shorter text has no more octets on the wire: its length, that of the first label, and the root.
    if (key.length + 2 > MAX_NAME && wireLength(key) > MAX_NAME) {
      throw new Error(`the name ${shown(text)} has more than ${MAX_NAME} octets`);
    }
    for (let label = 0; label < key.length;) {
      if (compress) {
        const suffix = label === 0 ? key : key.slice(label);
        const offset = this.#find(suffix);
        if (offset !== undefined) {
          this.u16(POINTER_BITS | offset);
          return;
        }
        const here = this.at - this.#start;
        if (here <= MAX_POINTER) this.#names.set(suffix, here);
      }
      label = this.#label(this.lowersNames ? key : text, label, key.length);
    }
    this.u8(0);
  }

  /** The offset in the message of the name with this text in lower case. */
  #find(suffix: string): number | undefined {
    const question = this.#question;
    const before = question.length - suffix.length;
    if (before === 0 && question === suffix) return HEADER_SIZE;
    if (this.#plainQuestion && before > 0 && question.endsWith(suffix) && question.charCodeAt(before - 1) === DOT) {
      return HEADER_SIZE + before;
    }
    return this.#names.size === 0 ? undefined : this.#names.get(suffix);
  }

  /** Writes the label that starts at `i` of `text`. Returns the start of the next label. */
  #label(text: string, i: number, end: number): number {
    const lengthAt = this.at++;
    while (i < end) {
      let code = text.charCodeAt(i++);
      if (code === DOT) {
        if (i === end) throw new Error(`the name ${shown(text)} has an empty label`);
        break;
      }
      if (code === BACKSLASH) {
        const digits = /^\d{3}/.exec(text.slice(i, i + 3))?.[0];
        code = digits === undefined ? text.charCodeAt(i) : Number(digits);
        i += digits === undefined ? 1 : 3;
        if (!(code <= (digits === undefined ? LAST_PRINTABLE : 0xff))) {
          throw new Error(
            `the name ${shown(text)} has an invalid escape: \\X with a printable ASCII character, or \\DDD up to \\255`,
          );
        }
      } else if (code > LAST_PRINTABLE || code < FIRST_PRINTABLE) {
        throw new Error(`the name ${shown(text)} has a character that must be written as \\DDD or in punycode`);
      }
      this.#target[this.at++] = code;
    }
    const length = this.at - lengthAt - 1;
    if (length === 0) throw new Error(`the name ${shown(text)} has an empty label`);
    if (length > MAX_LABEL) throw new Error(`the name ${shown(text)} has a label of more than ${MAX_LABEL} octets`);
    this.#target[lengthAt] = length;
    return i;
  }
}

function shown(text: unknown): string {
  return typeof text === 'string' ? JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text) : inspect(text);
}
