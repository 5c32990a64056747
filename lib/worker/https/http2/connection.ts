/**
 * The server's side of a connection of HTTP/2 (RFC 9113). Of Node's own a request costs five times what answering it does,
 * in objects that DNS has no use for: streams, events, priorities, pushed responses.
 */
import type { Socket } from 'node:net';
import type { HttpRequest } from '../http-request.js';
import { ContentSender } from './content-sender.js';
import { FieldDecoder } from './field-decoder.js';
import { FrameReader, withoutPadding, wrongSize, type Frame } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { DEFAULT_WINDOW, errorCode, flag, frameType, Http2Error, MAX_FRAME, MAX_WINDOW, setting } from './protocol.js';
import { MAX_FIELDS, RequestFields } from './request-head.js';
import { Http2Stream, type StreamConnection } from './stream.js';

/** Octets of content that a client may send on a stream: one more than a message has, so that one too many is seen. */
const STREAM_WINDOW = 65_536;
/** Octets of content that a client may have us keep for all its streams together. */
const WINDOW = 262_144;
/** Octets that may wait for a client to read before no more of its frames are taken. */
const MAX_UNREAD = 256 * 1024;
/** Frames that a connection is served in one turn of the loop, so that others have theirs. */
const FRAMES_A_TURN = 256;

/** What an {@link Http2Connection} is made from. */
export interface Http2Options {
  /** Requests at a time. One that the client gives up counts until its handler is done. */
  maxConcurrentStreams: number;
  /** Called for each request; each ends by `respond`, by `abort`, or by a body that broke off. */
  onRequest: (request: HttpRequest) => void;
}

/** See the file's head. */
export class Http2Connection implements StreamConnection {
  readonly #socket: Socket;
  readonly #options: Http2Options;
  readonly #reader = new FrameReader();
  readonly #output = new FrameWriter();
  readonly #decoder = new FieldDecoder();
  readonly #streams = new Map<number, Http2Stream>();
  readonly #sender = new ContentSender(this.#output, (stream) => {
    this.#sent(stream);
  });
  /** The latest stream that was opened, and the latest that is served: others may come after we have said goodbye. */
  #lastStream = 0;
  #lastServed = 0;
  /** Octets that the client may send, and those that it will be told that it may, too. */
  #window = WINDOW;
  #released = 0;
  /** It will be this connection's turn soon. */
  #awake = false;
  #draining = false;
  #ended = false;

  /** Begins to speak on a connection whose both sides have agreed on `h2` (RFC 9113 s.3.2). */
  constructor(socket: Socket, options: Http2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#output.settings(
      [setting.maxConcurrentStreams, options.maxConcurrentStreams],
      [setting.initialWindowSize, STREAM_WINDOW],
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
      for (const stream of [...this.#streams.values()]) this.#cancel(stream);
    });
  }

  /** Takes no more requests, and closes when all that have come are answered (RFC 9113 s.6.8). */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#output.words(frameType.goAway, 0, this.#lastServed, errorCode.noError);
    this.#wake();
  }

  respond(
    stream: Http2Stream,
    status: number,
    headers: Readonly<Record<string, string | number>>,
    content: Buffer | undefined,
  ): void {
    if (stream.cancelled) this.#streams.delete(stream.id);
    else {
      const empty = content === undefined || content.length === 0;
      this.#output.headers(stream.id, status, headers, empty);
      if (empty) this.#sent(stream);
      else {
        stream.content = content;
        this.#sender.send(stream);
      }
    }
    this.#wake();
  }

  abort(stream: Http2Stream): void {
    if (!stream.cancelled) this.#reset(stream.id, errorCode.cancel);
    this.#streams.delete(stream.id);
    this.#wake();
  }

  release(octets: number): void {
    this.#released += octets;
    if (this.#released < WINDOW / 2) return;
    this.#output.words(frameType.windowUpdate, 0, this.#released);
    this.#window += this.#released;
    this.#released = 0;
  }

  /** Serves at the end of this turn of the loop: what it brings is served together, and its answers leave together. */
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
      this.#output.words(frameType.goAway, 0, this.#lastServed, error.code);
      this.#ended = true;
    }
    const frames = this.#output.take();
    if (frames !== undefined) this.#socket.write(frames);
    if (this.#ended) {
      this.#socket.destroySoon();
    } else if (this.#draining && this.#streams.size === 0) {
      this.#ended = true;
      this.#socket.end();
    } else if (more) {
      this.#socket.pause();
      if (this.#socket.writableLength <= MAX_UNREAD) this.#wake(); // else 'drain' does
    } else this.#socket.resume();
  }

  /** Takes the frames that have come; returns whether there may be more that have to wait. */
  #readFrames(): boolean {
    for (let count = 0; count < FRAMES_A_TURN; count++) {
      if (this.#socket.writableLength + this.#output.length > MAX_UNREAD) return true;
      const frame = this.#reader.next();
      if (frame === undefined) return false;
      this.#take(frame);
    }
    return true;
  }

  #take({ type, flags, stream: id, payload }: Frame): void {
    switch (type) {
      case frameType.data:
        this.#data(flags, id, payload);
        break;
      case frameType.headers:
        this.#headers(flags, id, payload);
        break;
      case frameType.settings:
        this.#settings(flags, id, payload);
        break;
      case frameType.windowUpdate:
        this.#windowUpdate(id, payload);
        break;
      case frameType.resetStream:
        this.#checkSize(payload, 4);
        this.#checkOpened(id);
        this.#cancelById(id);
        break;
      case frameType.ping:
        this.#checkSize(payload, 8);
        this.#checkStream(id === 0);
        if ((flags & flag.ack) === 0) this.#output.octets(type, flag.ack, 0, payload, 0, payload.length);
        break;
      case frameType.priority:
        this.#checkStream(id !== 0);
        if (payload.length !== 5) this.#reset(id, errorCode.frameSize); // RFC 9113 s.6.3
        break;
      case frameType.goAway:
        this.#checkStream(id === 0);
        if (payload.length < 8) throw wrongSize();
        break; // the client closes when it has what it asked for
      case frameType.pushPromise:
        throw new Http2Error(errorCode.protocol, 'a client pushes nothing (RFC 9113 s.8.4)');
      default: // to be ignored (RFC 9113 s.5.5)
    }
  }

  #data(flags: number, id: number, payload: Buffer): void {
    this.#checkOpened(id);
    this.#window -= payload.length;
    if (this.#window < 0)
      throw new Http2Error(errorCode.flowControl, 'more content than was allowed (RFC 9113 s.6.9.1)');
    const content = withoutPadding(flags, payload);
    const padding = payload.length - content.length;
    this.release(padding);
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.ended || stream.cancelled) {
      this.release(content.length);
      this.#reset(id, errorCode.streamClosed);
      return;
    }
    const endStream = (flags & flag.endStream) !== 0;
    // Padding takes from the stream's window, which is just as large as a body may be.
    if (padding > 0 && !endStream) this.#output.words(frameType.windowUpdate, id, padding);
    if (!stream.receive(content, endStream)) this.#reset(id, errorCode.protocol);
  }

  #headers(flags: number, id: number, block: Buffer): void {
    this.#checkStream(id % 2 === 1); // RFC 9113 s.5.1.1
    const endStream = (flags & flag.endStream) !== 0;
    const fields = new RequestFields();
    this.#decoder.decode(block, 0, block.length, (field) => {
      fields.add(field);
    });
    if (id > this.#lastStream) this.#request(id, endStream, fields);
    else this.#trailer(id, endStream, fields);
  }

  #request(id: number, endStream: boolean, fields: RequestFields): void {
    this.#lastStream = id;
    if (this.#draining) return; // it was told which one was the last (RFC 9113 s.6.8)
    this.#lastServed = id;
    if (this.#streams.size >= this.#options.maxConcurrentStreams) {
      this.#reset(id, errorCode.refusedStream); // RFC 9113 s.5.1.2
      return;
    }
    const stream = new Http2Stream(id, fields, this.#sender.streamWindow, this);
    stream.ended = endStream;
    if (fields.tooLarge)
      this.respond(stream, 431, {}, undefined); // RFC 9113 s.10.5.1
    else if (fields.isMalformed(endStream)) this.#reset(id, errorCode.protocol);
    else {
      this.#streams.set(id, stream);
      if (fields.expectsContinue && !endStream) this.#output.headers(id, 100, {}, false);
      this.#options.onRequest(stream);
    }
  }

  #trailer(id: number, endStream: boolean, fields: RequestFields): void {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.ended || stream.cancelled) this.#reset(id, errorCode.streamClosed);
    else if (!endStream || fields.isNoTrailer || !stream.receive(Buffer.alloc(0), true))
      this.#reset(id, errorCode.protocol);
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    this.#checkStream(id === 0);
    const ack = (flags & flag.ack) !== 0;
    if (payload.length % 6 !== 0 || (ack && payload.length > 0)) throw wrongSize();
    if (ack) return;
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const which = payload.readUInt16BE(at);
      if (which === setting.initialWindowSize) this.#sender.setStreamWindow(value, this.#streams.values());
      else if (
        (which === setting.enablePush && value > 1) ||
        (which === setting.maxFrameSize && (value < MAX_FRAME || value > 0xffffff))
      )
        throw new Http2Error(errorCode.protocol, 'a setting is out of range (RFC 9113 s.6.5.2)');
    }
    this.#output.octets(frameType.settings, flag.ack, 0, payload, 0, 0);
  }

  #windowUpdate(id: number, payload: Buffer): void {
    this.#checkSize(payload, 4);
    const octets = payload.readUInt32BE(0) & MAX_WINDOW;
    if (id === 0) {
      this.#sender.widen(octets);
      return;
    }
    this.#checkOpened(id);
    const stream = this.#streams.get(id);
    if (octets === 0) this.#reset(id, errorCode.protocol);
    else if (stream !== undefined && !stream.cancelled && !this.#sender.widenStream(stream, octets))
      this.#reset(id, errorCode.flowControl);
  }

  /** All of a response has been written. */
  #sent(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    // The rest of its body is of no use (RFC 9113 s.8.1).
    if (!stream.ended) this.#output.words(frameType.resetStream, stream.id, errorCode.noError);
  }

  /** Tells the client that a stream is no more. */
  #reset(id: number, code: number): void {
    if (this.#draining && id > this.#lastServed) return; // the client knows
    this.#output.words(frameType.resetStream, id, code);
    this.#cancelById(id);
  }

  #cancelById(id: number): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined && !stream.cancelled) this.#cancel(stream);
  }

  /** A stream whose handler is at work counts until that is done; all others are gone. */
  #cancel(stream: Http2Stream): void {
    const { reading, content } = stream;
    stream.cancelled = true;
    this.#sender.forget(stream);
    if (reading || content !== undefined) this.#streams.delete(stream.id);
    if (reading) stream.breakOff();
  }

  /** RFC 9113 s.5.1: of streams that were never opened nothing can be said. */
  #checkOpened(id: number): void {
    this.#checkStream(id % 2 === 1 && id <= this.#lastStream);
  }

  #checkStream(right: boolean): void {
    if (!right) throw new Http2Error(errorCode.protocol, 'a frame of a stream that cannot have it (RFC 9113 s.5.1)');
  }

  #checkSize(payload: Buffer, length: number): void {
    if (payload.length !== length) throw wrongSize();
  }
}
