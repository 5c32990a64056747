/** All sockets of a server: opened, numbered, resized and closed together. */
import { isDeepStrictEqual } from 'node:util';
import { nativeMissing } from '../addon.js';
import { withCode } from '../errors.js';
import { needsNative } from '../fallback/needs-native.js';
import type { Endpoint, Transport } from '../message/batch.js';
import { openAddress, type AddressSockets } from '../socket/address-sockets.js';
import { resolveAddress, type AddressTransport, type ListenAddress } from '../socket/addresses.js';
import { untilDry } from '../socket/dry.js';
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
/** The same for addresses that are given up: new traffic goes on to come to them, so that they may never be dry. */
const GIVE_UP_TIMEOUT = 1000;
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
  /** The number of its first socket. */
  first: number;
  /** Its number, which no other group has. */
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

/** An entry of `listen` at work. */
interface Address {
  wanted: ListenEntry;
  bound: BoundAddress;
  /** Its place among the rows of counters, which no other address has meanwhile. */
  slot: number;
  groups: Group[];
  /** How many of a protocol's sockets another process goes on to have when this one is closed. */
  kept?: number;
}

type ListenEntry = ServerConfig['listen'][number];

/** Addresses that are open and not served yet: another set in place of the one that is. */
export interface AddressChange {
  /** Those of the new ones. */
  slots: number[];
  /** Has the new ones be among {@link ServerSockets.all}, and those that are not wanted any more among the leaving. */
  apply(): void;
  /** After {@link apply}: waits until the leaving ones have been read, then closes them. `assign` as for `resize`. */
  finish(assign: () => Promise<void>): Promise<void>;
}

/** See the file's head. */
export class ServerSockets {
  /** How many addresses there is room for, those that leave included. */
  readonly #room: number;
  /** In the order of `listen`. */
  #addresses: Address[];
  /** Not wanted any more, and still read. */
  #leaving: Address[] = [];

  /**
   * Opens what the options ask for. Rejects with the first system error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`,
   * `EMFILE`, ...), or that of a look-up (`ENOTFOUND`); nothing stays open then. `room`: as for {@link adopt}.
   */
  static async open(config: ServerConfig, room: number): Promise<ServerSockets> {
    const sockets = new ServerSockets([], room);
    const change = await sockets.change(config);
    change.apply();
    return sockets;
  }

  /**
   * Takes over sockets that are open already, an entry for each of `listen`, in its order. Throws
   * `ERR_MULTISOCKET_HAND_OVER` where they do not fit; they are the caller's then. `room`: for how many addresses, also
   * later.
   */
  static adopt(config: ServerConfig, addresses: readonly AddressSockets[], room: number): ServerSockets {
    const transports = config.listen.map(({ transport }) => transport);
    const wanted = transports.map((transport) => (transport === 'dns' ? 'udp tcp' : 'tcp'));
    const given = addresses.map(({ groups }) => groups.map(({ protocol }) => protocol).join(' '));
    if (wanted.join() !== given.join()) {
      const message = `the sockets do not fit the option "listen": ${given.join(', ')} in place of ${wanted.join(', ')}`;
      throw withCode(new Error(message), 'ERR_MULTISOCKET_HAND_OVER');
    }
    return new ServerSockets(
      addresses.map(({ groups }, i) => addressOf(groups, config.listen[i], i)),
      room,
    );
  }

  private constructor(addresses: Address[], room: number) {
    this.#addresses = addresses;
    this.#room = room;
  }

  /**
   * Opens those addresses of `config.listen` that are not there yet; the ones that are stay as they are, with as many
   * sockets as they have. Rejects as {@link open}, or with `ERR_MULTISOCKET_TOO_MANY_ADDRESSES`; then nothing has changed.
   */
  async change(config: ServerConfig): Promise<AddressChange> {
    const places = this.places(config.listen);
    const resolved = await Promise.all(config.listen.map((entry) => resolveAddress(entry)));
    const opened: Address[] = [];
    const next: Address[] = [];
    try {
      for (const [i, entry] of config.listen.entries()) {
        const place = places[i];
        if (place !== undefined) {
          next.push(this.#addresses[place]);
          continue;
        }
        const slot = this.#freeSlot(opened);
        const { transport, ...address } = resolved[i];
        const others = [...this.#addresses.map(({ bound }) => bound), ...opened.map(({ bound }) => bound)];
        const exclusive = config.exclusive && !isShared(address, others);
        const options = { ...config, ...config.tcp, ...address, exclusive, sockets: entry.sockets };
        const open = nativeMissing === undefined ? openAddress : openPlainAddress;
        const added = addressOf(await open(transport, options), entry, slot);
        opened.push(added);
        next.push(added);
      }
    } catch (error) {
      for (const { sockets } of opened.flatMap(({ groups }) => groups)) sockets.close();
      throw error;
    }
    const apply = (): void => {
      this.#leaving = this.#addresses.filter((address) => !next.includes(address));
      this.#addresses = next;
    };
    return { slots: opened.map(({ slot }) => slot), apply, finish: (assign) => this.#giveUp(assign) };
  }

  /**
   * For each socket that is about to leave its group, one that stays: who reads the first has to have the other as well,
   * since replies can only leave through that one.
   */
  partners(): [leaving: ServerSocket, staying: ServerSocket][] {
    return this.#groups().flatMap(({ members, staying }) =>
      members.slice(staying).map((leaving): [ServerSocket, ServerSocket] => [leaving, members[0]]),
    );
  }

  /** Every socket that shall be served, by address, UDP before TCP. */
  all(): ServerSocket[] {
    return this.#groups().flatMap(({ members, serving }) => members.slice(0, serving));
  }

  /** The sockets of addresses that are about to be given up: whoever has them is to go on reading them. */
  leaving(): ServerSocket[] {
    return this.#leaving.flatMap(({ groups }) => groups).flatMap(({ members }) => members);
  }

  /** What was bound, one entry an address. */
  addresses(): BoundAddress[] {
    return this.#addresses.map(({ bound }) => ({ ...bound }));
  }

  /** The place among the addresses that are open of each entry of another `listen`; undefined where it is not open. */
  places(listen: readonly ListenEntry[]): (number | undefined)[] {
    const left = new Map(this.#addresses.entries());
    return listen.map((entry) => {
      const place = [...left].find(([, { wanted }]) => isSame(wanted, entry))?.[0];
      if (place !== undefined) left.delete(place);
      return place;
    });
  }

  /** How many sockets of each protocol the `address`-th address has. */
  count(address: number): number {
    return this.#addresses[address].groups[0].members.length;
  }

  /** Has more sockets join those that were inherited, where these let others join. Throws a system error. */
  growInherited(config: ServerConfig): void {
    this.#addresses.forEach((address, i) => {
      address.kept = mostMembers(address);
      for (const group of address.groups) if (group.sockets.shared) grow(group, config.listen[i].sockets);
    });
  }

  /** Whether sockets have joined those that were inherited. */
  get grown(): boolean {
    return this.#addresses.some(hasGrown);
  }

  /** Gives up those that have joined: what comes from here on waits in the others. As {@link resize}. */
  async shrinkToInherited(assign: () => Promise<void>): Promise<void> {
    for (const [i, address] of this.#addresses.entries()) {
      if (hasGrown(address)) await this.resize(i, address.kept, assign);
    }
  }

  /** All of them are another process's now, and none of them is to be given up by this one. */
  disown(): void {
    for (const address of this.#addresses) delete address.kept;
  }

  /** All of them as another process may take them over. */
  handOver(): AddressSockets[] {
    return this.#addresses.map(({ bound, groups }) => ({
      name: bound.transport,
      groups: groups.map(({ sockets }) => {
        if (sockets instanceof PlainSocket) throw needsNative('handing sockets over');
        return sockets;
      }),
    }));
  }

  /** Each group with its sockets, in the order of {@link all}. */
  groups(): { group: ServedGroup; transport: Transport; sockets: readonly ServerSocket[] }[] {
    return this.#groups().map(({ sockets, transport, members }) => ({ group: sockets, transport, sockets: members }));
  }

  /**
   * Gives the `address`-th address `count` sockets of each protocol. More of them join the group; of those that are too
   * many new traffic is steered away, what waits in them is read, and then they are closed. `assign` is called when
   * {@link all} has changed, and awaited. Rejects with a system error; the address then has what it had.
   */
  async resize(address: number, count: number, assign: () => Promise<void>): Promise<void> {
    const { groups } = this.#addresses[address];
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
    for (const { sockets } of [...this.#addresses, ...this.#leaving].flatMap(({ groups }) => groups)) sockets.close();
  }

  #groups(): Group[] {
    return this.#addresses.flatMap(({ groups }) => groups);
  }

  /** The lowest slot that none of ours nor of `others` has. */
  #freeSlot(others: readonly Address[]): number {
    const taken = new Set([...this.#addresses, ...others].map(({ slot }) => slot));
    for (let slot = 0; slot < this.#room; slot++) if (!taken.has(slot)) return slot;
    const message = `there is room for ${this.#room} addresses, those included that are to go`;
    throw withCode(new Error(message), 'ERR_MULTISOCKET_TOO_MANY_ADDRESSES');
  }

  async #giveUp(assign: () => Promise<void>): Promise<void> {
    const groups = this.#leaving.flatMap((address) => address.groups);
    if (groups.some(({ transport }) => transport !== 'udp')) {
      await new Promise((resolve) => setTimeout(resolve, HANDSHAKE_TIME));
    }
    await untilDry(() => groups.flatMap(({ sockets }) => sockets.statistics()), GIVE_UP_TIMEOUT);
    this.#leaving = [];
    await assign();
    for (const { sockets } of groups) sockets.close();
  }
}

/** Whether two entries of `listen` ask for one address. */
function isSame(one: ListenEntry, other: ListenEntry): boolean {
  return isDeepStrictEqual({ ...one, sockets: 0 }, { ...other, sockets: 0 });
}

function mostMembers({ groups }: Address): number {
  return Math.max(...groups.map(({ members }) => members.length));
}

function hasGrown(address: Address): address is Address & { kept: number } {
  return address.kept !== undefined && address.kept < mostMembers(address);
}

function addressOf(groups: readonly ServedGroup[], wanted: ListenEntry, slot: number): Address {
  const { transport } = wanted;
  const bound = { transport, ...localOf(groups[0]) };
  return { wanted, bound, slot, groups: groups.map((group) => groupOf(group, slot, transport)) };
}

/**
 * Whether one of the addresses before has the port: next to all addresses of the host, one of them can only be bound by
 * sharing with ourselves.
 */
function isShared({ address, port }: Omit<ListenAddress, 'transport'>, before: readonly Endpoint[]): boolean {
  const isAll = (other: string): boolean => other === '::' || other === '0.0.0.0';
  return before.some(
    (other) => other.port === port && other.address !== address && isAll(address) !== isAll(other.address),
  );
}

function groupOf(sockets: ServedGroup, slot: number, spoken: AddressTransport): Group {
  const local = localOf(sockets);
  const wildcard = local.address === '0.0.0.0' || local.address === '::';
  const transport = spoken === 'dns' ? sockets.protocol : spoken;
  const place = transport === 'udp' ? 0 : 1;
  const [first, index] = [slot * NUMBERS_PER_ADDRESS + place * MAX_SOCKETS, 2 * slot + place];
  const group: Group = { sockets, transport, first, index, local, wildcard, serving: 0, staying: 0, members: [] };
  addMembers(group);
  announce(sockets);
  return group;
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
