/** Numbers and errors of HTTP/2 (RFC 9113). */

/** Types of frames (s.6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames (s.6). {@link flag.ack} and {@link flag.endStream} are the same bit, in frames of different types. */
export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** Settings that the server sends or obeys (s.6.5.2). */
export const setting = {
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Error codes that the server sends (s.7). */
export const errorCode = {
  noError: 0x0,
  protocol: 0x1,
  flowControl: 0x3,
  streamClosed: 0x5,
  frameSize: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compression: 0x9,
  enhanceYourCalm: 0xb,
} as const;

/** Octets of the head of a frame (s.4.1). */
export const FRAME_HEAD = 9;
/** The longest payload of a frame, in octets: the default of s.6.5.2, which the server does not change. */
export const MAX_FRAME = 16_384;
/** The first size of each window, in octets (s.6.9.2). */
export const DEFAULT_WINDOW = 65_535;
/** The largest window, in octets (s.6.9.1). */
export const MAX_WINDOW = 0x7fffffff;

/** An error of the connection (s.5.4.1): the client's frames end it. */
export class Http2Error extends Error {
  /** `code`: one of {@link errorCode}. */
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'Http2Error';
  }
}
