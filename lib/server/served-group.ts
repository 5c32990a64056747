import type { Endpoint, Transport } from '../message/batch.js';
import type { AddressTransport } from '../socket/addresses.js';
import { untilDry } from '../socket/dry.js';
import type { PlainSocket } from '../socket/plain-socket.js';
import type { SocketGroup } from '../socket/socket-group.js';
import { MAX_SOCKETS } from '../socket/socket-count.js';
import { channels } from './diagnostics.js';
import type { ServerSocket } from '../worker/messages.js';

/** The numbers of sockets reserved for an address: UDP and TCP. Rows of counters so stay in place. */
export const NUMBERS_PER_ADDRESS = 2 * MAX_SOCKETS;

/** Milliseconds for which surplus sockets are read before they are closed, even if some data is left. */
const DRY_TIMEOUT = 5000;
/** Milliseconds that connections may take to complete their handshake when their listener is about to be closed. */
export const HANDSHAKE_TIME = 200;

/** Without native code the group is a single socket. */
export type GroupSockets = SocketGroup | PlainSocket;

/** A group of sockets in service: which of them are served, which stay, and which are surplus. */
export class ServedGroup {
  readonly sockets: GroupSockets;
  readonly transport: Transport;
  readonly local: Endpoint;
  /** Every socket, in order; the objects stay the same. */
  readonly members: ServerSocket[] = [];
  /** The number of its first socket. */
  readonly #first: number;
  /** Its number, unique among the groups. */
  readonly #index: number;
  readonly #wildcard: boolean;
  /** Whether another process has the sockets as well. */
  #shared: boolean;
  readonly #entry: string;
  /** How many of its sockets should be served: fewer than exist just before the surplus is closed. */
  #serving = 0;
  /** How many sockets stay: fewer than exist while the group shrinks. */
  #staying = 0;

  /**
   * All of `sockets` are served. `slot`: the place of their address among the rows of counters. `entry`: see
   * `ServerSocket`. `shared`: whether another process has them as well.
   */
  constructor(sockets: GroupSockets, slot: number, spoken: AddressTransport, entry: string, shared: boolean) {
    const { address, port } = sockets;
    this.sockets = sockets;
    this.#shared = shared;
    this.transport = spoken === 'dns' ? sockets.protocol : spoken;
    this.#entry = entry;
    this.local = { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
    this.#wildcard = address === '0.0.0.0' || address === '::';
    const place = this.transport === 'udp' ? 0 : 1;
    this.#first = slot * NUMBERS_PER_ADDRESS + place * MAX_SOCKETS;
    this.#index = 2 * slot + place;
    this.#addMembers();
    this.#announce();
  }

  /** The sockets that should be served. */
  get served(): ServerSocket[] {
    return this.members.slice(0, this.#serving);
  }

  /** The sockets that are about to be closed. */
  get surplus(): ServerSocket[] {
    return this.members.slice(this.#staying);
  }

  /** Adds sockets to the group, up to `count`; all of them are served. Throws a system error. */
  grow(count: number): void {
    if (count <= this.members.length) return;
    this.sockets.grow(count);
    this.#addMembers();
    this.#announce();
  }

  /**
   * Begins to shrink: new traffic goes to the first `count` sockets only. Does nothing if there are no more than that.
   * Throws a system error.
   */
  steerAway(count: number): void {
    if (count < this.members.length) this.sockets.steerAway(count);
  }

  /** Makes the sockets behind the first `count` surplus. They are served until {@link stopServing}. */
  keep(count: number): void {
    this.#staying = Math.min(count, this.members.length);
  }

  /** Waits until the surplus sockets are empty. */
  async emptySurplus(): Promise<void> {
    if (this.#staying === this.members.length) return;
    this.sockets.leave(this.#staying);
    if (this.transport !== 'udp') await new Promise((resolve) => setTimeout(resolve, HANDSHAKE_TIME));
    await untilDry(() => this.sockets.statistics().slice(this.#staying), DRY_TIMEOUT);
  }

  /** Removes the surplus from {@link served}. */
  stopServing(): void {
    this.#serving = this.#staying;
  }

  /** Closes the sockets behind the first `count`, which nobody serves. */
  shrink(count: number): void {
    this.#serving = this.#staying = Math.min(count, this.members.length);
    if (this.members.splice(count).length === 0) return;
    this.#stopListening(count);
    this.sockets.shrink(count);
    this.#announce();
  }

  /** Leaves the sockets to another process. */
  disown(): void {
    this.#shared = true;
  }

  close(): void {
    this.#stopListening(0);
    this.sockets.close();
  }

  /** Undoes a change to another number of sockets than `count`. */
  restore(count: number): void {
    this.shrink(count);
    this.sockets.steer(this.sockets.steering);
  }

  /** This precedes closing: a worker that is written off may still have descriptors of the sockets. */
  #stopListening(count: number): void {
    if (!this.#shared) this.sockets.stopListening(count);
  }

  /** Adds the group's new sockets to the members. */
  #addMembers(): void {
    const { sockets, transport, local, members } = this;
    for (let i = members.length; i < sockets.descriptors.length; i++) {
      const fd = sockets.descriptors[i];
      const [number, group, wildcard] = [this.#first + i, this.#index, this.#wildcard];
      members.push({ number, transport, fd, group, wildcard, local, entry: this.#entry });
    }
    this.#serving = this.#staying = members.length;
  }

  #announce(): void {
    const { address, port, protocol, steering, descriptors } = this.sockets;
    channels.steer.publish({ address, port, protocol, steering, sockets: descriptors.length });
  }
}
