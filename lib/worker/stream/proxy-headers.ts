import type { Socket } from 'node:net';
import type { Endpoint } from '../../message/batch.js';
import type { NativeProxyHeader, ProxyProtocol } from '../../native/addon.js';
import { endpointAt } from '../ip.js';

/** Bytes of an address in a header. */
const ADDRESS_SIZE = 16;

/** The ends of a connection, as a proxy has given them. */
export interface ProxiedEnds {
  client: Endpoint;
  local: Endpoint;
  /** The proxy itself. */
  proxy: Endpoint;
}

/** The connections of a worker that begin with a header of the PROXY protocol, until it is complete. */
export class ProxyHeaders {
  /** When each is given up, by `performance.now()`. */
  readonly #open = new Map<Socket, number>();
  readonly #refused: () => void;

  /** `refused` is called for each connection that is closed because its header is invalid or missing. */
  constructor(refused: () => void) {
    this.#refused = refused;
  }

  /** Headers that are not complete. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Reads the header of a connection from `peer`, in at most `timeout` ms, and then calls `done` with the ends in it, if
   * it has any. What follows the header is left in the socket. Closes the connection if it is refused.
   */
  begin(
    socket: Socket,
    proxy: ProxyProtocol,
    peer: Endpoint,
    timeout: number,
    done: (ends: ProxiedEnds | undefined) => void,
  ): void {
    let bytes: Buffer = Buffer.alloc(0);
    this.#open.set(socket, performance.now() + timeout);
    const stop = (): void => {
      this.#open.delete(socket);
      socket.off('readable', read).off('end', close).off('error', close);
    };
    const close = (): void => {
      socket.destroy();
    };
    const read = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      bytes = Buffer.concat([bytes, chunk]);
      const header = proxy.read(bytes, peer.address);
      if (header === undefined) return;
      if (header === null) {
        this.#refused();
        socket.destroy();
        return;
      }
      stop();
      if (bytes.length > header.size) socket.unshift(bytes.subarray(header.size));
      done(endsOf(header, peer));
    };
    socket.on('readable', read).on('end', close).on('error', close).once('close', stop);
  }

  /** Closes the connections whose header is not complete in time; returns their number. `now`: by `performance.now()`. */
  giveUp(now: number): number {
    const late = [...this.#open].filter(([, until]) => until <= now);
    for (const [socket] of late) socket.destroy();
    return late.length;
  }
}

function endsOf({ ends, clientPort = 0, localPort = 0 }: NativeProxyHeader, proxy: Endpoint): ProxiedEnds | undefined {
  if (ends === undefined) return undefined;
  return { client: endpointAt(ends, 0, 6, clientPort), local: endpointAt(ends, ADDRESS_SIZE, 6, localPort), proxy };
}
