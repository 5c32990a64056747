import { findSections } from '../../dns/encoded-message.js';
import { decodeMessage } from '../../dns/decode.js';
import { LENGTH_PREFIX, MAX_MESSAGE } from '../../dns/numbers.js';
import { withCode, type CodedError } from '../../errors.js';
import { printable } from '../../message/printable.js';
import type { Query } from '../../message/query.js';
import { Reply } from '../../message/reply.js';
import { PackedRecords } from '../../message/pack-records.js';
import type { MessageSource, RunningStream, StreamMessage } from '../../message/stream.js';
import type { WorkerContext } from '../context.js';
import { workerCounter } from '../counters.js';
import type { FrameOutput } from './frame-output.js';
import type { Producer } from './stream-turns.js';

/** Octets that are handed to the system together. */
const CHUNK = 32 * 1024;
const STREAMS = workerCounter('streams');
const STREAMS_CUT = workerCounter('streamsCut');
const REPLIES = workerCounter('tcpReplies');

/** The connection under a stream. */
export interface StreamCarrier {
  /**
   * Sends frames, which are valid until it returns. Returns whether the client has room for more; if not, the stream waits
   * for {@link MessageStream.resume}. `undefined`: the connection is closed.
   */
  send(frames: Buffer): boolean | undefined;
  /** Ends the stream. `cut`: also resets the connection, so that no client takes a part for the whole. */
  end(cut: boolean): void;
}

type Taken = IteratorResult<StreamMessage, unknown>;

/** A reply of several messages that is being sent: takes them from the handler's iterator as fast as the client reads. */
export class MessageStream implements RunningStream, Producer {
  readonly done: Promise<void>;
  error: CodedError | undefined;
  readonly #query: Query;
  readonly #reply: Reply;
  readonly #context: WorkerContext;
  readonly #carrier: StreamCarrier;
  readonly #iterator: Iterator<StreamMessage> | AsyncIterator<StreamMessage>;
  #settle: { resolve: () => void; reject: (error: Error) => void } = { resolve: ignore, reject: ignore };
  #running = true;
  /** Whether it waits for the client to read. */
  #blocked = false;
  /** Whether the iterator has been asked and has not answered. */
  #asked = false;
  /** Limits the time for an answer of the iterator. */
  #timer: NodeJS.Timeout | undefined;
  /** Messages that were encoded, and octets that were given to the carrier. */
  #messages = 0;
  #octets = 0;

  constructor(query: Query, reply: Reply, messages: MessageSource, carrier: StreamCarrier, context: WorkerContext) {
    this.#query = query;
    this.#reply = reply;
    this.#carrier = carrier;
    this.#context = context;
    this.done = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // A handler need not wait for it.
    this.done.catch(ignore);
    this.#iterator = iteratorOf(messages);
    this.#count(STREAMS);
    context.streamTurns.add(this);
  }

  get running(): boolean {
    return this.#running;
  }

  abort(): void {
    this.#fail(codedError('FAILED', `the handler failed while it streamed ${this.#question}`));
  }

  /** The connection has room again. */
  resume(): void {
    if (!this.#running || !this.#blocked) return;
    this.#blocked = false;
    if (!this.#asked) this.#context.streamTurns.add(this);
  }

  /** The connection is closed. */
  closed(): void {
    this.#fail(codedError('CLOSED', `the connection was closed while ${this.#question} was streamed`));
  }

  produce(output: FrameOutput, end: number): void {
    while (this.#running && !this.#blocked) {
      let next: Taken | Promise<Taken>;
      try {
        next = this.#iterator.next();
      } catch (error) {
        output.clear();
        this.#sourceFailed(error, false);
        return;
      }
      if (isPromise(next)) {
        this.#await(next);
        break;
      }
      if (!this.#take(next, output)) return;
      if (performance.now() >= end) {
        this.#flush(output);
        if (this.#isReady) this.#context.streamTurns.add(this);
        return;
      }
    }
    this.#flush(output);
  }

  get #isReady(): boolean {
    return this.#running && !this.#blocked && !this.#asked;
  }

  get #question(): string {
    const { name, class: queryClass, type } = this.#query;
    return `${name} ${queryClass} ${type}`;
  }

  #await(next: Promise<Taken>): void {
    this.#asked = true;
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        if (this.#asked) this.#stalled();
      }, this.#context.settings.handlerTimeout).unref();
    } else {
      this.#timer.refresh();
    }
    next.then(
      (taken) => {
        this.#asked = false;
        if (!this.#running) return;
        const { output } = this.#context.streamTurns;
        if (!this.#take(taken, output)) return;
        this.#flush(output);
        if (this.#isReady) this.#context.streamTurns.add(this);
      },
      (error: unknown) => {
        this.#asked = false;
        if (this.#running) this.#sourceFailed(error, false);
      },
    );
  }

  /** Puts a message into the output. Returns false if there was none: the stream has ended or failed. */
  #take({ done, value }: Taken, output: FrameOutput): boolean {
    if (done === true) {
      this.#flush(output);
      if (this.#messages > 0) this.#finish();
      else this.#sourceFailed(new Error('there were none'), false);
      return false;
    }
    try {
      output.add(this.#encode(value, output));
    } catch (error) {
      output.clear();
      this.#sourceFailed(error, true);
      return false;
    }
    this.#messages++;
    if (output.end >= CHUNK) this.#flush(output);
    return true;
  }

  #encode(message: StreamMessage, output: FrameOutput): number {
    const part = partOf(this.#query, message).withSettingsOf(this.#reply);
    return this.#context.encoder.encodeMessage(this.#query, part, output.bytes, output.next);
  }

  #flush(output: FrameOutput): void {
    const frames = output.frames();
    if (frames.length === 0) return;
    this.#octets += frames.length;
    output.clear();
    const room = this.#carrier.send(frames);
    if (room === undefined) this.closed();
    else this.#blocked = !room;
  }

  #finish(): void {
    if (!this.#running) return;
    this.#end();
    this.#count(REPLIES, this.#messages);
    this.#context.encoder.countReply(this.#reply.rcode);
    this.#reply.finished(this.#octets, false);
    this.#carrier.end(false);
    this.#settle.resolve();
  }

  #stalled(): void {
    const { handlerTimeout } = this.#context.settings;
    const error = codedError('STALLED', `the next message of ${this.#question} took longer than ${handlerTimeout} ms`);
    if (this.#fail(error)) this.#report(error);
  }

  #sourceFailed(cause: unknown, close: boolean): void {
    const reason = cause instanceof Error ? printable(cause.message) : 'not an Error';
    const error = codedError('FAILED', `the messages of ${this.#question} failed: ${reason}`, cause);
    if (this.#fail(error, close)) this.#report(error);
  }

  /** Ends it too early. `close`: whether the iterator still has to be ended. Returns false if it had ended before. */
  #fail(error: CodedError, close = true): boolean {
    if (!this.#running) return false;
    this.error = error;
    this.#end();
    this.#count(STREAMS_CUT);
    if (this.#messages > 0) this.#carrier.end(true);
    else this.#refuse();
    this.#reply.finished(this.#octets, false);
    if (close) this.#close();
    this.#settle.reject(error);
    return true;
  }

  /** Answers SERVFAIL in the place of a stream of which the client has got nothing. */
  #refuse(): void {
    const { encoder } = this.#context;
    const failure = new Reply(this.#query);
    failure.fail('SERVFAIL');
    const frame = Buffer.alloc(LENGTH_PREFIX + MAX_MESSAGE);
    const length = encoder.encodeMessage(this.#query, failure, frame, LENGTH_PREFIX);
    frame.writeUInt16BE(length);
    encoder.countReply('SERVFAIL');
    this.#count(REPLIES);
    this.#carrier.send(frame.subarray(0, LENGTH_PREFIX + length));
    this.#carrier.end(false);
  }

  #end(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Ends the iterator, so that what it holds is freed. */
  #close(): void {
    const failed = (error: unknown): void => {
      const reason = error instanceof Error ? printable(error.message) : 'not an Error';
      this.#report(codedError('FAILED', `the iterator of ${this.#question} did not end: ${reason}`, error));
    };
    try {
      const ended = this.#iterator.return?.();
      if (ended !== undefined && isPromise(ended)) ended.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #report(error: CodedError): void {
    this.#context.report(error.code, () => error);
  }

  #count(counter: number, by = 1): void {
    const { counters, row } = this.#context;
    counters[row + counter] += by;
  }
}

function ignore(): void {
  // Nothing to do.
}

function codedError(code: 'FAILED' | 'CLOSED' | 'STALLED', message: string, cause?: unknown): CodedError {
  return withCode(new Error(message, cause === undefined ? undefined : { cause }), `ERR_MULTISOCKET_STREAM_${code}`);
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T>).then === 'function';
}

function iteratorOf(messages: MessageSource): Iterator<StreamMessage> | AsyncIterator<StreamMessage> {
  if (messages instanceof PackedRecords) return messages.reused();
  return Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]();
}

/** A reply with the contents of a message, whose octets are not copied. */
function partOf(query: Query, message: StreamMessage): Reply {
  const part = new Reply(query);
  if (!(message instanceof Uint8Array)) return part.send(message);
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const sections = findSections(bytes, query.question);
  return sections === undefined ? part.send(decodeMessage(bytes)) : part.takeOver(sections);
}
