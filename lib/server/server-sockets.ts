/** All sockets of a server: opened, numbered and closed together. */
import type { Endpoint } from '../message/batch.js';
import { openAddress, type AddressSockets } from '../socket/address-sockets.js';
import { resolveAddress } from '../socket/addresses.js';
import type { SocketGroup } from '../socket/socket-group.js';
import { MAX_SOCKETS } from '../socket/socket-count.js';
import type { ServerSocket } from './messages.js';
import type { ServerConfig } from './options.js';

/** Numbers of sockets that an address has for itself: UDP and TCP, so that their rows of counters stay in place. */
export const NUMBERS_PER_ADDRESS = 2 * MAX_SOCKETS;

/** A socket together with the group that it was opened in. */
export interface OwnedSocket extends ServerSocket {
  /** Its place in its group. */
  index: number;
}

/** See the file's head. */
export class ServerSockets {
  readonly #addresses: AddressSockets[];
  /** Every socket, by address, UDP before TCP. */
  readonly all: readonly OwnedSocket[];

  /**
   * Opens what the options ask for. Rejects with the first system error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`,
   * `EMFILE`, ...), or that of a look-up (`ENOTFOUND`); nothing stays open then.
   */
  static async open(config: ServerConfig): Promise<ServerSockets> {
    const addresses = await Promise.all(config.listen.map((address) => resolveAddress(address)));
    const opened: AddressSockets[] = [];
    try {
      addresses.forEach((address, i) => {
        opened.push(openAddress({ ...config, ...config.tcp, ...address, sockets: config.listen[i].sockets }));
      });
    } catch (error) {
      for (const address of opened) address.close();
      throw error;
    }
    return new ServerSockets(opened);
  }

  private constructor(addresses: AddressSockets[]) {
    this.#addresses = addresses;
    this.all = addresses.flatMap((address, i) => [
      ...numbered(address.udp, 'udp', i * NUMBERS_PER_ADDRESS, 2 * i),
      ...numbered(address.tcp, 'tcp', i * NUMBERS_PER_ADDRESS + MAX_SOCKETS, 2 * i + 1),
    ]);
  }

  /** What was bound, one entry an address. */
  addresses(): Endpoint[] {
    return this.#addresses.map(({ udp }) => localOf(udp));
  }

  /** Each group with its sockets, in the order of {@link all}. */
  groups(): { group: SocketGroup; protocol: 'udp' | 'tcp'; sockets: OwnedSocket[] }[] {
    return this.#addresses.flatMap(({ udp, tcp }, i) => [
      { group: udp, protocol: 'udp' as const, sockets: this.all.filter(({ group }) => group === 2 * i) },
      { group: tcp, protocol: 'tcp' as const, sockets: this.all.filter(({ group }) => group === 2 * i + 1) },
    ]);
  }

  close(): void {
    for (const address of this.#addresses) address.close();
  }
}

function numbered(group: SocketGroup, protocol: 'udp' | 'tcp', first: number, number: number): OwnedSocket[] {
  const local = localOf(group);
  const wildcard = local.address === '0.0.0.0' || local.address === '::';
  return group.descriptors.map((fd, index) => ({
    number: first + index,
    index,
    protocol,
    fd,
    group: number,
    wildcard,
    local,
  }));
}

function localOf({ address, port }: SocketGroup): Endpoint {
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}
