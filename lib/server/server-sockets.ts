/** All sockets of a server: opened, numbered, resized and closed together. */
import { withCode } from '../errors.js';
import type { Endpoint, Transport } from '../message/batch.js';
import { nativeMissing } from '../addon.js';
import { openAddress, type AddressSockets } from '../socket/address-sockets.js';
import { resolveAddress, type AddressTransport, type ListenAddress } from '../socket/addresses.js';
import { untilDry } from '../socket/dry.js';
import { needsNative } from '../fallback/needs-native.js';
import { openPlainAddress, PlainSocket } from '../socket/plain-socket.js';
import type { SocketGroup } from '../socket/socket-group.js';
import { MAX_SOCKETS } from '../socket/socket-count.js';
import { channels } from './diagnostics.js';
import type { ServerSocket } from './messages.js';
import type { ServerConfig } from './options.js';

/** Numbers of sockets that an address has for itself: UDP and TCP, so that their rows of counters stay in place. */
export const NUMBERS_PER_ADDRESS = 2 * MAX_SOCKETS;

/** How long surplus sockets are read before they are closed with what may be left in them, in ms. */
const DRY_TIMEOUT = 5000;
/** How long connections that a surplus listener has begun may take to be complete, in ms. */
const HANDSHAKE_TIME = 200;

/** An address that a server listens on, port 0 resolved. */
export interface BoundAddress extends Endpoint {
  transport: AddressTransport;
}

/** Without native code it is a single socket. */
type ServedGroup = SocketGroup | PlainSocket;

interface Group {
  sockets: ServedGroup;
  transport: Transport;
  /** The number of its address. */
  address: number;
  /** The number of its first socket. */
  first: number;
  /** Its number among the groups. */
  index: number;
  local: Endpoint;
  wildcard: boolean;
  /** How many of its sockets shall be served: fewer than there are just before the surplus is closed. */
  serving: number;
  /** How many are to stay: fewer than there are while it shrinks. */
  staying: number;
  /** Every socket, in order; the objects stay the same. */
  members: ServerSocket[];
}

/** See the file's head. */
export class ServerSockets {
  readonly #addresses: BoundAddress[];
  readonly #groups: Group[];

  /**
   * Opens what the options ask for. Rejects with the first system error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`,
   * `EMFILE`, ...), or that of a look-up (`ENOTFOUND`); nothing stays open then.
   */
  static async open(config: ServerConfig): Promise<ServerSockets> {
    const addresses = await Promise.all(config.listen.map((address) => resolveAddress(address)));
    const opened: ServedGroup[][] = [];
    try {
      for (const [i, { transport, ...address }] of addresses.entries()) {
        const exclusive = config.exclusive && !isShared(address, addresses.slice(0, i));
        const options = { ...config, ...config.tcp, ...address, exclusive, sockets: config.listen[i].sockets };
        opened.push(await (nativeMissing === undefined ? openAddress : openPlainAddress)(transport, options));
      }
    } catch (error) {
      for (const group of opened.flat()) group.close();
      throw error;
    }
    const transports = addresses.map(({ transport }) => transport);
    return new ServerSockets(opened, transports);
  }

  /**
   * Takes over sockets that are open already, an entry for each of `listen`, in its order. Throws
   * `ERR_MULTISOCKET_HAND_OVER` where they do not fit; they are the caller's then.
   */
  static adopt(config: ServerConfig, addresses: readonly AddressSockets[]): ServerSockets {
    const transports = config.listen.map(({ transport }) => transport);
    const wanted = transports.map((transport) => (transport === 'dns' ? 'udp tcp' : 'tcp'));
    const given = addresses.map(({ groups }) => groups.map(({ protocol }) => protocol).join(' '));
    if (wanted.join() !== given.join()) {
      const message = `the sockets do not fit the option "listen": ${given.join(', ')} in place of ${wanted.join(', ')}`;
      throw withCode(new Error(message), 'ERR_MULTISOCKET_HAND_OVER');
    }
    return new ServerSockets(
      addresses.map(({ groups }) => groups),
      transports,
    );
  }

  private constructor(addresses: ServedGroup[][], transports: AddressTransport[]) {
    this.#addresses = addresses.map(([group], i) => ({ transport: transports[i], ...localOf(group) }));
    this.#groups = addresses.flatMap((groups, i) => groups.map((group) => groupOf(group, i, transports[i])));
    this.#groups.forEach((group, index) => {
      group.index = index;
      addMembers(group);
    });
    this.#groups.forEach(({ sockets }) => {
      announce(sockets);
    });
  }

  /**
   * For each socket that is about to leave its group, one that stays: who reads the first has to have the other as well,
   * since replies can only leave through that one.
   */
  partners(): [leaving: ServerSocket, staying: ServerSocket][] {
    return this.#groups.flatMap(({ members, staying }) =>
      members.slice(staying).map((leaving): [ServerSocket, ServerSocket] => [leaving, members[0]]),
    );
  }

  /** Every socket that shall be served, by address, UDP before TCP. */
  all(): ServerSocket[] {
    return this.#groups.flatMap(({ members, serving }) => members.slice(0, serving));
  }

  /** What was bound, one entry an address. */
  addresses(): BoundAddress[] {
    return this.#addresses.map((address) => ({ ...address }));
  }

  /** Has more sockets join those that were inherited, where these let others join. Throws a system error. */
  growInherited(config: ServerConfig): void {
    for (const group of this.#groups) {
      if (group.sockets.shared) grow(group, config.listen[group.address].sockets);
    }
  }

  /** All of them as another process may take them over. */
  handOver(): AddressSockets[] {
    return this.#addresses.map(({ transport }, i) => ({
      name: transport,
      groups: this.#groups.flatMap(({ address, sockets }) => {
        if (sockets instanceof PlainSocket) throw needsNative('handing sockets over');
        return address === i ? [sockets] : [];
      }),
    }));
  }

  /** Each group with its sockets, in the order of {@link all}. */
  groups(): { group: ServedGroup; transport: Transport; sockets: readonly ServerSocket[] }[] {
    return this.#groups.map(({ sockets, transport, members }) => ({ group: sockets, transport, sockets: members }));
  }

  /**
   * Gives the `address`-th address `count` sockets of each protocol. More of them join the group; of those that are too
   * many new traffic is steered away, what waits in them is read, and then they are closed. `assign` is called when
   * {@link all} has changed, and awaited. Rejects with a system error; the address then has what it had.
   */
  async resize(address: number, count: number, assign: () => Promise<void>): Promise<void> {
    const groups = this.#groups.filter((group) => group.address === address);
    const before = groups.map(({ serving }) => serving);
    try {
      for (const group of groups) grow(group, count);
      for (const { sockets, members } of groups) if (count < members.length) sockets.steerAway(count);
      for (const group of groups) group.staying = Math.min(count, group.members.length);
      await assign();
    } catch (error) {
      groups.forEach((group, i) => {
        closeSurplus(group, before[i]);
        group.sockets.steer(group.sockets.steering);
      });
      await assign();
      throw error;
    }
    await Promise.all(groups.map((group) => emptySurplus(group)));
    for (const group of groups) group.serving = count;
    await assign();
    for (const group of groups) closeSurplus(group, count);
  }

  close(): void {
    for (const { sockets } of this.#groups) sockets.close();
  }
}

/**
 * Whether one of the addresses before has the port: next to all addresses of the host, one of them can only be bound by
 * sharing with ourselves.
 */
function isShared({ address, port }: Omit<ListenAddress, 'transport'>, before: readonly ListenAddress[]): boolean {
  const isAll = (other: string): boolean => other === '::' || other === '0.0.0.0';
  return before.some(
    (other) => other.port === port && other.address !== address && isAll(address) !== isAll(other.address),
  );
}

function groupOf(sockets: ServedGroup, address: number, spoken: AddressTransport): Group {
  const local = localOf(sockets);
  const wildcard = local.address === '0.0.0.0' || local.address === '::';
  const transport = spoken === 'dns' ? sockets.protocol : spoken;
  const first = address * NUMBERS_PER_ADDRESS + (transport === 'udp' ? 0 : MAX_SOCKETS);
  return { sockets, transport, address, first, index: 0, local, wildcard, serving: 0, staying: 0, members: [] };
}

/** Brings the list of members up to what the group has. */
function addMembers(group: Group): void {
  const { sockets, transport, first, index, wildcard, local, members } = group;
  for (let i = members.length; i < sockets.descriptors.length; i++) {
    members.push({ number: first + i, transport, fd: sockets.descriptors[i], group: index, wildcard, local });
  }
  group.serving = group.staying = members.length;
}

function grow(group: Group, count: number): void {
  if (count <= group.members.length) return;
  group.sockets.grow(count);
  addMembers(group);
  announce(group.sockets);
}

/** Waits until what has come to the sockets that are not to stay has been taken. */
async function emptySurplus({ sockets, transport, members, staying }: Group): Promise<void> {
  if (staying === members.length) return;
  sockets.leave(staying);
  if (transport !== 'udp') await new Promise((resolve) => setTimeout(resolve, HANDSHAKE_TIME));
  await untilDry(() => sockets.statistics().slice(staying), DRY_TIMEOUT);
}

function closeSurplus(group: Group, count: number): void {
  group.serving = group.staying = Math.min(count, group.members.length);
  if (group.members.splice(count).length === 0) return;
  group.sockets.shrink(count);
  announce(group.sockets);
}

function announce({ address, port, protocol, steering, descriptors }: ServedGroup): void {
  channels.steer.publish({ address, port, protocol, steering, sockets: descriptors.length });
}

function localOf({ address, port }: ServedGroup): Endpoint {
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}
