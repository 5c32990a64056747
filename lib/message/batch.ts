/** Queries that a transport received together, and the memory that they stand in. */
import type { Buffer } from 'node:buffer';

/** The ways in which a message travels, in native code's order (`native/cache/cache_key.h`). */
export const transports = ['udp', 'tcp', 'tls', 'https', 'grpc'] as const;

/** How a message travels. */
export type Transport = (typeof transports)[number];

/** One end of a conversation. */
export interface Endpoint {
  /** Numeric; IPv4-mapped addresses are given as IPv4. */
  address: string;
  port: number;
  family: 'IPv4' | 'IPv6';
}

/** What a transport knows of a message besides its bytes. */
export interface Origin {
  transport: Transport;
  /** For the cache: the ends of the connection, as `addon.queryOrigin` has them; undefined for datagrams. */
  bytes?: Uint8Array;
  /** Bytes before each message that belong to it and must be kept with it. */
  envelopeSize: number;
  /** Who sent the message that starts at `messageOffset` of `input`. */
  client(input: Buffer, messageOffset: number): Endpoint;
  /** The address of ours that it was sent to. */
  local(input: Buffer, messageOffset: number): Endpoint;
  /** The request of HTTP that brought it, where the server keeps such. */
  http?: HttpRequestHead;
}

/** The head of a request of HTTP. */
export interface HttpRequestHead {
  method: string;
  /** As on the request line (RFC 9112 s.3.2), or HTTP/2's `:path`. */
  target: string;
  /** The fields of its header by their names in lower case; of a field that comes more than once, the last. */
  headers: Readonly<Record<string, string>>;
}

/** Messages that native code has examined: rows of `words`, laid out as `Layout.query` of `lib/native/addon.ts` says. */
export interface QueryBatch {
  /** Where the messages stand. */
  input: Buffer;
  words: Uint32Array;
  /** Where the names stand in presentation form. */
  text: Buffer;
  origin: Origin;
}
