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

/** Milliseconds for which sockets are read that get no new traffic. Then they are closed, even if some data is left. */
const DRY_TIMEOUT = 5000;
/** The same for all sockets of a removed address. New traffic keeps coming to them, so that they may never be empty. */
const REMOVED_TIMEOUT = 1000;
/** Milliseconds that connections may take to complete their handshake when their listener is about to be closed. */
const HANDSHAKE_TIME = 200;
/** Milliseconds in which a datagram gets into the socket that the kernel has chosen for it. */
const DELIVERY_TIME = 10;

/** Without native code the group is a single socket. */
export type GroupSockets = SocketGroup | PlainSocket;

/**
 * The phase of an open socket.
 *
 * - `joining`: new, gets no traffic until it serves. Workers read it.
 * - `serving`: gets new traffic. Workers read it.
 * - `leaving`: new traffic goes to the sockets that serve, if there are any. Workers read what still waits in it.
 * - `gone`: no worker should read it. It can only be closed.
 */
export type Phase = 'joining' | 'serving' | 'leaving' | 'gone';

/**
 * A group of sockets in service, and the phase of each socket. A call moves sockets to another phase:
 *
 * | call          | joining        | serving                         | leaving               | gone      |
 * | ------------- | -------------- | ------------------------------- | --------------------- | --------- |
 * | `resize(n)`   | gone from n on | leaving from n on               | serving again below n | (throws)  |
 * | `join()`      | serving        |                                 |                       |           |
 * | `leave()`     | gone           | leaving                         |                       |           |
 * | `recall()`    |                |                                 |                       | leaving if it holds a datagram |
 * | `empty()`     |                |                                 | gone, once it is empty |          |
 * | `closeGone()` |                |                                 |                       | closed    |
 * | `close()`     | closed         | closed                          | closed                | closed    |
 *
 * After each of these calls but `close()` the sockets are to be assigned to the workers again.
 */
export class ServedGroup {
  readonly sockets: GroupSockets;
  readonly transport: Transport;
  readonly local: Endpoint;
  /** Every open socket, in order; the objects stay the same. */
  readonly members: ServerSocket[] = [];
  /** The phase of each member. */
  readonly #phases: Phase[] = [];
  /** The number of its first socket. */
  readonly #first: number;
  /** Its number, unique among the groups. */
  readonly #index: number;
  readonly #wildcard: boolean;
  /** Whether another process has the sockets as well. */
  #shared: boolean;
  readonly #entry: string;

  /**
   * All of `sockets` serve. `slot`: the place of their address among the rows of counters. `entry`: see `ServerSocket`.
   * `shared`: whether another process has them as well.
   */
  constructor(sockets: GroupSockets, slot: number, spoken: AddressTransport, entry: string, shared: boolean) {
    const { address, port } = sockets;
    this.sockets = sockets;
    this.#shared = shared;
    this.transport = spoken === 'dns' ? sockets.protocol : spoken === 'http' ? 'https' : spoken;
    this.#entry = entry;
    this.local = { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
    this.#wildcard = address === '0.0.0.0' || address === '::';
    const place = this.transport === 'udp' ? 0 : 1;
    this.#first = slot * NUMBERS_PER_ADDRESS + place * MAX_SOCKETS;
    this.#index = 2 * slot + place;
    this.#addMembers('serving');
  }

  /** The sockets in these phases, in order. */
  in(...phases: readonly Phase[]): ServerSocket[] {
    return this.members.filter((_, i) => phases.includes(this.#phases[i]));
  }

  /**
   * Begins to change the number of sockets that serve to `count`, at least 1: opens new ones, which are joining, or makes
   * the last ones leave. Throws a system error; the sockets that served before then still serve, and others may be
   * joining.
   */
  resize(count: number): void {
    if (this.#phases.includes('gone')) throw new Error('the group has sockets that are gone');
    const { sockets, members } = this;
    const open = members.length;
    const used = Math.min(count, open);
    if (count < open) sockets.steerAway(count);
    else if (count === open) sockets.steer(sockets.steering);
    for (let i = 0; i < open; i++) {
      if (this.#phases[i] === 'joining') this.#phases[i] = i < used ? 'joining' : 'gone';
      else this.#phases[i] = i < used ? 'serving' : 'leaving';
    }
    if (count <= open) return;
    try {
      // The kernel steers no single socket.
      if (open === 1) sockets.grow(2);
      keepFromJoining(sockets, this.in('serving').length);
      sockets.grow(count);
    } finally {
      this.#addMembers('joining');
    }
  }

  /** Lets new traffic reach the sockets that are joining. Throws a system error. */
  join(): void {
    if (!this.#phases.includes('joining')) return;
    this.sockets.steer(this.sockets.steering);
    this.#move('joining', 'serving');
  }

  /** Makes all sockets leave. */
  leave(): void {
    this.#move('serving', 'leaving');
    this.#move('joining', 'gone');
  }

  /**
   * UDP: takes the sockets that are gone, and were joining until then, out of the kernel's group. The kernel may put a
   * datagram into a socket that is being taken out, even if it was steered away from it: such a socket is leaving.
   * Resolves with whether there are any.
   */
  async recall(): Promise<boolean> {
    const left = this.members.length - this.in('gone').length;
    if (this.transport !== 'udp' || left === 0 || left === this.members.length) return false;
    this.sockets.leave(left);
    await new Promise((resolve) => setTimeout(resolve, DELIVERY_TIME));
    for (const [i, { queued }] of this.sockets.statistics().entries()) {
      if (queued > 0 && this.#phases[i] === 'gone') this.#phases[i] = 'leaving';
    }
    return this.members.length - this.in('gone').length > left;
  }

  /** Waits until the sockets that leave are empty, for a bounded time. They are then gone. */
  async empty(): Promise<void> {
    if (!this.#phases.includes('leaving')) return;
    const first = this.in('serving').length;
    if (first > 0) this.sockets.leave(first);
    if (this.transport !== 'udp') await new Promise((resolve) => setTimeout(resolve, HANDSHAKE_TIME));
    const timeout = first > 0 ? DRY_TIMEOUT : REMOVED_TIMEOUT;
    await untilDry(() => this.sockets.statistics().filter((_, i) => this.#phases[i] === 'leaving'), timeout);
    this.#move('leaving', 'gone');
  }

  /** Closes the sockets that are gone: the last ones. */
  closeGone(): void {
    const left = this.members.length - this.in('gone').length;
    if (left === 0) this.close();
    if (left === this.members.length) return;
    this.#stopListening(left);
    this.sockets.shrink(left);
    this.#setLength(left);
    this.#announce();
  }

  /** Leaves the sockets to another process. */
  disown(): void {
    this.#shared = true;
  }

  /** Closes all sockets. */
  close(): void {
    this.#stopListening(0);
    this.sockets.close();
    this.#setLength(0);
  }

  /** This precedes closing: a worker that is written off may still have descriptors of the sockets. */
  #stopListening(count: number): void {
    if (!this.#shared) this.sockets.stopListening(count);
  }

  /** Adds the group's new sockets to the members. */
  #addMembers(phase: Phase): void {
    const { sockets, transport, local, members } = this;
    for (let i = members.length; i < sockets.descriptors.length; i++) {
      const fd = sockets.descriptors[i];
      const [number, group, wildcard] = [this.#first + i, this.#index, this.#wildcard];
      members.push({ number, transport, fd, group, wildcard, local, entry: this.#entry });
      this.#phases.push(phase);
    }
    this.#announce();
  }

  #move(from: Phase, to: Phase): void {
    this.#phases.forEach((phase, i) => {
      if (phase === from) this.#phases[i] = to;
    });
  }

  #setLength(count: number): void {
    this.members.length = count;
    this.#phases.length = count;
  }

  #announce(): void {
    const { address, port, protocol, steering, descriptors } = this.sockets;
    channels.steer.publish({ address, port, protocol, steering, sockets: descriptors.length });
  }
}

/** Keeps new traffic from sockets that join `count` others. Where the system cannot, they get their share at once. */
function keepFromJoining(sockets: GroupSockets, count: number): void {
  try {
    sockets.steerAway(count);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTSUP') throw error;
  }
}
