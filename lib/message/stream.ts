/** Replies of several messages (`Reply.stream`): zone transfers (RFC 5936, RFC 1995). */
import type { Packet } from 'dns-packet';
import type { DecodedMessage } from '../dns/decode.js';
import { withCode } from '../errors.js';

/** A message of a stream: in the form of dns-packet or `query.message`, or encoded. */
export type StreamMessage = Packet | DecodedMessage | Uint8Array;

/** The messages of a stream in their order. */
export type MessageSource = Iterable<StreamMessage> | AsyncIterable<StreamMessage>;

/** A stream that has begun. */
export interface RunningStream {
  /** Resolves when the last message has been handed to the system; rejects with an error that has a code. */
  readonly done: Promise<void>;
  /** Whether it has neither ended nor failed. */
  readonly running: boolean;
  /** The error that {@link done} rejected with; undefined: none. */
  readonly error: Error | undefined;
  /** Cuts it off because its handler failed. The handler's error is reported elsewhere. */
  abort(): void;
}

/** What a stream needs of its query. */
interface StreamedQuery {
  readonly transport: string;
  readonly openStream: ((query: object, reply: object, messages: MessageSource) => RunningStream) | undefined;
  /** Moves its data to memory that stays. */
  detach(): void;
}

/**
 * Starts the stream of a reply. Throws `TypeError` `ERR_INVALID_ARG_TYPE` for messages that are no iterable; `Error`
 * `ERR_MULTISOCKET_STREAM_ANSWERED` if the reply has contents; `Error` `ERR_MULTISOCKET_STREAM_TRANSPORT` if the query
 * came by a transport that carries one message a query, or is a look-up of a handler.
 */
export function openStream(query: StreamedQuery, reply: { answered: boolean }, messages: MessageSource): RunningStream {
  if (!isSource(messages)) {
    throw withCode(
      new TypeError('the messages of a stream must be an iterable or an async iterable'),
      'ERR_INVALID_ARG_TYPE',
    );
  }
  if (reply.answered) {
    throw withCode(
      new Error('the reply has contents already: a stream is the whole reply, and there is one for each query'),
      'ERR_MULTISOCKET_STREAM_ANSWERED',
    );
  }
  const open = query.openStream;
  if (open === undefined) {
    throw withCode(
      new Error(`a query by ${query.transport} has a reply of one message: streams need a query by TCP or TLS`),
      'ERR_MULTISOCKET_STREAM_TRANSPORT',
    );
  }
  query.detach();
  return open(query, reply, messages);
}

function isSource(value: unknown): value is MessageSource {
  // A string and a Buffer are iterables of other things.
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && hasIterator(value);
}

function hasIterator(value: object): boolean {
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}
