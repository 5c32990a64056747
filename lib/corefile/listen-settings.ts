import type { ProxyProtocolOptions } from '../options/proxy-protocol.js';
import type { RateLimitOptions } from '../options/rate-limit.js';

/**
 * The settings of directives for the addresses of their server block; each is undefined if no directive sets it. It can
 * be cloned into a worker.
 */
export interface ListenSettings {
  /** NUM_SOCKETS, 1 to 1,024. */
  sockets?: number | undefined;
  /** Numeric addresses in canonical form, IPv6 with a `%zone` where needed; every address of the host if undefined. */
  addresses?: readonly string[] | undefined;
  tls?: TlsSettings | undefined;
  timeouts?: TimeoutSettings | undefined;
  proxyProtocol?: ProxyProtocolOptions | undefined;
  /** For all replies by UDP. */
  rrl?: RateLimitOptions | undefined;
}

/** Files in PEM, and the certificates that clients must show. */
export interface TlsSettings {
  certificate: string;
  key: string;
  /** The certificates of the authorities that sign clients' certificates. */
  ca?: string | undefined;
  /** A file to which the secrets of all connections are appended, in the format of NSS. */
  keylog?: string | undefined;
  clientAuth: 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify';
}

/** Timeouts of connections in milliseconds; undefined: the transport's default. */
export interface TimeoutSettings {
  /** For a message, from its first byte to its last. */
  read?: number | undefined;
  /** For a client to read a reply. */
  write?: number | undefined;
  /** For the next message to begin. */
  idle?: number | undefined;
  /** Queries that a connection may bring by TCP or TLS before it is closed; Infinity: no limit. */
  maxQueries?: number | undefined;
}
