/** Reads the preface and the frames of a client, and joins the frames of a field block (RFC 9113 s.3.4 and s.4). */
import { FrameInput } from '../../stream/frame-input.js';
import { MAX_BLOCK } from './field-decoder.js';
import { errorCode, flag, FRAME_HEAD, frameType, Http2Error, MAX_FRAME, MAX_WINDOW, setting } from './protocol.js';

/** The first octets of a client (s.3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** A frame. The payload of HEADERS is its whole field block. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  /** Valid until more is read. */
  payload: Buffer;
}

/** A field block that is not complete: CONTINUATION frames follow. */
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

  /** Adds octets that have arrived. */
  push(chunk: Buffer): void {
    this.#now = performance.now();
    this.#input.push(chunk, this.#now);
  }

  /** Removes and returns the next frame. Undefined if it is not complete. Throws {@link Http2Error}. */
  next(): Frame | undefined {
    if (!this.#greeted && !this.#greet()) return undefined;
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) {
      const whole = this.#whole(frame);
      if (whole !== undefined) return whole;
    }
    return undefined;
  }

  /** Reads the preface. Returns false if it is not complete. */
  #greet(): boolean {
    const { bytes, start, end } = this.#input;
    const length = Math.min(PREFACE.length, end - start);
    if (PREFACE.compare(bytes, start, start + length, 0, length) !== 0)
      throw new Http2Error(errorCode.protocol, 'invalid preface (RFC 9113 s.3.4)');
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

  /** The frame as {@link next} returns it. Undefined for a part of a field block. */
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
  // Each part counts one octet more, so that a client cannot send empty parts without end.
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

/** The error for a frame whose length is invalid for its type. */
export function wrongSize(): Http2Error {
  return new Http2Error(errorCode.frameSize, 'invalid length of a frame (RFC 9113 s.4.2)');
}

/** Throws the error for a frame of a stream that cannot have it (RFC 9113 s.5.1), unless `right`. */
export function checkStream(right: boolean): void {
  if (!right) throw new Http2Error(errorCode.protocol, 'a frame of a stream that cannot have it (RFC 9113 s.5.1)');
}

/** Throws the error for a frame of invalid length, unless its payload has `length` octets. */
export function checkSize(payload: Buffer, length: number): void {
  if (payload.length !== length) throw wrongSize();
}

/** The settings in a payload of SETTINGS, in their order (RFC 9113 s.6.5). Throws {@link Http2Error} for invalid ones. */
export function readSettings(payload: Buffer): [identifier: number, value: number][] {
  if (payload.length % 6 !== 0) throw wrongSize();
  const settings: [number, number][] = [];
  for (let at = 0; at < payload.length; at += 6) {
    const which = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (
      (which === setting.enablePush && value > 1) ||
      (which === setting.maxFrameSize && (value < MAX_FRAME || value > 0xffffff))
    )
      throw new Http2Error(errorCode.protocol, 'a setting is out of range (RFC 9113 s.6.5.2)');
    settings.push([which, value]);
  }
  return settings;
}
