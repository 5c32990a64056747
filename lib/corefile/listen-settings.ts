/** What directives say of the addresses that their server block listens on. */
import type { RateLimitOptions } from '../server/options/guard-options.js';

/** See the file's head; each is undefined when a directive says nothing of it. It can be cloned into a worker. */
export interface ListenSettings {
  /** NUM_SOCKETS, 1 to 1,024. */
  sockets?: number | undefined;
  /** Numeric addresses in canonical form, IPv6 with a `%zone` where needed; every address of the host if undefined. */
  addresses?: readonly string[] | undefined;
  tls?: TlsSettings | undefined;
  timeouts?: TimeoutSettings | undefined;
  /** Of all that is answered by UDP. */
  rrl?: RateLimitOptions | undefined;
}

/** Files in PEM, and what clients must show. */
export interface TlsSettings {
  certificate: string;
  key: string;
  /** Of the authorities that sign clients' certificates. */
  ca?: string | undefined;
  /** A file to which the secrets of all connections are appended, in the format of NSS. */
  keylog?: string | undefined;
  clientAuth: 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify';
}

/** Of connections, times in milliseconds; undefined: the transport's default. */
export interface TimeoutSettings {
  /** Until a message that has begun is complete. */
  read?: number | undefined;
  /** Until a reply is taken. */
  write?: number | undefined;
  /** Until the next message begins. */
  idle?: number | undefined;
  /** Queries that a connection may bring by TCP or TLS before it is closed; Infinity: any number. */
  maxQueries?: number | undefined;
}
