/** The socket of an HTTP/2 connection: reads frames from it and writes frames to it (RFC 9113). */
import type { Socket } from 'node:net';
import { CONNECTION_GIVEN_UP, type Connection, type Protocol } from '../../stream/connection.js';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { DEFAULT_WINDOW, frameType, Http2Error, setting } from './protocol.js';
import { MAX_FIELDS } from './request-head.js';
import { Http2Session, WINDOW, type Http2Options } from './session.js';

/** Octets that may wait for a client to read before the server reads no more of its frames. */
const MAX_UNREAD = 256 * 1024;
/** Frames of one connection that are served in one turn of the event loop. Other connections get the next turn. */
const FRAMES_A_TURN = 256;

/**
 * The server's side of an HTTP/2 connection. Node's own implementation creates objects that DNS does not need (streams,
 * events, priorities, pushed responses); a request costs five times as much there.
 */
export class Http2Connection implements Protocol {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #output = new FrameWriter();
  readonly #session: Http2Session;
  /** A turn of this connection is scheduled. */
  #awake = false;
  #ended = false;

  /** Starts on a connection whose two sides have agreed on `h2` (RFC 9113 s.3.2, s.3.3). */
  constructor({ socket }: Connection, options: Http2Options) {
    this.#socket = socket;
    this.#session = new Http2Session(options, this.#output, () => {
      this.#wake();
    });
    this.#output.settings(
      [setting.maxConcurrentStreams, options.maxConcurrentStreams],
      [setting.initialWindowSize, options.maxBody + 1], // so that excess is noticed
      [setting.maxHeaderListSize, MAX_FIELDS],
    );
    this.#output.words(frameType.windowUpdate, 0, WINDOW - DEFAULT_WINDOW);
    this.#wake();
    socket.on('data', (chunk: Buffer) => {
      if (this.#ended) return;
      this.#reader.push(chunk);
      this.#wake();
    });
    socket.on('drain', () => {
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#session.cancelAll();
    });
  }

  /** Takes no new requests. Closes the connection when all earlier requests are answered (RFC 9113 s.6.8). */
  drain(): void {
    this.#session.drain();
  }

  get unsent(): number {
    return this.#session.unsent;
  }

  get expects(): boolean {
    return this.#session.lastServed === 0 || this.#reader.startedAt !== undefined;
  }

  giveUp(before: number): { messages: number; fatal: boolean } {
    // Frames that wait for their turn, or for the client to read, may be complete.
    const waits = this.#awake || this.#socket.isPaused();
    const { startedAt } = this.#reader;
    if (!waits && startedAt !== undefined && startedAt <= before) return CONNECTION_GIVEN_UP;
    return { messages: this.#session.giveUp(before), fatal: false };
  }

  /** Schedules a turn at the end of this turn of the event loop, so that all frames of a turn leave with one write. */
  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    setImmediate(() => {
      this.#awake = false;
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#ended) return;
    let more = false;
    try {
      more = this.#readFrames();
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      this.#output.words(frameType.goAway, 0, this.#session.lastServed, error.code);
      this.#ended = true;
    }
    const frames = this.#output.take();
    if (frames !== undefined) this.#socket.write(frames);
    if (this.#ended || this.#session.drained) {
      this.#ended = true;
      this.#socket.end();
      // What the client still sends is discarded: unread octets would reset the connection, and the last frames be lost.
      this.#socket.resume();
    } else if (more) {
      this.#socket.pause();
      if (this.#socket.writableLength <= MAX_UNREAD) this.#wake(); // otherwise the event 'drain' wakes it
    } else this.#socket.resume();
  }

  /** Serves the frames that have arrived. Returns true if more of them may be left for the next turn. */
  #readFrames(): boolean {
    for (let count = 0; count < FRAMES_A_TURN; count++) {
      if (this.#socket.writableLength + this.#output.length > MAX_UNREAD) return true;
      const frame = this.#reader.next();
      if (frame === undefined) return false;
      this.#session.take(frame);
    }
    return true;
  }
}
