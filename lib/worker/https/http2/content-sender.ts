/** Flow control of what the server sends (RFC 9113 s.5.2 and s.6.9). */
import type { FrameWriter } from './frame-writer.js';
import { DEFAULT_WINDOW, errorCode, flag, frameType, Http2Error, MAX_FRAME, MAX_WINDOW } from './protocol.js';
import type { Http2Stream } from './stream.js';

/** Sends the content of a connection's responses as far as the client's windows allow. */
export class ContentSender {
  readonly #writer: FrameWriter;
  readonly #onSent: (stream: Http2Stream) => void;
  /** Streams that wait for a wider window, in the order in which they began to wait. */
  readonly #waiting = new Set<Http2Stream>();
  #window = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;

  /** `onSent`: called when all content of a stream is written. */
  constructor(writer: FrameWriter, onSent: (stream: Http2Stream) => void) {
    this.#writer = writer;
    this.#onSent = onSent;
  }

  /** The window of a new stream, in octets. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** Octets that wait for a wider window. */
  get unsent(): number {
    let octets = 0;
    for (const { content, sent } of this.#waiting) octets += (content?.length ?? 0) - sent;
    return octets;
  }

  /** Writes the rest of a stream's content, now or when the client allows it. */
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
      const flags = end === content.length && stream.trailer === undefined ? flag.endStream : 0;
      this.#writer.octets(frameType.data, flags, stream.id, content, stream.sent, end);
      stream.sent = end;
      stream.window -= size;
      this.#window -= size;
    }
    this.forget(stream);
    this.#onSent(stream);
  }

  /** Stops sending a stream. */
  forget(stream: Http2Stream): void {
    if (this.#waiting.size > 0) this.#waiting.delete(stream);
  }

  /** Widens the connection's window (WINDOW_UPDATE). Throws {@link Http2Error} if `octets` is 0 or the window too wide. */
  widen(octets: number): void {
    if (octets === 0) throw new Http2Error(errorCode.protocol, 'WINDOW_UPDATE of 0 octets (RFC 9113 s.6.9)');
    this.#window += octets;
    if (this.#window > MAX_WINDOW) throw tooWide();
    this.sendWaiting();
  }

  /** Widens a stream's window (WINDOW_UPDATE). Returns false if it is too wide then. */
  widenStream(stream: Http2Stream, octets: number): boolean {
    stream.window += octets;
    if (stream.window > MAX_WINDOW) return false;
    if (this.#waiting.has(stream)) this.send(stream);
    return true;
  }

  /**
   * Sets the window of new streams, and changes those of all open ones (SETTINGS_INITIAL_WINDOW_SIZE, RFC 9113 s.6.9.2).
   * Sends nothing: the acknowledgement comes first, then {@link sendWaiting}. Throws {@link Http2Error} if a window is too
   * wide.
   */
  setStreamWindow(octets: number, open: Iterable<Http2Stream>): void {
    if (octets > MAX_WINDOW) throw tooWide();
    const change = octets - this.#streamWindow;
    this.#streamWindow = octets;
    for (const stream of open) {
      stream.window += change;
      if (stream.window > MAX_WINDOW) throw tooWide();
    }
  }

  /** Sends what the windows allow by now. */
  sendWaiting(): void {
    for (const stream of [...this.#waiting]) {
      if (this.#window === 0) return;
      this.send(stream);
    }
  }
}

function tooWide(): Http2Error {
  return new Http2Error(errorCode.flowControl, 'a window of more than 2^31-1 octets (RFC 9113 s.6.9.1)');
}
