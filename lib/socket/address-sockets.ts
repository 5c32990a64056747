/**
 * The sockets of one address: as many TCP as UDP for DNS, on one port (RFC 7766 s.5); TCP only for encrypted
 * transports.
 */
import type { AddressTransport, Protocol } from './addresses.js';
import type { SocketGroupOptions } from '../options/sockets.js';
import { SocketGroup } from './socket-group.js';

/** The sockets of one address as processes hand them over. */
export interface AddressSockets {
  /** The name that the processes give it: a transport, or a unit's name. */
  name: string;
  /** UDP before TCP, all on one address and port. */
  groups: SocketGroup[];
}

/**
 * The number of ports that are tried if the system may choose one: a port that is free for UDP may be taken for TCP.
 */
export const MAX_TRIES = 10;

/** The protocols that an address has sockets for, UDP before TCP. */
export function protocolsOf(transport: AddressTransport, protocol: Protocol | undefined): readonly Protocol[] {
  if (transport !== 'dns') return ['tcp'];
  return protocol === undefined ? ['udp', 'tcp'] : [protocol];
}

/** Opens all groups of an address, UDP before TCP, or none. Throws what {@link SocketGroup.open} throws. */
export function openAddress(
  transport: AddressTransport,
  options: Omit<SocketGroupOptions, 'protocol'>,
  protocol?: Protocol,
): SocketGroup[] {
  // The buffer sizes are for datagrams: buffers of a TCP connection grow by need, and a fixed size would stop that.
  const stream = { ...options, receiveBufferSize: 0, sendBufferSize: 0, protocol: 'tcp' as const };
  const protocols = protocolsOf(transport, protocol);
  if (!protocols.includes('udp')) return [SocketGroup.open(stream)];
  for (let attempt = 1; ; attempt++) {
    const udp = SocketGroup.open({ ...options, protocol: 'udp' });
    if (!protocols.includes('tcp')) return [udp];
    try {
      return [udp, SocketGroup.open({ ...stream, port: udp.port })];
    } catch (error) {
      udp.close();
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!taken || (options.port ?? 0) !== 0 || attempt === MAX_TRIES) throw error;
    }
  }
}
