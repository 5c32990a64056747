/** The options of a group of sockets, and their checks. */
import { isIP } from 'node:net';
import { checkBoolean, checkInteger, invalidType, invalidValue } from '../errors.js';
import { checkSocketCount } from './socket-count.js';

/**
 * How the kernel chooses the socket of a group that gets a datagram or a connection.
 *
 * - `'hash'`: by a hash of both addresses and ports, so that a client's port always meets the same socket.
 * - `'random'`: anew for each datagram and connection (a classic BPF program that takes SKF_AD_RANDOM).
 * - `'cpu'`: by the CPU that received it, modulo the number of sockets (SKF_AD_CPU).
 */
export type Steering = 'hash' | 'random' | 'cpu';

/** Options of `SocketGroup.open`. */
export interface SocketGroupOptions {
  protocol: 'udp' | 'tcp';
  /** A numeric IPv4 or IPv6 address, the latter with an optional `%zone`. */
  address: string;
  /** 0 to 65535; default 0: the system chooses one, which all sockets share. */
  port?: number;
  /** The number of sockets, 1 to 1,024; default: the usable CPUs. */
  sockets?: number;
  /** Fail with EADDRINUSE if another process holds the port, even with SO_REUSEPORT; default true. */
  exclusive?: boolean;
  /** The initial steering; default `'hash'`. */
  steering?: Steering;
  /** IPV6_V6ONLY; default false: `::` takes IPv4 as well. */
  ipv6Only?: boolean;
  /** IP_FREEBIND: bind an address that this host does not have; default false. */
  freebind?: boolean;
  /** SO_RCVBUF in bytes; default 0: the system's default. */
  receiveBufferSize?: number;
  /** SO_SNDBUF in bytes; default 0: the system's default. */
  sendBufferSize?: number;
  /** TCP: length of the accept queue; default 4,096, and at most what the system allows (net.core.somaxconn). */
  backlog?: number;
  /** TCP: length of the queue of Fast Open requests (RFC 7413); default 0, no Fast Open. */
  fastOpen?: number;
}

/** Checks a steering; returns it. Throws `ERR_INVALID_ARG_VALUE`. */
export function checkSteering(value: unknown): Steering {
  if (value === 'hash' || value === 'random' || value === 'cpu') return value;
  throw invalidValue('steering', "must be 'hash', 'random' or 'cpu'", value);
}

const MAX_BUFFER = 0x3fffffff;

/** Checks the options of a group; returns them with the defaults. Throws the error of an invalid option. */
export function checkGroupOptions(options: SocketGroupOptions): Required<SocketGroupOptions> {
  const { protocol, address } = options;
  if ((protocol as unknown) !== 'udp' && protocol !== 'tcp') {
    throw invalidValue('protocol', "must be 'udp' or 'tcp'", protocol);
  }
  if (typeof (address as unknown) !== 'string') throw invalidType('address', 'a string', address);
  if (isIP(address) === 0) throw invalidValue('address', 'must be a numeric IPv4 or IPv6 address', address);
  return {
    protocol,
    address,
    port: checkInteger('port', options.port ?? 0, 0, 65535),
    sockets: checkSocketCount('sockets', options.sockets),
    exclusive: checkBoolean('exclusive', options.exclusive ?? true),
    steering: checkSteering(options.steering ?? 'hash'),
    ipv6Only: checkBoolean('ipv6Only', options.ipv6Only ?? false),
    freebind: checkBoolean('freebind', options.freebind ?? false),
    receiveBufferSize: checkInteger('receiveBufferSize', options.receiveBufferSize ?? 0, 0, MAX_BUFFER),
    sendBufferSize: checkInteger('sendBufferSize', options.sendBufferSize ?? 0, 0, MAX_BUFFER),
    backlog: checkInteger('backlog', options.backlog ?? 4096, 1, 65535),
    fastOpen: checkInteger('fastOpen', options.fastOpen ?? 0, 0, 65535),
  };
}
