/** The sockets of one DNS address: as many TCP as UDP, on one port (RFC 7766 s.5). */
import { SocketGroup, type SocketGroupOptions } from './socket-group.js';

/** See the file's head. */
export interface AddressSockets {
  udp: SocketGroup;
  tcp: SocketGroup;
  close(): void;
}

/** How many ports are tried when the system may choose one: it picks one that UDP has free, and TCP may not. */
const MAX_TRIES = 10;

/** Opens both groups, or none. Throws what {@link SocketGroup.open} throws. */
export function openAddress(options: Omit<SocketGroupOptions, 'protocol'>): AddressSockets {
  for (let attempt = 1; ; attempt++) {
    const udp = SocketGroup.open({ ...options, protocol: 'udp' });
    try {
      // The buffers are for datagrams: those of a TCP connection grow by need, which a size of one's own would stop.
      const unsized = { receiveBufferSize: 0, sendBufferSize: 0 };
      const tcp = SocketGroup.open({ ...options, ...unsized, protocol: 'tcp', port: udp.port });
      return {
        udp,
        tcp,
        close: () => {
          udp.close();
          tcp.close();
        },
      };
    } catch (error) {
      udp.close();
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!taken || options.port !== 0 || attempt === MAX_TRIES) throw error;
    }
  }
}
