import { nativeMissing } from '../native/addon.js';
import { withCode } from '../errors.js';
import { needsNative } from '../native/fallback/needs-native.js';
import { binding, buffers, queues } from '../options/sockets.js';
import { pick } from '../options/table.js';
import { openAddress, protocolsOf, type AddressSockets } from '../socket/address-sockets.js';
import { resolveAddress, type ListenAddress, type Protocol } from '../socket/addresses.js';
import { openPlainAddress, PlainSocket } from '../socket/plain-socket.js';
import type { ServerSocket } from '../worker/messages.js';
import type { ServerConfig } from './options/config.js';
import { addressOf, closeAll, isSame, type Address, type BoundAddress, type ListenEntry } from './served-address.js';
import type { ServedGroup } from './served-group.js';

/**
 * All addresses of a server, and with them the phase of each socket (see {@link ServedGroup}). Code that changes a
 * phase assigns the sockets to the workers again.
 */
export class ServerSockets {
  /** The number of addresses that there is room for, removed ones included. */
  readonly #room: number;
  /** In the order of `listen`. */
  #addresses: readonly Address[];
  /** Removed addresses that still have open sockets. */
  #removed: Address[] = [];

  /**
   * Opens the addresses of the options. Rejects with the first system error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`,
   * `EMFILE`, ...), or the error of a look-up (`ENOTFOUND`); then nothing stays open. `room`: as for {@link adopt}.
   */
  static async open(config: ServerConfig, room: number): Promise<ServerSockets> {
    const sockets = new ServerSockets([], room);
    sockets.replace(await sockets.openNew(config));
    return sockets;
  }

  /**
   * Takes over sockets that are open already, an entry for each of `listen`, in its order. Throws
   * `ERR_MULTISOCKET_HAND_OVER` if they do not fit; they then stay the caller's. `room`: the number of addresses to
   * make room for, later ones included.
   */
  static adopt(config: ServerConfig, addresses: readonly AddressSockets[], room: number): ServerSockets {
    const shape = (protocols: readonly Protocol[], name = ''): string =>
      `${protocols.join(' ')}${name === '' ? '' : ` of ${name}`}`;
    const wanted = config.listen.map((entry) => shape(protocolsOf(entry.transport, entry.protocol), entry.interface));
    const given = addresses.map(({ groups }) =>
      shape(
        groups.map(({ protocol }) => protocol),
        groups[0].interface,
      ),
    );
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
   * Opens the addresses of `config.listen` that are not open yet; returns the address of each entry, for {@link replace}
   * or {@link discard}. Open ones keep their number of sockets. Rejects like {@link open}, or with
   * `ERR_MULTISOCKET_TOO_MANY_ADDRESSES`; then nothing has changed.
   */
  async openNew(config: ServerConfig): Promise<readonly Address[]> {
    const places = this.places(config.listen);
    const resolved = await Promise.all(config.listen.map((entry) => resolveAddress(entry)));
    const next: Address[] = [];
    try {
      for (const [i, entry] of config.listen.entries()) {
        const place = places[i];
        if (place !== undefined) {
          next.push(this.#addresses[place]);
          continue;
        }
        const others = [...this.#addresses, ...next];
        const slot = this.#freeSlot(others);
        const { transport, protocol, address, port, ipv6Only, interface: name } = resolved[i];
        const bound = others.map((other) => other.bound);
        const exclusive = config.exclusive && !isShared(resolved[i], bound);
        const kept = { ...pick(binding, config), ...pick(buffers, config), ...pick(queues, config.tcp) };
        const where = { address, port, ...(name !== undefined && { interface: name }) };
        const options = { ...kept, ...where, ipv6Only, exclusive, sockets: entry.sockets };
        const open = nativeMissing === undefined ? openAddress : openPlainAddress;
        next.push(addressOf(await open(transport, options, protocol), entry, slot, false));
      }
    } catch (error) {
      this.discard(next);
      throw error;
    }
    return next;
  }

  /** The addresses that are open, in the order of `listen`. */
  get open(): readonly Address[] {
    return this.#addresses;
  }

  /**
   * Puts these addresses in place of the open ones. The sockets of those that are not among them leave; those of removed
   * ones that are among them serve again.
   */
  replace(next: readonly Address[]): void {
    this.#removed = this.#addresses.filter((address) => !next.includes(address));
    this.#addresses = next;
    for (const group of groupsOf(this.#removed)) group.leave();
    for (const group of groupsOf(next)) if (group.in('leaving').length > 0) group.resize(group.members.length);
  }

  /** Closes those of these addresses that have not come into service. */
  discard(next: readonly Address[]): void {
    closeAll(next.filter((address) => !this.#addresses.includes(address)));
  }

  /** Every socket of the open addresses that should be read, by address, UDP before TCP. */
  read(): ServerSocket[] {
    return this.groups().flatMap((group) => group.in('joining', 'serving', 'leaving'));
  }

  /** The sockets of removed addresses that should be read, by the workers that read them already. */
  removed(): ServerSocket[] {
    return groupsOf(this.#removed).flatMap((group) => group.in('leaving'));
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

  /** The number of sockets that serve each protocol of the address at index `address`. */
  count(address: number): number {
    return this.#addresses[address].groups[0].in('serving').length;
  }

  /** Adds sockets to inherited ones that allow it. Throws a system error. */
  growInherited(config: ServerConfig): void {
    this.#addresses.forEach((address, i) => {
      address.kept = Math.max(...address.groups.map(({ members }) => members.length));
      for (const group of address.groups) {
        if (!group.sockets.shared || config.listen[i].sockets <= group.members.length) continue;
        group.resize(config.listen[i].sockets);
        group.join();
      }
    });
  }

  /** The addresses with sockets that have joined inherited ones: their indices, and how many were inherited. */
  grown(): { address: number; kept: number }[] {
    return this.#addresses.flatMap(({ kept, groups }, address) => {
      const grown = kept !== undefined && groups.some(({ members }) => members.length > kept);
      return grown ? [{ address, kept }] : [];
    });
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

  /** The groups of the open addresses, in the order of {@link read}. */
  groups(): ServedGroup[] {
    return groupsOf(this.#addresses);
  }

  /** The groups of the address at index `address`. */
  groupsAt(address: number): readonly ServedGroup[] {
    return this.#addresses[address].groups;
  }

  /**
   * Makes those sockets leave that are gone, were joining until then, and hold a datagram all the same. Call it when no
   * worker has them. Resolves with whether there are any.
   */
  async recall(): Promise<boolean> {
    return (await Promise.all(this.groups().map((group) => group.recall()))).includes(true);
  }

  /** Waits until the sockets that leave are empty, for a bounded time. They are then gone. */
  async empty(): Promise<void> {
    await Promise.all([...this.groups(), ...groupsOf(this.#removed)].map((group) => group.empty()));
  }

  /** Closes the sockets that are gone. Call it when no worker has them. */
  closeGone(): void {
    for (const group of [...this.groups(), ...groupsOf(this.#removed)]) group.closeGone();
    this.#removed = this.#removed.filter(({ groups }) => groups.some(({ members }) => members.length > 0));
  }

  close(): void {
    closeAll([...this.#addresses, ...this.#removed]);
  }

  /** The lowest slot that no address has, `others` included. */
  #freeSlot(others: readonly Address[]): number {
    const taken = new Set([...this.#removed, ...others].map(({ slot }) => slot));
    for (let slot = 0; slot < this.#room; slot++) if (!taken.has(slot)) return slot;
    const message = `there is room for ${this.#room} addresses, those included that are to go`;
    throw withCode(new Error(message), 'ERR_MULTISOCKET_TOO_MANY_ADDRESSES');
  }
}

function groupsOf(addresses: readonly Address[]): ServedGroup[] {
  return addresses.flatMap(({ groups }) => groups);
}

/**
 * Whether an earlier address has the port: an address next to all addresses of the host can only be bound by sharing
 * the port with ourselves.
 */
function isShared({ address, port, interface: name }: ListenAddress, before: readonly BoundAddress[]): boolean {
  const isAll = (other: string): boolean => other === '::' || other === '0.0.0.0';
  return before.some((other) => {
    const meets = other.interface === name || other.interface === undefined || name === undefined;
    return meets && other.port === port && isAll(address) !== isAll(other.address);
  });
}
