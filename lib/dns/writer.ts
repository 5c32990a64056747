/** Writes the parts of a DNS message one after the other: numbers, bytes, and names with compression. */
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
 * Writes a message at some place of a larger buffer. Writing past the end is no error: {@link overflowed} says so, and
 * what stands in the buffer behind the end is of no use then.
 */
export class MessageWriter {
  #target: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #question = '';
  /** Whether the octets of the question's name stand where the characters of its text do. */
  #plainQuestion = false;
  /** Names by their lower-case text: where in the message they stand. */
  readonly #names = new Map<string, number>();
  /** Where the next octet goes. */
  at = 0;
  /** Whether names may become pointers to names before them. */
  compresses = true;
  /** Whether names are written in lower case (RFC 4034 s.6.2). */
  lowersNames = false;

  /**
   * Starts a message at `start` of `target`, which may grow to `end`. `question` is the lower-case text of the name that
   * stands, or is about to, at octet 12.
   */
  begin(target: Uint8Array, start: number, end: number, question: string): void {
    this.#target = target;
    this.#start = start;
    this.#end = end;
    this.#question = question === '.' ? '' : question; // nothing is shorter than a pointer to the root
    this.#plainQuestion = !question.includes('\\');
    if (this.#names.size > 0) this.#names.clear();
    this.at = start;
  }

  /** Makes the room that was kept free behind the end available. */
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

  /** Writes the length in octets of what `write` writes before it, as RDLENGTH is. */
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
   * With `mayCompress` it, or its end, may become a pointer to where it stood before, in whatever case (RFC 1035 s.4.1.4,
   * RFC 4343 s.3).
   *
   * Throws `Error` for a name that is none: not a string, an empty label, one of more than 63 octets, more than 255 in
   * all, a character outside of ASCII.
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

  /** Where in the message the name with this lower-case text stands. */
  #find(suffix: string): number | undefined {
    const question = this.#question;
    const before = question.length - suffix.length;
    if (before === 0 && question === suffix) return HEADER_SIZE;
    if (this.#plainQuestion && before > 0 && question.endsWith(suffix) && question.charCodeAt(before - 1) === DOT) {
      return HEADER_SIZE + before;
    }
    return this.#names.size === 0 ? undefined : this.#names.get(suffix);
  }

  /** Writes the label that starts at `i` of `text`; returns where the next one starts. */
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
