import { integer, type OptionsOf } from './option.js';
import { DAY, MAX_INT32 } from './numbers.js';
import { queues } from './sockets.js';

/** Options of `tcp` that an address may have for itself. Times are in milliseconds. */
export const connectionBounds = {
  /** How long a connection may rest between queries (RFC 7766 s.6.2.3). 1 to 86,400,000; default 10,000. */
  idleTimeout: integer({ min: 1, max: DAY, default: 10_000 }),
  /** How long a message may take from its first byte to its last. 1 to 86,400,000; default 5,000. */
  messageTimeout: integer({ min: 1, max: DAY, default: 5000 }),
  /** How long a client may leave its replies unread before its connection is closed. 1 to 86,400,000; default 5,000. */
  writeTimeout: integer({ min: 1, max: DAY, default: 5000 }),
  /** How long a TLS handshake may take. 1 to 86,400,000; default 5,000. */
  handshakeTimeout: integer({ min: 1, max: DAY, default: 5000 }),
  /**
   * How long a client may take to close its side after the server has closed its own. 1 to 86,400,000; default 1,000.
   */
  lingerTimeout: integer({ min: 1, max: DAY, default: 1000 }),
  /** Queries by TCP or TLS after which a connection is closed. 1 to 2,147,483,647 or Infinity; default Infinity. */
  maxQueries: integer({ min: 1, max: MAX_INT32, or: Infinity, default: Infinity }),
};

/** The options of `tcp` that concern connections. */
export const connections = {
  ...connectionBounds,
  /** Connections in all; 0: none is accepted. 0 to 1,000,000; default 10,000. */
  maxConnections: integer({ min: 0, max: 1_000_000, default: 10_000 }),
  /** Connections of one client: an IPv4 address or an IPv6 /64. 1 to 1,000,000; default 256. */
  maxConnectionsPerClient: integer({ min: 1, max: 1_000_000, default: 256 }),
  /** Queries of one connection that handlers hold at a time (RFC 7766 s.6.2.1.1). 1 to 65,535; default 100. */
  maxPipelined: integer({ min: 1, max: 65_535, default: 100 }),
};

/** Options of `tcp`. */
export const tcp: typeof connections & typeof queues = { ...connections, ...queues };

/**
 * Bounds for connections: DNS over TCP (RFC 7766), TLS, HTTPS and gRPC. Times are in milliseconds; the caps are for the
 * whole server.
 */
export interface TcpOptions extends OptionsOf<typeof tcp> {}

/** Bounds of the connections to an address. Times are in milliseconds. */
export interface ConnectionBounds extends OptionsOf<typeof connectionBounds> {}
