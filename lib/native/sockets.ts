/** What the kernel knows and does of sockets, as native code has it. */

/** Options of {@link Addon.openSocket}; each field is required, so that native code has no defaults of its own. */
export interface NativeSocketOptions {
  /** `udp` or `tcp`. A TCP socket is listening when it is returned. */
  protocol: 'udp' | 'tcp';
  /** A numeric IPv4 or IPv6 address, the latter with an optional `%zone`. */
  address: string;
  /** 0 to 65535; 0 lets the kernel choose. */
  port: number;
  /** Whether SO_REUSEPORT is set at all. A kernel without it leaves the socket without. */
  reusePort: boolean;
  /**
   * Bind before SO_REUSEPORT is set, so that the bind fails with EADDRINUSE if any process holds the port, even another
   * SO_REUSEPORT socket; the option is set afterwards, so that the rest of the group can join.
   */
  exclusive: boolean;
  /** IPV6_V6ONLY; only for IPv6 addresses. */
  ipv6Only: boolean;
  /** IP_FREEBIND: bind an address that is not (yet) on this host. */
  freebind: boolean;
  /** SO_BINDTODEVICE: the interface whose traffic it gets; empty: all. */
  interface: string;
  /** SO_RCVBUF in bytes, 0 for the system's default. */
  receiveBufferSize: number;
  /** SO_SNDBUF in bytes, 0 for the system's default. */
  sendBufferSize: number;
  /** TCP: length of the accept queue. */
  backlog: number;
  /** TCP: length of the queue of TCP Fast Open requests, 0 for none. */
  fastOpen: number;
}

/** An open socket. */
export interface NativeSocket {
  fd: number;
  /** The port that was bound, never 0. */
  port: number;
  /** Whether SO_REUSEPORT is in force. */
  reusePort: boolean;
  /** SO_RCVBUF in bytes as the kernel granted it, without the doubling that Linux does for its bookkeeping. */
  receiveBufferSize: number;
  /** SO_SNDBUF in bytes as granted, likewise. */
  sendBufferSize: number;
}

/** The description of a socket by the kernel, whichever process opened it. */
export interface NativeSocketDescription {
  protocol: 'udp' | 'tcp';
  /** Numeric, with its zone if it has one. */
  address: string;
  /** 0 if it is not bound. */
  port: number;
  /** Whether SO_REUSEPORT is in force. */
  reusePort: boolean;
  /** IPV6_V6ONLY; false for IPv4. */
  ipv6Only: boolean;
  /** TCP: whether it accepts connections. */
  listening: boolean;
  /** The interface that it is bound to, unless its address has the zone; empty: none. */
  interface: string;
  /** SO_RCVBUF in bytes, without the doubling that Linux does for its bookkeeping. */
  receiveBufferSize: number;
  /** SO_SNDBUF in bytes, likewise. */
  sendBufferSize: number;
}

/** The kernel's statistics of one socket. */
export interface NativeSocketStatistics {
  /** Bytes that wait to be read, with the kernel's bookkeeping; TCP listeners: connections that wait to be accepted. */
  queued: number;
  /** The capacity of the queue: SO_RCVBUF in the kernel's own (doubled) count, or the accept queue's length. */
  capacity: number;
  /** Datagrams dropped because the receive buffer was full; 0 if the kernel does not report them. */
  drops: number;
}
