/** Reads the frames that a client sends: the preface, each frame whole, and field blocks put together (RFC 9113 s.3.4, 4). */
import { FrameInput } from '../../stream/frame-input.js';
import { MAX_BLOCK } from './field-decoder.js';
import { errorCode, flag, FRAME_HEAD, frameType, Http2Error, MAX_FRAME, MAX_WINDOW } from './protocol.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** A frame. That of type HEADERS has all of its field block, and nothing else, for payload. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  /** May change when more is read. */
  payload: Buffer;
}

/** A field block of which more is to come in CONTINUATION frames. */
interface OpenBlock {
  frame: Frame;
  parts: Buffer[];
  length: number;
  /** When its first frame was complete, by `performance.now()`. */
  since: number;
}

/** Puts a client's frames together from the chunks that come. */
export class FrameReader {
  readonly #input = new FrameInput();
  /** When the latest chunk came. */
  #now = 0;
  #greeted = false;
  #settled = false;
  #block: OpenBlock | undefined;

  /** Since when a frame or a field block is coming that is not complete, by `performance.now()`; undefined: none is. */
  get startedAt(): number | undefined {
    return this.#block?.since ?? this.#input.startedAt;
  }

  /** Adds what has come. */
  push(chunk: Buffer): void {
    this.#now = performance.now();
    this.#input.push(chunk, this.#now);
  }

  /** Takes out the next frame; undefined when it is not complete. Throws {@link Http2Error}. */
  next(): Frame | undefined {
    if (!this.#greeted && !this.#greet()) return undefined;
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) {
      const whole = this.#whole(frame);
      if (whole !== undefined) return whole;
    }
    return undefined;
  }

  /** Whether the client has said that it speaks HTTP/2. */
  #greet(): boolean {
    const { bytes, start, end } = this.#input;
    const length = Math.min(PREFACE.length, end - start);
    if (PREFACE.compare(bytes, start, start + length, 0, length) !== 0)
      throw new Http2Error(errorCode.protocol, 'no preface (RFC 9113 s.3.4)');
    if (length < PREFACE.length) return false;
    this.#input.consume(start + length, this.#now);
    this.#greeted = true;
    return true;
  }

  #frame(): Frame | undefined {
    const { bytes, start, end } = this.#input;
    if (end - start < FRAME_HEAD) return undefined;
    const length = (bytes[start] << 16) | (bytes[start + 1] << 8) | bytes[start + 2];
    if (length > MAX_FRAME) throw new Http2Error(errorCode.frameSize, 'a frame is too long (RFC 9113 s.4.2)');
    const payload = start + FRAME_HEAD;
    if (end - payload < length) return undefined;
    this.#input.consume(payload + length, this.#now);
    const type = bytes[start + 3];
    const flags = bytes[start + 4];
    if (!this.#settled && (type !== frameType.settings || (flags & flag.ack) !== 0))
      throw new Http2Error(errorCode.protocol, 'no SETTINGS after the preface (RFC 9113 s.3.4)');
    this.#settled = true;
    const stream = bytes.readUInt32BE(start + 5) & MAX_WINDOW; // one bit is reserved
    return { type, flags, stream, payload: bytes.subarray(payload, payload + length) };
  }

  /** The frame as {@link next} gives it; undefined for a part of a field block. */
  #whole(frame: Frame): Frame | undefined {
    const { type, flags, stream } = frame;
    const open = this.#block;
    if (open !== undefined && (type !== frameType.continuation || stream !== open.frame.stream))
      throw new Http2Error(errorCode.protocol, 'a frame in the middle of a field block (RFC 9113 s.6.10)');
    if (type === frameType.headers) {
      frame.payload = fieldBlock(flags, frame.payload);
      if ((flags & flag.endHeaders) !== 0) return frame;
      this.#block = { frame, parts: [], length: 0, since: this.#now };
      add(this.#block, frame.payload);
      return undefined;
    }
    if (type !== frameType.continuation) return frame;
    if (open === undefined) throw new Http2Error(errorCode.protocol, 'nothing to continue (RFC 9113 s.6.10)');
    add(open, frame.payload);
    if ((flags & flag.endHeaders) === 0) return undefined;
    this.#block = undefined;
    open.frame.payload = Buffer.concat(open.parts);
    return open.frame;
  }
}

function add(block: OpenBlock, part: Buffer): void {
  block.parts.push(Buffer.from(part));
  // Each part counts, so that empty ones come to an end as well.
  block.length += part.length + 1;
  if (block.length > MAX_BLOCK) throw new Http2Error(errorCode.enhanceYourCalm, 'a field block is too long');
}

/** The field block in the payload of HEADERS (RFC 9113 s.6.2). The flag PRIORITY puts five octets before it. */
function fieldBlock(flags: number, payload: Buffer): Buffer {
  return withoutPadding(flags, payload, (flags & flag.priority) === 0 ? 0 : 5);
}

/**
 * The payload of DATA or HEADERS without its padding (RFC 9113 s.6.1). `skip`: octets at its start that are left out, too.
 * Throws {@link Http2Error} if the payload is too short.
 */
export function withoutPadding(flags: number, payload: Buffer, skip = 0): Buffer {
  const padded = (flags & flag.padded) !== 0;
  const start = padded ? skip + 1 : skip;
  if (start === 0) return payload;
  if (payload.length < start) throw wrongSize();
  const end = padded ? payload.length - payload[0] : payload.length;
  if (end < start) throw new Http2Error(errorCode.protocol, 'more padding than payload (RFC 9113 s.6.1)');
  return payload.subarray(start, end);
}

/** The error for a frame that is shorter or longer than its type can be. */
export function wrongSize(): Http2Error {
  return new Http2Error(errorCode.frameSize, 'a frame has another length than its type has (RFC 9113 s.4.2)');
}
