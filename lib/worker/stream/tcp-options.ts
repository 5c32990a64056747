/** Bounds for DNS over TCP (RFC 7766). Times are in milliseconds, caps are of the whole server. */
export interface TcpOptions {
  /** How long a connection may rest between queries; 10,000 by default (RFC 7766 s.6.2.3). */
  idleTimeout?: number;
  /** How long a message may take from its first byte to its last; 5,000 by default. */
  messageTimeout?: number;
  /** How long a client may leave its replies unread before its connection is closed; 5,000 by default. */
  writeTimeout?: number;
  /** How long a TLS handshake may take; 5,000 by default. */
  handshakeTimeout?: number;
  /** How long a client may take to close its side after the server has closed its own; 1,000 by default. */
  lingerTimeout?: number;
  /** Connections in all; 10,000 by default. */
  maxConnections?: number;
  /** Connections of one client (an IPv4 address, an IPv6 /64); 256 by default. */
  maxConnectionsPerClient?: number;
  /** Queries of one connection that handlers hold at a time; 100 by default (RFC 7766 s.6.2.1.1). */
  maxPipelined?: number;
  /** Queries by TCP or TLS after which a connection is closed; `Infinity`, any number, by default. */
  maxQueries?: number;
  /** Length of a listening socket's accept queue; 4,096 by default, and at most what the system allows. */
  backlog?: number;
  /** Length of the queue of TCP Fast Open requests (RFC 7413); 0, none, by default. */
  fastOpen?: number;
}
