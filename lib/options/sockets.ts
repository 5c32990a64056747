import { MAX_PORT } from '../dns/numbers.js';
import { Buffer } from 'node:buffer';
import { invalidValue } from '../errors.js';
import {
  converted,
  flag,
  integer,
  oneOf,
  optional,
  required,
  text,
  type OptionsOf,
  type ResolvedOf,
} from './option.js';

/** The most sockets that an address may have, as in CoreDNS. */
export const MAX_SOCKETS = 1024;
const MAX_BUFFER = 0x3fffffff;

/** Octets of the name of an interface: IFNAMSIZ of netdevice(7), without its end. */
const MAX_INTERFACE = 15;

/** The option is the name of a network interface, which need not exist yet. */
export const interfaceName = converted<string, string>(text(), (path, name) => {
  const length = Buffer.byteLength(name);
  if (length >= 1 && length <= MAX_INTERFACE && !/[\s/\0]/.test(name)) return name;
  throw invalidValue(
    path,
    `must be the name of an interface, 1 to ${MAX_INTERFACE} octets without "/" and space`,
    name,
  );
});

/** How sockets are bound. */
export const binding = {
  /**
   * How the kernel chooses a socket of the group: by the addresses and ports of the packet (`'hash'`), at random
   * (`'random'`), or by the CPU that received it (`'cpu'`). Default 'hash'.
   */
  steering: oneOf(['hash', 'random', 'cpu'], 'hash'),
  /**
   * Whether opening fails with EADDRINUSE if another process holds the port, even if both would share it. False allows
   * hand-over between processes. Default true.
   */
  exclusive: flag(true),
  /** Whether `::` accepts IPv6 only (IPV6_V6ONLY). Default false. */
  ipv6Only: flag(false),
  /** Whether an address may be bound that this host does not have (yet): IP_FREEBIND. Default false. */
  freebind: flag(false),
};

/**
 * How the kernel chooses the socket of a group that gets a datagram or a connection.
 *
 * - `'hash'`: by a hash of both addresses and ports, so that a client's port always meets the same socket.
 * - `'random'`: anew for each datagram and connection (a classic BPF program that takes SKF_AD_RANDOM).
 * - `'cpu'`: by the CPU that received it, modulo the number of sockets (SKF_AD_CPU).
 */
export type Steering = ResolvedOf<typeof binding>['steering'];

/** The buffers of a server's UDP sockets. */
export const buffers = {
  /**
   * SO_RCVBUF of each UDP socket in bytes; 0: the system's default. `stats()` returns the size that was granted. 0 to
   * 1,073,741,823; default 1 MiB.
   */
  receiveBufferSize: integer({ min: 0, max: MAX_BUFFER, default: 1 << 20, unit: 'bytes' }),
  /** SO_SNDBUF of each UDP socket in bytes; 0: the system's default. 0 to 1,073,741,823; default 4 MiB. */
  sendBufferSize: integer({ min: 0, max: MAX_BUFFER, default: 4 << 20, unit: 'bytes' }),
};

/** The queues of a listening TCP socket. */
export const queues = {
  /** Length of the accept queue; the system may allow less (net.core.somaxconn). 1 to 65,535; default 4,096. */
  backlog: integer({ min: 1, max: 65_535, default: 4096 }),
  /** Length of the queue of TCP Fast Open requests (RFC 7413); 0: no Fast Open. 0 to 65,535; default 0. */
  fastOpen: integer({ min: 0, max: 65_535, default: 0 }),
};

/** Options of `openSockets`. */
export const socketGroup = {
  /** The protocol of the sockets. */
  protocol: required(oneOf(['udp', 'tcp'])),
  /** A numeric IPv4 or IPv6 address, the latter with an optional `%zone`. */
  address: required(text()),
  /** The port; 0: the system chooses one, which all sockets share. 0 to 65,535; default 0. */
  port: integer({ min: 0, max: MAX_PORT, default: 0 }),
  /** The number of sockets. 1 to 1,024; default: `usableCpus()`. */
  sockets: optional(integer({ min: 1, max: MAX_SOCKETS }), '`usableCpus()`'),
  /**
   * The interface whose traffic the sockets get, and no other (SO_BINDTODEVICE, Linux). Groups of several interfaces may
   * have one address and port. Default: all.
   */
  interface: optional(interfaceName, 'all'),
  ...binding,
  /** SO_RCVBUF in bytes; 0: the system's default. 0 to 1,073,741,823; default 0. */
  receiveBufferSize: integer({ min: 0, max: MAX_BUFFER, default: 0 }),
  /** SO_SNDBUF in bytes; 0: the system's default. 0 to 1,073,741,823; default 0. */
  sendBufferSize: integer({ min: 0, max: MAX_BUFFER, default: 0 }),
  ...queues,
};

/** Options of `openSockets`. */
export interface SocketGroupOptions extends OptionsOf<typeof socketGroup> {}
