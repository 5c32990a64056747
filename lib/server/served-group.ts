import type { Endpoint, Transport } from '../message/batch.js';
import type { AddressTransport } from '../socket/addresses.js';
import { untilDry } from '../socket/dry.js';
import type { PlainSocket } from '../socket/plain-socket.js';
import type { SocketGroup } from '../socket/socket-group.js';
import { MAX_SOCKETS } from '../socket/socket-count.js';
import { channels } from './diagnostics.js';
import type { ServerSocket } from '../worker/messages.js';

/** Numbers of sockets that an address has for itself: UDP and TCP, so that their rows of counters stay in place. */
export const NUMBERS_PER_ADDRESS = 2 * MAX_SOCKETS;

/** How long surplus sockets are read before they are closed with what may be left in them, in ms. */
const DRY_TIMEOUT = 5000;
/** How long connections that a listener has begun may take to be complete when it is about to be closed, in ms. */
export const HANDSHAKE_TIME = 200;

/** Without native code it is a single socket. */
export type GroupSockets = SocketGroup | PlainSocket;

/** A group of sockets at work: which of them are served, which are to stay, and what becomes of those that are too many. */
export class ServedGroup {
  readonly sockets: GroupSockets;
  readonly transport: Transport;
  readonly local: Endpoint;
  /** Every socket, in order; the objects stay the same. */
  readonly members: ServerSocket[] = [];
  /** The number of its first socket. */
  readonly #first: number;
  /** Its number, which no other group has. */
  readonly #index: number;
  readonly #wildcard: boolean;
  /** Whether another process has the sockets, too. */
  #shared: boolean;
  readonly #entry: string;
  /** How many of its sockets shall be served: fewer than there are just before the surplus is closed. */
  #serving = 0;
  /** How many are to stay: fewer than there are while it shrinks. */
  #staying = 0;

  /**
   * All of `sockets` are served. `slot`: the place of their address among the rows of counters. `entry`: see `ServerSocket`.
   * `shared`: whether another process has them, too.
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

  /** Those that shall be served. */
  get served(): ServerSocket[] {
    return this.members.slice(0, this.#serving);
  }

  /** Those that are about to leave. */
  get surplus(): ServerSocket[] {
    return this.members.slice(this.#staying);
  }

  /** Has more sockets join, up to `count`, all of which are served. Throws a system error. */
  grow(count: number): void {
    if (count <= this.members.length) return;
    this.sockets.grow(count);
    this.#addMembers();
    this.#announce();
  }

  /**
   * Begins to shrink: has new traffic go to the first `count` only. Where there are no more than that, nothing happens.
   * Throws a system error.
   */
  steerAway(count: number): void {
    if (count < this.members.length) this.sockets.steerAway(count);
  }

  /** Those behind the first `count` are surplus from now on, and served until {@link stopServing}. */
  keep(count: number): void {
    this.#staying = Math.min(count, this.members.length);
  }

  /** Waits until what has come to the surplus has been taken. */
  async emptySurplus(): Promise<void> {
    if (this.#staying === this.members.length) return;
    this.sockets.leave(this.#staying);
    if (this.transport !== 'udp') await new Promise((resolve) => setTimeout(resolve, HANDSHAKE_TIME));
    await untilDry(() => this.sockets.statistics().slice(this.#staying), DRY_TIMEOUT);
  }

  /** The surplus is among {@link served} no more. */
  stopServing(): void {
    this.#serving = this.#staying;
  }

  /** Closes those behind the first `count`, which nobody serves. */
  shrink(count: number): void {
    this.#serving = this.#staying = Math.min(count, this.members.length);
    if (this.members.splice(count).length === 0) return;
    this.#stopListening(count);
    this.sockets.shrink(count);
    this.#announce();
  }

  /** Another process has the sockets from now on. */
  disown(): void {
    this.#shared = true;
  }

  close(): void {
    this.#stopListening(0);
    this.sockets.close();
  }

  /** Takes back what was done to have another number of sockets than `count`. */
  restore(count: number): void {
    this.shrink(count);
    this.sockets.steer(this.sockets.steering);
  }

  /** Before they are closed: a worker that is written off may go on to have descriptors of them. */
  #stopListening(count: number): void {
    if (!this.#shared) this.sockets.stopListening(count);
  }

  /** Brings the list of members up to what the group has. */
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
