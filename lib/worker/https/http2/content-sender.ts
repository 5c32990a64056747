/** Sends the content of responses as fast as a client lets us: flow control (RFC 9113 s.5.2 and 6.9). */
import type { FrameWriter } from './frame-writer.js';
import { DEFAULT_WINDOW, errorCode, flag, frameType, Http2Error, MAX_FRAME, MAX_WINDOW } from './protocol.js';
import type { Http2Stream } from './stream.js';

/** See the file's head. One a connection. */
export class ContentSender {
  readonly #writer: FrameWriter;
  readonly #onSent: (stream: Http2Stream) => void;
  /** In the order in which they came to wait. */
  readonly #waiting = new Set<Http2Stream>();
  #window = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;

  /** `onSent` is called when all content of a stream has been written. */
  constructor(writer: FrameWriter, onSent: (stream: Http2Stream) => void) {
    this.#writer = writer;
    this.#onSent = onSent;
  }

  /** The window that a new stream has. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** Writes what a stream has to send, now or when the client lets us. */
  send(stream: Http2Stream): void {
    const { content } = stream;
    if (content === undefined) return;
    while (stream.sent < content.length) {
      const size = Math.min(content.length - stream.sent, this.#window, stream.window, MAX_FRAME);
      if (size <= 0) {
        this.#waiting.add(stream);
        return;
      }
      const end = stream.sent + size;
      const flags = end === content.length ? flag.endStream : 0;
      this.#writer.octets(frameType.data, flags, stream.id, content, stream.sent, end);
      stream.sent = end;
      stream.window -= size;
      this.#window -= size;
    }
    this.forget(stream);
    this.#onSent(stream);
  }

  /** Sends no more of a stream. */
  forget(stream: Http2Stream): void {
    if (this.#waiting.size > 0) this.#waiting.delete(stream);
  }

  /** WINDOW_UPDATE of the connection. Throws {@link Http2Error}. */
  widen(octets: number): void {
    if (octets === 0) throw new Http2Error(errorCode.protocol, 'a window is widened by nothing (RFC 9113 s.6.9)');
    this.#window += octets;
    if (this.#window > MAX_WINDOW) throw tooWide();
    this.#sendWaiting();
  }

  /** WINDOW_UPDATE of a stream. False: it is wider than can be. */
  widenStream(stream: Http2Stream, octets: number): boolean {
    stream.window += octets;
    if (stream.window > MAX_WINDOW) return false;
    if (this.#waiting.has(stream)) this.send(stream);
    return true;
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 s.6.9.2); `open`: all streams. Throws {@link Http2Error}. */
  setStreamWindow(octets: number, open: Iterable<Http2Stream>): void {
    if (octets > MAX_WINDOW) throw tooWide();
    const change = octets - this.#streamWindow;
    this.#streamWindow = octets;
    for (const stream of open) {
      stream.window += change;
      if (stream.window > MAX_WINDOW) throw tooWide();
    }
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (const stream of [...this.#waiting]) {
      if (this.#window === 0) return;
      this.send(stream);
    }
  }
}

function tooWide(): Http2Error {
  return new Http2Error(errorCode.flowControl, 'a window is wider than can be (RFC 9113 s.6.9.1)');
}
