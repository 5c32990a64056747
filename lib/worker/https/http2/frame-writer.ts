/** Writes frames into one buffer, so that they leave with one write. */
import type { HttpFields } from '../http-request.js';
import { httpDate } from './date.js';
import { staticIndex } from './field-table.js';
import { flag, FRAME_HEAD, frameType } from './protocol.js';

const EMPTY = Buffer.alloc(0);
/** The first size of the buffer, in octets: about ten short responses. */
const FIRST = 2048;
/** Octets of the longest length before a string, which has 28 bits (RFC 7541 s.5.1). */
const MAX_INTEGER = 5;
const STATUS = 8;

/** The frames that a connection is about to send. */
export class FrameWriter {
  #bytes = EMPTY;
  #end = 0;

  /** Octets that are written and not taken. */
  get length(): number {
    return this.#end;
  }

  /** Removes and returns the frames. Undefined if there are none. */
  take(): Buffer | undefined {
    if (this.#end === 0) return undefined;
    const taken = this.#bytes.subarray(0, this.#end);
    this.#bytes = EMPTY;
    this.#end = 0;
    return taken;
  }

  /** Writes a frame whose payload is numbers of 32 bits, such as RST_STREAM. */
  words(type: number, stream: number, ...words: readonly number[]): void {
    this.#head(type, 0, stream, 4 * words.length);
    for (const word of words) this.#end = this.#bytes.writeUInt32BE(word, this.#end);
  }

  /** Writes SETTINGS. */
  settings(...settings: readonly (readonly [identifier: number, value: number])[]): void {
    this.#head(frameType.settings, 0, 0, 6 * settings.length);
    for (const [identifier, value] of settings) {
      this.#end = this.#bytes.writeUInt16BE(identifier, this.#end);
      this.#end = this.#bytes.writeUInt32BE(value, this.#end);
    }
  }

  /** Writes a frame with the octets of `payload` from `start` to `end`. */
  octets(type: number, flags: number, stream: number, payload: Buffer, start: number, end: number): void {
    this.#head(type, flags, stream, end - start);
    this.#end += payload.copy(this.#bytes, this.#end, start, end);
  }

  /** HEADERS of a response, with its date. `fields`: by their names in lower case; ASCII, some 16 KiB at most. */
  headers(stream: number, status: number, fields: HttpFields, endStream: boolean): void {
    this.#head(frameType.headers, flag.endHeaders | (endStream ? flag.endStream : 0), stream, 0);
    const start = this.#end;
    this.#reserve(2 + MAX_INTEGER);
    if (status === 200) this.#bytes[this.#end++] = 0x80 | STATUS;
    else {
      this.#integer(0, 4, STATUS);
      this.#string(String(status));
    }
    if (status >= 200) this.#field('date', httpDate());
    this.#fields(fields, start);
  }

  /** HEADERS of a trailer, with which the stream ends (RFC 9113 s.8.1). `fields`: as for {@link headers}. */
  trailer(stream: number, fields: HttpFields): void {
    this.#head(frameType.headers, flag.endHeaders | flag.endStream, stream, 0);
    this.#fields(fields, this.#end);
  }

  /** The fields of a frame whose payload starts at `start`, and its length. */
  #fields(fields: HttpFields, start: number): void {
    for (const name in fields) this.#field(name, String(fields[name]));
    this.#bytes.writeUIntBE(this.#end - start, start - FRAME_HEAD, 3);
  }

  /** A field that the client does not add to its table (RFC 7541 s.6.2.2), so that frames do not depend on each other. */
  #field(name: string, value: string): void {
    const index = staticIndex.get(name) ?? 0;
    this.#reserve(MAX_INTEGER);
    this.#integer(0, 4, index);
    if (index === 0) this.#string(name);
    this.#string(value);
  }

  #head(type: number, flags: number, stream: number, length: number): void {
    this.#reserve(FRAME_HEAD + length);
    const bytes = this.#bytes;
    let at = this.#end;
    bytes[at++] = length >> 16;
    bytes[at++] = length >> 8;
    bytes[at++] = length;
    bytes[at++] = type;
    bytes[at++] = flags;
    this.#end = bytes.writeUInt32BE(stream, at);
  }

  #string(text: string): void {
    this.#reserve(MAX_INTEGER + text.length);
    this.#integer(0, 7, text.length);
    // Faster than Buffer's write for fewer than about 60 octets.
    for (let i = 0; i < text.length; i++) this.#bytes[this.#end++] = text.charCodeAt(i);
  }

  /** An integer (RFC 7541 s.5.1). */
  #integer(first: number, prefix: number, value: number): void {
    const most = (1 << prefix) - 1;
    if (value < most) {
      this.#bytes[this.#end++] = first | value;
      return;
    }
    this.#bytes[this.#end++] = first | most;
    let rest = value - most;
    for (; rest >= 0x80; rest >>= 7) this.#bytes[this.#end++] = 0x80 | (rest & 0x7f);
    this.#bytes[this.#end++] = rest;
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(FIRST, 2 * needed));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}
