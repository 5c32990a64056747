/** N sockets of one protocol on one address and port. */
import { addon, type NativeSocket, type NativeSocketStatistics } from '../native/addon.js';
import { checkInteger, withCode } from '../errors.js';
import { socketGroup } from '../options/sockets.js';
import { describeInherited, describeOne } from './inherited.js';
import { asListenError } from './listen-error.js';
import { checkSocketCount } from './socket-count.js';
import {
  checkGroupOptions,
  type CheckedGroupOptions,
  type SocketGroupOptions,
  type Steering,
} from './socket-group-options.js';

/** The part of {@link SocketGroupOptions} that stays valid, as {@link SocketGroup.description} returns it. */
export type SocketGroupDescription = Required<Omit<SocketGroupOptions, 'sockets' | 'exclusive' | 'interface'>> &
  Pick<SocketGroupOptions, 'interface'>;

/**
 * A group of N open sockets of one protocol on one address and port, bound and, for TCP, listening. It owns its
 * descriptors until {@link close}.
 *
 * The kernel gives each datagram and each connection to one of them. Without SO_REUSEPORT a group can have only one
 * socket; a second fails with EADDRINUSE.
 */
export class SocketGroup implements Disposable {
  /** The option `protocol`. */
  readonly protocol: 'udp' | 'tcp';
  /** The option `address`. */
  readonly address: string;
  /** The port that was bound, never 0. */
  readonly port: number;
  /** The option `interface`; undefined: all. */
  readonly interface: string | undefined;
  /** SO_RCVBUF of a socket in bytes, as the kernel granted it. */
  readonly receiveBufferSize: number;
  /** SO_SNDBUF of a socket in bytes, as the kernel granted it. */
  readonly sendBufferSize: number;
  /** Whether other sockets can join: SO_REUSEPORT is set. */
  readonly shared: boolean;
  readonly #options: CheckedGroupOptions;
  readonly #descriptors: number[];
  #steering: Steering = 'hash';
  /** Whether {@link steerAway} is in force. */
  #steeredAway = false;
  #closed = false;

  /**
   * Opens a group.
   *
   * Throws a system error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EMFILE`, ...; syscall `listen`, with address and
   * port, like Node's own), or the error of an invalid option (`ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
   * `ERR_OUT_OF_RANGE`). Then nothing stays open.
   */
  static open(options: SocketGroupOptions): SocketGroup {
    const checked = checkGroupOptions(options);
    const group = new SocketGroup(checked, openAll(checked));
    try {
      if (checked.steering !== 'hash') group.steer(checked.steering);
    } catch (error) {
      group.close();
      throw error;
    }
    return group;
  }

  /**
   * Makes a group of sockets that another process opened: bound, of one protocol, address and port, each with
   * SO_REUSEPORT if there are several, TCP listening; in the order in which they were bound. The group owns them from
   * then on and makes them close-on-exec and non-blocking.
   *
   * `known` describes the sockets. Its `protocol`, `address` and `port` must agree with the kernel; its `steering` is
   * taken to be in force, and its other options apply to sockets that join later. Default: `'hash'`, UDP buffers of the
   * size that these have, and otherwise as {@link open}.
   *
   * Throws `ERR_MULTISOCKET_INHERITED_SOCKET`, which names the descriptor and its fault (`cause`: the system error, if
   * any), or the error of an invalid option. Then the descriptors stay open and the caller's.
   */
  static adopt(descriptors: readonly number[], known: Partial<SocketGroupDescription> = {}): SocketGroup {
    checkSocketCount('sockets', descriptors.length);
    const first = describeInherited(descriptors, known);
    const buffers = first.protocol === 'udp' ? first : { receiveBufferSize: 0, sendBufferSize: 0 };
    const { protocol, address, port, ipv6Only } = first;
    const { receiveBufferSize, sendBufferSize } = buffers;
    const options = checkGroupOptions({
      receiveBufferSize,
      sendBufferSize,
      ...onInterface(first.interface),
      ...known,
      ...{ protocol, address, port, ipv6Only, exclusive: false, sockets: descriptors.length },
    });
    for (const fd of descriptors) addon.prepareInherited(fd);
    const group = new SocketGroup(
      options,
      descriptors.map((fd) => ({ ...first, fd })),
    );
    group.#steering = options.steering;
    return group;
  }

  private constructor(options: CheckedGroupOptions, opened: readonly NativeSocket[]) {
    const { protocol, address } = options;
    this.#options = { ...options, port: opened[0].port };
    this.protocol = protocol;
    this.address = address;
    this.port = opened[0].port;
    this.interface = options.interface;
    this.receiveBufferSize = opened[0].receiveBufferSize;
    this.sendBufferSize = opened[0].sendBufferSize;
    this.shared = opened[0].reusePort;
    this.#descriptors = opened.map(({ fd }) => fd);
  }

  /** The descriptors, in the order in which they were bound; they stay the group's. Empty after {@link close}. */
  get descriptors(): readonly number[] {
    return this.#descriptors;
  }

  /**
   * The data that another process needs to {@link adopt} the descriptors; it can be written as JSON. Throws
   * `ERR_MULTISOCKET_CLOSED` after {@link close}.
   */
  get description(): SocketGroupDescription {
    const { protocol, address, port, interface: bound } = describeOne(this.#first());
    const { ipv6Only, freebind, receiveBufferSize, sendBufferSize, backlog, fastOpen } = this.#options;
    const shape = { protocol, address, port, ...onInterface(bound), steering: this.#steering };
    return { ...shape, ipv6Only, freebind, receiveBufferSize, sendBufferSize, backlog, fastOpen };
  }

  /**
   * Changes the steering of the whole group at once. Throws a system error, `ENOTSUP` where the system has only `hash`;
   * `ERR_INVALID_ARG_VALUE`; `ERR_MULTISOCKET_CLOSED` after {@link close}.
   */
  steer(steering: Steering): void {
    addon.steer(this.#first(), socketGroup.steering.check('steering', steering), this.#descriptors.length);
    this.#steering = steering;
    this.#steeredAway = false;
  }

  /** The current steering of the group. */
  get steering(): Steering {
    return this.#steering;
  }

  /**
   * Adds sockets until there are `sockets`, 1 to 1,024. Throws the errors of {@link open}, and `ERR_MULTISOCKET_CLOSED`
   * after {@link close}; then the group is unchanged. Does nothing if there are enough. After {@link steerAway} the new
   * sockets get nothing until the next {@link steer}.
   */
  grow(sockets: number): void {
    this.#first();
    const more = checkSocketCount('sockets', sockets) - this.#descriptors.length;
    if (more <= 0) return;
    const opened = openAll({ ...this.#options, sockets: more, exclusive: false });
    this.#descriptors.push(...opened.map(({ fd }) => fd));
    // A steering program counts the sockets: those beyond its number would get nothing.
    if (this.#steering !== 'hash' && !this.#steeredAway) this.steer(this.#steering);
  }

  /**
   * Keeps new datagrams and connections from all sockets but the first `sockets`, at once, until the next {@link steer}.
   * Data that waits in the others can still be read; {@link shrink} closes them. Throws a system error; `ENOTSUP` where the system does not
   * support it.
   */
  steerAway(sockets: number): void {
    // By hash the kernel always uses all sockets. Random steering spreads as evenly until they are closed.
    addon.steer(this.#first(), this.#steering === 'cpu' ? 'cpu' : 'random', sockets);
    this.#steeredAway = true;
  }

  /**
   * Takes all UDP sockets but the first `sockets` out of the group, so that closing them loses nothing; data that waits
   * in them can still be read. A datagram that comes at that moment may, rarely, get into one of them. Where the kernel does not allow it (Linux before 5.0, and before 5.7 without
   * CAP_NET_RAW) they stay, and the kernel may lose single datagrams when they are closed.
   */
  leave(sockets: number): void {
    // In order: the kernel finds an IPv4 group by its last socket, and a datagram that does so while this one leaves goes
    // to it.
    if (this.protocol === 'udp') for (const fd of this.#descriptors.slice(sockets)) addon.leave(fd);
  }

  /**
   * TCP: makes all sockets but the first `sockets` refuse connections, for every holder of a descriptor, such as a
   * blocked thread. They can only be closed afterwards; their port can be bound again although they are open.
   */
  stopListening(sockets: number): void {
    if (this.protocol === 'tcp') for (const fd of this.#descriptors.slice(sockets)) addon.stopListening(fd);
  }

  /**
   * Closes all sockets but the first `sockets`, at least 1; data that waits in them is lost. Then restores the
   * steering.
   */
  shrink(sockets: number): void {
    // From the last one down: the kernel moves the last one of a group to the place of a closed one.
    for (const fd of this.#descriptors.splice(Math.max(1, sockets)).reverse()) addon.closeSocket(fd);
    this.steer(this.#steering);
  }

  /** The kernel's current statistics of each socket, in the order of {@link descriptors}. */
  statistics(): NativeSocketStatistics[] {
    return this.#descriptors.map((fd) => addon.statistics(fd));
  }

  /**
   * Returns a new descriptor of one of the sockets, owned by the caller: for `net.Server.listen({ fd })`,
   * `dgram.Socket.bind({ fd })` and others that close their descriptor. Throws `ERR_OUT_OF_RANGE`, a system error, or
   * `ERR_MULTISOCKET_CLOSED` after {@link close}.
   */
  duplicate(index: number): number {
    this.#first();
    return addon.duplicate(this.#descriptors[checkInteger('index', index, 0, this.#descriptors.length - 1)]);
  }

  /** Closes the group's own descriptors. Data that waits in a socket without other descriptors is lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const fd of this.#descriptors.splice(0)) addon.closeSocket(fd);
  }

  /** The first descriptor. Throws if the group is closed. */
  #first(): number {
    if (this.#closed) throw withCode(new Error('The group of sockets is closed'), 'ERR_MULTISOCKET_CLOSED');
    return this.#descriptors[0];
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The option `interface` for a name from the kernel, which is empty for none. */
function onInterface(name: string): Pick<SocketGroupOptions, 'interface'> {
  return name === '' ? {} : { interface: name };
}

function openAll(options: CheckedGroupOptions): NativeSocket[] {
  const { sockets, exclusive, interface: name } = options;
  const opened: NativeSocket[] = [];
  try {
    for (let i = 0; i < sockets; i++) {
      // The first one proves that no other process has the port, and picks it if it is 0; the others join it.
      const first = i === 0;
      const port = first ? options.port : opened[0].port;
      const how = { port, interface: name ?? '', reusePort: true, exclusive: first && exclusive };
      opened.push(addon.openSocket({ ...options, ...how }));
    }
  } catch (error) {
    for (const { fd } of opened) addon.closeSocket(fd);
    throw asListenError(error, name);
  }
  return opened;
}
