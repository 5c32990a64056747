import { nativeMissing } from '../native/addon.js';
import { withCode } from '../errors.js';
import { needsNative } from '../native/fallback/needs-native.js';
import type { Endpoint } from '../message/batch.js';
import { binding, buffers, queues } from '../options/sockets.js';
import { pick } from '../options/table.js';
import { openAddress, protocolsOf, type AddressSockets } from '../socket/address-sockets.js';
import { resolveAddress, type ListenAddress } from '../socket/addresses.js';
import { untilDry } from '../socket/dry.js';
import { openPlainAddress, PlainSocket } from '../socket/plain-socket.js';
import type { ServerSocket } from '../worker/messages.js';
import type { ServerConfig } from './options/config.js';
import {
  addressOf,
  closeAll,
  hasGrown,
  isSame,
  mostMembers,
  type Address,
  type BoundAddress,
  type ListenEntry,
} from './served-address.js';
import { HANDSHAKE_TIME, type ServedGroup } from './served-group.js';

/**
 * Milliseconds for which removed addresses are read. New traffic keeps coming to them, so that they may never be empty.
 */
const GIVE_UP_TIMEOUT = 1000;

/** A set of opened addresses that is about to replace the served one. */
export interface AddressChange {
  /** The slots of the new addresses. */
  slots: number[];
  /** Adds the new addresses to {@link ServerSockets.all}, and moves the removed ones to the leaving. */
  apply(): void;
  /** Closes the new addresses, unless they have been applied. */
  discard(): void;
  /** After {@link apply}: reads the leaving addresses for a while, then closes them. `assign` as for `resize`. */
  finish(assign: () => Promise<void>): Promise<void>;
}

/** All addresses of a server. Opens, resizes, exchanges and closes them. */
export class ServerSockets {
  /** The number of addresses that there is room for, leaving ones included. */
  readonly #room: number;
  /** In the order of `listen`. */
  #addresses: Address[];
  /** Removed addresses that are still read. */
  #leaving: Address[] = [];

  /**
   * Opens the addresses of the options. Rejects with the first system error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`,
   * `EMFILE`, ...), or the error of a look-up (`ENOTFOUND`); then nothing stays open. `room`: as for {@link adopt}.
   */
  static async open(config: ServerConfig, room: number): Promise<ServerSockets> {
    const sockets = new ServerSockets([], room);
    const change = await sockets.change(config);
    change.apply();
    return sockets;
  }

  /**
   * Takes over sockets that are open already, an entry for each of `listen`, in its order. Throws
   * `ERR_MULTISOCKET_HAND_OVER` if they do not fit; they then stay the caller's. `room`: the number of addresses to
   * make room for, later ones included.
   */
  static adopt(config: ServerConfig, addresses: readonly AddressSockets[], room: number): ServerSockets {
    const wanted = config.listen.map(({ transport, protocol }) => protocolsOf(transport, protocol).join(' '));
    const given = addresses.map(({ groups }) => groups.map(({ protocol }) => protocol).join(' '));
    if (wanted.join() !== given.join()) {
      const message = `the sockets do not fit the option "listen": ${given.join(', ')} in place of ${wanted.join(', ')}`;
      throw withCode(new Error(message), 'ERR_MULTISOCKET_HAND_OVER');
    }
    return new ServerSockets(
      addresses.map(({ groups }, i) => addressOf(groups, config.listen[i], i, true)),
      room,
    );
  }

  private constructor(addresses: Address[], room: number) {
    this.#addresses = addresses;
    this.#room = room;
  }

  /**
   * Opens the addresses of `config.listen` that are not open yet. Open ones stay, with their number of sockets. Rejects
   * like {@link open}, or with `ERR_MULTISOCKET_TOO_MANY_ADDRESSES`; then nothing has changed.
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
        const { transport, protocol, address, port, ipv6Only } = resolved[i];
        const others = [...this.#addresses.map(({ bound }) => bound), ...opened.map(({ bound }) => bound)];
        const exclusive = config.exclusive && !isShared({ address, port }, others);
        const kept = { ...pick(binding, config), ...pick(buffers, config), ...pick(queues, config.tcp) };
        const options = { ...kept, address, port, ipv6Only, exclusive, sockets: entry.sockets };
        const open = nativeMissing === undefined ? openAddress : openPlainAddress;
        const added = addressOf(await open(transport, options, protocol), entry, slot, false);
        opened.push(added);
        next.push(added);
      }
    } catch (error) {
      closeAll(opened);
      throw error;
    }
    return {
      slots: opened.map(({ slot }) => slot),
      apply: () => {
        this.#leaving = this.#addresses.filter((address) => !next.includes(address));
        this.#addresses = next;
      },
      discard: () => {
        if (this.#addresses === next) return;
        closeAll(opened);
      },
      finish: (assign) => this.#giveUp(assign),
    };
  }

  /**
   * Pairs each socket that is about to leave its group with one that stays. A reader of the first must have the other
   * as well, since replies can only leave through that one.
   */
  partners(): [leaving: ServerSocket, staying: ServerSocket][] {
    return this.groups().flatMap(({ members, surplus }) =>
      surplus.map((leaving): [ServerSocket, ServerSocket] => [leaving, members[0]]),
    );
  }

  /** Every socket that should be served, by address, UDP before TCP. */
  all(): ServerSocket[] {
    return this.groups().flatMap(({ served }) => served);
  }

  /** The sockets of addresses that are being removed. Their readers keep reading them. */
  leaving(): ServerSocket[] {
    return this.#leaving.flatMap(({ groups }) => groups).flatMap(({ members }) => members);
  }

  /** The bound addresses, one entry each. */
  addresses(): BoundAddress[] {
    return this.#addresses.map(({ bound }) => ({ ...bound }));
  }

  /** For each entry of another `listen`: its index among the open addresses; undefined if it is not open. */
  places(listen: readonly ListenEntry[]): (number | undefined)[] {
    const left = new Map(this.#addresses.entries());
    return listen.map((entry) => {
      const place = [...left].find(([, { wanted }]) => isSame(wanted, entry))?.[0];
      if (place !== undefined) left.delete(place);
      return place;
    });
  }

  /** The number of sockets of each protocol of the address at index `address`. */
  count(address: number): number {
    return this.#addresses[address].groups[0].members.length;
  }

  /** Adds sockets to inherited ones that allow it. Throws a system error. */
  growInherited(config: ServerConfig): void {
    this.#addresses.forEach((address, i) => {
      address.kept = mostMembers(address);
      for (const group of address.groups) if (group.sockets.shared) group.grow(config.listen[i].sockets);
    });
  }

  /** Whether sockets have joined those that were inherited. */
  get grown(): boolean {
    return this.#addresses.some(hasGrown);
  }

  /** Closes the sockets that have joined; later traffic waits in the inherited ones. Rejects like {@link resize}. */
  async shrinkToInherited(assign: () => Promise<void>): Promise<void> {
    for (const [i, address] of this.#addresses.entries()) {
      if (hasGrown(address)) await this.resize(i, address.kept, assign);
    }
  }

  /** Leaves all sockets to another process; this one gives none of them up. */
  disown(): void {
    for (const address of this.#addresses) {
      delete address.kept;
      for (const group of address.groups) group.disown();
    }
  }

  /** All sockets in the form in which another process takes them over. */
  handOver(): AddressSockets[] {
    return this.#addresses.map(({ bound, groups }) => ({
      name: bound.transport,
      groups: groups.map(({ sockets }) => {
        if (sockets instanceof PlainSocket) throw needsNative('handing sockets over');
        return sockets;
      }),
    }));
  }

  /** The groups of the addresses that are open, in the order of {@link all}. */
  groups(): ServedGroup[] {
    return this.#addresses.flatMap(({ groups }) => groups);
  }

  /**
   * Gives the address at index `address` `count` sockets of each protocol. New ones join the group. Traffic is steered
   * away from surplus ones, which are read until they are empty and then closed. `assign` is called and awaited when
   * {@link all} has changed. Rejects with a system error; the address then has its earlier number.
   */
  async resize(address: number, count: number, assign: () => Promise<void>): Promise<void> {
    const { groups } = this.#addresses[address];
    const before = groups.map(({ served }) => served.length);
    try {
      for (const group of groups) group.grow(count);
      for (const group of groups) group.steerAway(count);
      for (const group of groups) group.keep(count);
      await assign();
    } catch (error) {
      groups.forEach((group, i) => {
        group.restore(before[i]);
      });
      await assign();
      throw error;
    }
    await Promise.all(groups.map((group) => group.emptySurplus()));
    for (const group of groups) group.stopServing();
    await assign();
    for (const group of groups) group.shrink(count);
  }

  close(): void {
    closeAll([...this.#addresses, ...this.#leaving]);
  }

  /** The lowest slot that neither our addresses nor `others` have. */
  #freeSlot(others: readonly Address[]): number {
    const taken = new Set([...this.#addresses, ...others].map(({ slot }) => slot));
    for (let slot = 0; slot < this.#room; slot++) if (!taken.has(slot)) return slot;
    const message = `there is room for ${this.#room} addresses, those included that are to go`;
    throw withCode(new Error(message), 'ERR_MULTISOCKET_TOO_MANY_ADDRESSES');
  }

  async #giveUp(assign: () => Promise<void>): Promise<void> {
    const leaving = this.#leaving;
    const groups = leaving.flatMap((address) => address.groups);
    if (groups.some(({ transport }) => transport !== 'udp')) {
      await new Promise((resolve) => setTimeout(resolve, HANDSHAKE_TIME));
    }
    await untilDry(() => groups.flatMap(({ sockets }) => sockets.statistics()), GIVE_UP_TIMEOUT);
    this.#leaving = [];
    await assign();
    closeAll(leaving);
  }
}

/**
 * Whether an earlier address has the port: an address next to all addresses of the host can only be bound by sharing
 * the port with ourselves.
 */
function isShared({ address, port }: Pick<ListenAddress, 'address' | 'port'>, before: readonly Endpoint[]): boolean {
  const isAll = (other: string): boolean => other === '::' || other === '0.0.0.0';
  return before.some(
    (other) => other.port === port && other.address !== address && isAll(address) !== isAll(other.address),
  );
}
