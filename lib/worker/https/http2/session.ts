import type { HttpFields } from '../http-request.js';
import { ContentSender } from './content-sender.js';
import { FieldDecoder } from './field-decoder.js';
import { checkSize, checkStream, readSettings, withoutPadding, wrongSize, type Frame } from './frame-reader.js';
import type { FrameWriter } from './frame-writer.js';
import { errorCode, flag, frameType, Http2Error, MAX_WINDOW, setting } from './protocol.js';
import { RequestFields } from './request-head.js';
import { StreamHistory } from './stream-history.js';
import { Http2Stream, type StreamOwner } from './stream.js';

/** Octets of content that the server keeps for all streams of a connection together. */
export const WINDOW = 262_144;

/** Settings of an {@link Http2Session}. */
export interface Http2Options {
  /** Requests at a time. A request that the client cancels counts until its handler is done. */
  maxConcurrentStreams: number;
  /** The longest body of a request, in octets. */
  maxBody: number;
  /** Called for each request. Each ends with `respond` or `abort`, or its body breaks off. */
  onRequest: (request: Http2Stream) => void;
}

/** The state of a connection: its streams, its windows, and its table of header fields. */
export class Http2Session implements StreamOwner {
  readonly #options: Http2Options;
  readonly #output: FrameWriter;
  readonly #wake: () => void;
  readonly #decoder = new FieldDecoder();
  readonly #streams = new Map<number, Http2Stream>();
  readonly #history = new StreamHistory();
  readonly #sender: ContentSender;
  #lastServed = 0;
  /** Octets of content that the client may still send. */
  #window = WINDOW;
  /** Octets that the server has consumed and has not announced yet. */
  #released = 0;
  #draining = false;

  /** Writes to `output`, and calls `wake` when it has written outside of {@link take}. */
  constructor(options: Http2Options, output: FrameWriter, wake: () => void) {
    this.#options = options;
    this.#output = output;
    this.#wake = wake;
    this.#sender = new ContentSender(output, (stream) => {
      this.#sent(stream);
    });
  }

  /** The highest stream whose request was accepted. Later ones may arrive after GOAWAY. 0: none. */
  get lastServed(): number {
    return this.#lastServed;
  }

  /** Whether {@link drain} was called and no request is left. */
  get drained(): boolean {
    return this.#draining && this.#streams.size === 0;
  }

  /** Accepts no new requests (RFC 9113 s.6.8). */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#output.words(frameType.goAway, 0, this.#lastServed, errorCode.noError);
    this.#wake();
  }

  /** Cancels all requests, since the connection is closed. */
  cancelAll(): void {
    for (const stream of [...this.#streams.values()]) this.#cancel(stream);
  }

  /** Octets of responses that wait for a wider window. */
  get unsent(): number {
    return this.#sender.unsent;
  }

  /** Resets each stream whose body began to come at `before` or earlier and is not complete; returns how many. */
  giveUp(before: number): number {
    const overdue = [...this.#streams.values()].filter((stream) => stream.reading && stream.since <= before);
    for (const stream of overdue) this.#resetStream(stream, errorCode.cancel);
    if (overdue.length > 0) this.#wake();
    return overdue.length;
  }

  respond(stream: Http2Stream, status: number, headers: HttpFields, content: Buffer | undefined): void {
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
    if (!stream.cancelled) this.#resetStream(stream, errorCode.cancel);
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

  /** Serves a frame of the client. Throws {@link Http2Error} for an error of the connection (RFC 9113 s.5.4.1). */
  take({ type, flags, stream: id, payload }: Frame): void {
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
        this.#resetByClient(id, payload);
        break;
      case frameType.ping:
        checkSize(payload, 8);
        checkStream(id === 0);
        if ((flags & flag.ack) === 0) this.#output.octets(type, flag.ack, 0, payload, 0, payload.length);
        break;
      case frameType.priority:
        this.#priority(id, payload);
        break;
      case frameType.goAway:
        checkStream(id === 0);
        if (payload.length < 8) throw wrongSize();
        break; // the client closes the connection when it has its answers
      case frameType.pushPromise:
        throw new Http2Error(errorCode.protocol, 'a client cannot push (RFC 9113 s.8.4)');
      default: // ignored (RFC 9113 s.5.5)
    }
  }

  #data(flags: number, id: number, payload: Buffer): void {
    this.#checkOpened(id);
    this.#window -= payload.length;
    if (this.#window < 0)
      throw new Http2Error(errorCode.flowControl, 'more content than the window allows (RFC 9113 s.6.9.1)');
    const content = withoutPadding(flags, payload);
    const padding = payload.length - content.length;
    this.release(padding);
    const endStream = (flags & flag.endStream) !== 0;
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.ended || stream.cancelled) {
      this.release(content.length);
      if (!this.#isDiscarded(id, endStream)) this.#reset(id, errorCode.streamClosed); // RFC 9113 s.6.1
      return;
    }
    // Padding uses up the stream's window, which is no larger than a body may be.
    if (padding > 0 && !endStream) this.#output.words(frameType.windowUpdate, id, padding);
    if (!stream.receive(content, endStream)) this.#resetStream(stream, errorCode.protocol);
  }

  #headers(flags: number, id: number, block: Buffer): void {
    checkStream(id % 2 === 1); // RFC 9113 s.5.1.1
    const endStream = (flags & flag.endStream) !== 0;
    const fields = new RequestFields();
    this.#decoder.decode(block, 0, block.length, (field) => {
      fields.add(field);
    });
    if (this.#history.open(id)) this.#request(id, endStream, fields);
    else this.#trailer(id, endStream, fields);
  }

  #request(id: number, endStream: boolean, fields: RequestFields): void {
    if (this.#draining) return; // GOAWAY named the last stream (RFC 9113 s.6.8)
    this.#lastServed = id;
    const stream = new Http2Stream(id, fields, this.#sender.streamWindow, this.#options.maxBody, this);
    stream.ended = endStream;
    if (this.#streams.size >= this.#options.maxConcurrentStreams)
      this.#resetStream(stream, errorCode.refusedStream); // RFC 9113 s.5.1.2
    else if (fields.tooLarge)
      this.respond(stream, 431, {}, undefined); // RFC 9113 s.10.5.1
    else if (fields.isMalformed(endStream)) this.#resetStream(stream, errorCode.protocol);
    else {
      this.#streams.set(id, stream);
      if (fields.expectsContinue && !endStream) this.#output.headers(id, 100, {}, false);
      this.#options.onRequest(stream);
    }
  }

  /** HEADERS of a stream that is not new: its trailer, or an error. */
  #trailer(id: number, endStream: boolean, fields: RequestFields): void {
    const stream = this.#streams.get(id);
    if (this.#isDiscarded(id, endStream)) return;
    if (stream === undefined || stream.cancelled)
      throw new Http2Error(this.#history.codeForHeaders(id), 'HEADERS of a closed stream (RFC 9113 s.5.1, s.5.1.1)');
    if (stream.ended) this.#resetStream(stream, errorCode.streamClosed);
    else if (!endStream || fields.isNoTrailer || !stream.receive(Buffer.alloc(0), true))
      this.#resetStream(stream, errorCode.protocol);
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    checkStream(id === 0);
    const ack = (flags & flag.ack) !== 0;
    if (ack && payload.length > 0) throw wrongSize();
    if (ack) return;
    for (const [which, value] of readSettings(payload))
      if (which === setting.initialWindowSize) this.#sender.setStreamWindow(value, this.#streams.values());
    this.#output.octets(frameType.settings, flag.ack, 0, payload, 0, 0);
    this.#sender.sendWaiting(); // after the acknowledgement (RFC 9113 s.6.5.3)
  }

  #windowUpdate(id: number, payload: Buffer): void {
    checkSize(payload, 4);
    const octets = payload.readUInt32BE(0) & MAX_WINDOW;
    if (id !== 0) this.#checkOpened(id);
    const stream = this.#streams.get(id);
    if (id === 0) this.#sender.widen(octets);
    else if (octets === 0) this.#reset(id, errorCode.protocol);
    else if (stream !== undefined && !stream.cancelled && !this.#sender.widenStream(stream, octets))
      this.#resetStream(stream, errorCode.flowControl);
  }

  /** Priorities are ignored (RFC 9113 s.5.3.2). */
  #priority(id: number, payload: Buffer): void {
    checkStream(id !== 0);
    if (payload.length === 5) return;
    // RFC 9113 s.6.3: an error of the stream. S.6.4: a stream that is not open yet cannot be reset.
    if (!this.#history.isOpened(id)) throw wrongSize();
    this.#reset(id, errorCode.frameSize);
  }

  /** The response of a stream is written in full. */
  #sent(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    if (stream.trailer !== undefined) this.#output.trailer(stream.id, stream.trailer);
    if (!stream.ended) this.#resetStream(stream, errorCode.noError); // its body is not needed (RFC 9113 s.8.1)
  }

  /** Resets a stream that the client opened. The stream may be closed already. */
  #reset(id: number, code: number): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#resetStream(stream, code);
    else if (!this.#isAfterGoAway(id)) this.#output.words(frameType.resetStream, id, code);
  }

  #resetStream(stream: Http2Stream, code: number): void {
    this.#output.words(frameType.resetStream, stream.id, code);
    if (!stream.ended) this.#history.abandon(stream.id);
    if (!stream.cancelled) this.#cancel(stream);
  }

  /**
   * Whether a frame of a stream should be discarded: the client may not know yet that the stream is over (RFC 9113
   * s.5.1).
   */
  #isDiscarded(id: number, endStream: boolean): boolean {
    return this.#isAfterGoAway(id) || this.#history.isAbandoned(id, endStream);
  }

  #isAfterGoAway(id: number): boolean {
    return this.#draining && id > this.#lastServed;
  }

  #resetByClient(id: number, payload: Buffer): void {
    checkSize(payload, 4);
    this.#checkOpened(id);
    this.#history.isAbandoned(id, true);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.ended = true;
    if (!stream.cancelled) this.#cancel(stream);
  }

  /** Marks a stream as cancelled. It counts until its handler is done, if one is at work. */
  #cancel(stream: Http2Stream): void {
    const { reading, content } = stream;
    stream.cancelled = true;
    this.#sender.forget(stream);
    if (reading || content !== undefined) this.#streams.delete(stream.id);
    if (reading) stream.breakOff();
  }

  /** A stream that was never opened gets HEADERS or PRIORITY only (RFC 9113 s.5.1). */
  #checkOpened(id: number): void {
    checkStream(this.#history.isOpened(id));
  }
}
