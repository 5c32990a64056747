/**
 * One socket of `dgram` or `net` in place of a group, for systems without native code. It stays on the thread that
 * opened it; the code that serves it there subscribes to its input. Between two subscribers the input queues, as in a
 * kernel's socket.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { NativeSocketStatistics } from '../native/addon.js';
import { withCode } from '../errors.js';
import { needsNative } from '../native/fallback/needs-native.js';
import { formatAddress, type AddressTransport, type Protocol } from './addresses.js';
import { MAX_TRIES, protocolsOf } from './address-sockets.js';
import { asListenError } from './listen-error.js';
import { socketGroup, type SocketGroupOptions, type Steering } from '../options/sockets.js';
import { resolve } from '../options/table.js';

/** A datagram and its sender. */
export interface Datagram {
  message: Buffer;
  from: RemoteInfo;
}

type Options = Omit<SocketGroupOptions, 'protocol'>;
type Handle = { protocol: 'udp'; socket: UdpSocket } | { protocol: 'tcp'; socket: Server };

/** The most datagrams or connections that wait for a subscriber; further ones are lost. */
const MAX_WAITING = 1000;

/** By the number that stands in for a descriptor. */
const open = new Map<number, PlainSocket>();
let numbers = 0;

/** The open socket with that number. */
export function plainSocket(number: number): PlainSocket {
  const found = open.get(number);
  if (found === undefined) throw new Error(`no socket has the number ${number}`);
  return found;
}

/** The part of {@link SocketGroup} that a server needs, with one socket. */
export class PlainSocket {
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  readonly interface = undefined;
  readonly shared = false;
  readonly steering: Steering = 'hash';
  readonly descriptors: readonly number[];
  readonly #handle: Handle;
  /** The subscribers; the last one gets the input. */
  readonly #takers: ((item: Datagram | Socket) => void)[] = [];
  readonly #waiting: (Datagram | Socket)[] = [];

  /** Opens one. Rejects as {@link SocketGroup.open} throws, with `ERR_MULTISOCKET_NATIVE_REQUIRED` for a second socket. */
  static async open(protocol: 'udp' | 'tcp', options: Options): Promise<PlainSocket> {
    const {
      address,
      port,
      sockets = 1,
      ipv6Only,
      steering,
      freebind,
      interface: name,
      ...sizes
    } = resolve('', socketGroup, {
      ...options,
      protocol,
    });
    if (freebind) throw needsNative('"freebind"');
    if (name !== undefined) throw needsNative('"interface"');
    const { receiveBufferSize, sendBufferSize, backlog } = sizes;
    let handle: Handle;
    if (protocol === 'udp') {
      const type = isIPv6(address) ? 'udp6' : 'udp4';
      const socket = createSocket({
        type,
        ipv6Only,
        ...(receiveBufferSize === 0 ? {} : { recvBufferSize: receiveBufferSize }),
        ...(sendBufferSize === 0 ? {} : { sendBufferSize }),
      });
      handle = { protocol, socket };
      socket.bind({ address, port, exclusive: true });
    } else {
      const socket = createServer({ allowHalfOpen: true, noDelay: true });
      handle = { protocol, socket };
      socket.listen({ host: address, port, ipv6Only, backlog, exclusive: true });
    }
    try {
      await once(handle.socket, 'listening');
    } catch (error) {
      throw asListenError(error);
    }
    const opened = new PlainSocket(handle, address);
    try {
      opened.grow(sockets);
      opened.steer(steering);
    } catch (error) {
      opened.close();
      throw error;
    }
    return opened;
  }

  private constructor(handle: Handle, address: string) {
    this.protocol = handle.protocol;
    this.address = address;
    this.#handle = handle;
    const bound = handle.socket.address();
    this.port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const number = numbers++;
    this.descriptors = [number];
    open.set(number, this);
    // An error of one datagram or one connection is left to the client, which asks again.
    handle.socket.on('error', () => undefined);
    if (handle.protocol === 'udp') {
      handle.socket.on('message', (message, from) => {
        this.#take({ message, from });
      });
    } else {
      handle.socket.on('connection', (socket) => {
        this.#take(socket);
      });
    }
  }

  /** Gives the waiting and all further input to `taker`; returns a function that ends that. */
  subscribe(taker: (item: Datagram | Socket) => void): () => void {
    this.#takers.push(taker);
    for (const item of this.#waiting.splice(0)) taker(item);
    return () => {
      this.#takers.splice(this.#takers.indexOf(taker), 1);
    };
  }

  /** UDP: sends a datagram; `done` gets the error, or null when it has left. */
  send(message: Uint8Array, to: RemoteInfo, done: (error: Error | null) => void): void {
    if (this.#handle.protocol === 'udp') this.#handle.socket.send(message, to.port, to.address, done);
  }

  ref(): void {
    this.#handle.socket.ref();
  }

  unref(): void {
    this.#handle.socket.unref();
  }

  /** Throws `ENOTSUP` for all but `hash`. */
  steer(steering: Steering): void {
    if (steering !== 'hash') throw withCode(new Error('setsockopt ENOTSUP: operation not supported'), 'ENOTSUP');
  }

  /** Throws `ERR_MULTISOCKET_NATIVE_REQUIRED` for more than one. */
  grow(sockets: number): void {
    if (sockets > 1)
      throw needsNative(`"sockets" above 1 (it is ${sockets} for ${formatAddress(this.address, this.port)})`);
  }

  steerAway(): void {
    // There are no other sockets.
  }

  leave(): void {
    // There is no group to leave.
  }

  stopListening(): void {
    // There are no other threads.
  }

  shrink(): void {
    // One socket is the minimum.
  }

  /** The kernel's queue cannot be read: only the queue here is counted. */
  statistics(): NativeSocketStatistics[] {
    return [{ queued: this.#waiting.length, capacity: MAX_WAITING, drops: 0 }];
  }

  close(): void {
    if (!open.delete(this.descriptors[0])) return;
    for (const item of this.#waiting.splice(0)) if (!('message' in item)) item.destroy();
    this.#handle.socket.close();
  }

  #take(item: Datagram | Socket): void {
    const taker = this.#takers.at(-1);
    if (taker !== undefined) taker(item);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(item);
    else if (!('message' in item)) item.destroy();
  }
}

/** Like `openAddress`, with one socket for each protocol. Rejects like {@link PlainSocket.open}. */
export async function openPlainAddress(
  transport: AddressTransport,
  options: Options,
  protocol?: Protocol,
): Promise<PlainSocket[]> {
  const protocols = protocolsOf(transport, protocol);
  if (!protocols.includes('udp')) return [await PlainSocket.open('tcp', options)];
  for (let attempt = 1; ; attempt++) {
    const udp = await PlainSocket.open('udp', options);
    if (!protocols.includes('tcp')) return [udp];
    try {
      return [udp, await PlainSocket.open('tcp', { ...options, port: udp.port })];
    } catch (error) {
      udp.close();
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!taken || (options.port ?? 0) !== 0 || attempt === MAX_TRIES) throw error;
    }
  }
}
