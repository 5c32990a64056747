/** Queries that a transport received together, and the memory that holds them. */
import type { Buffer } from 'node:buffer';
import type { QueryConnection } from './connection.js';
import type { Endpoint } from './endpoint.js';
import type { MessageSource, RunningStream } from './stream.js';

export type { Endpoint } from './endpoint.js';

/** The ways in which a message travels, in native code's order (`native/cache/cache_key.h`). */
export const transports = ['udp', 'tcp', 'tls', 'https', 'grpc'] as const;

/** How a message travels. */
export type Transport = (typeof transports)[number];

/** What a transport knows of a message besides its bytes. */
export interface Origin {
  transport: Transport;
  /** For the cache: the ends of the connection, as `addon.queryOrigin` returns them; undefined for datagrams. */
  bytes?: Uint8Array;
  /** Bytes before each message that belong to it and must be kept with it. */
  envelopeSize: number;
  /** The sender of the message that starts at `messageOffset` of `input`. */
  client(input: Buffer, messageOffset: number): Endpoint;
  /** The address of ours that it was sent to. */
  local(input: Buffer, messageOffset: number): Endpoint;
  /** What else is known of the connection that brought it. Called when a handler asks. Undefined: nothing is. */
  connection?(input: Buffer, messageOffset: number): QueryConnection;
  /** Starts the stream of a `Reply` to a `Query`; undefined: the transport carries one message for each query. */
  openStream?(this: void, query: object, reply: object, messages: MessageSource): RunningStream;
}

/** Messages that native code has checked: rows of `words` in the layout `Layout.query` of `lib/native/addon.ts`. */
export interface QueryBatch {
  /** Holds the messages. */
  input: Buffer;
  words: Uint32Array;
  /** Holds the names in presentation form. */
  text: Buffer;
  origin: Origin;
}
