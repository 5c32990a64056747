import type { Server } from 'node:net';
import { addon } from '../../native/addon.js';
import { withCode } from '../../errors.js';
import type { Report } from '../handler-failures.js';
import type { ConnectionGate } from './connection-gate.js';
import { listenOn } from './listener.js';

/**
 * Descriptors reserved for other uses: workers that start, sockets that are lent, files. Workers that accept at the
 * same moment may each take one beyond this limit.
 */
export const DESCRIPTOR_RESERVE = 64;
/** Milliseconds between attempts to accept again. */
const PAUSE = 100;

/** Options of an {@link Acceptor}. */
export interface AcceptorOptions {
  gate: ConnectionGate;
  /** Length of an accept queue. */
  backlog: number;
  /** Receives a report when it pauses, with code `ERR_MULTISOCKET_DESCRIPTORS`. */
  report: Report;
}

interface Listener {
  /** The owner's descriptor; a server works on a duplicate. */
  fd: number;
  make: () => Server;
  /** Undefined while it is paused. */
  server: Server | undefined;
}

/**
 * A worker's listening sockets. They stop accepting before the process runs out of descriptors: without a spare one the
 * event loop can only take connections to close them. Meanwhile connections wait in the kernel's accept queue.
 */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #listeners = new Map<number, Listener>();
  /** Set while it is paused. */
  #timer: NodeJS.Timeout | undefined;
  #ref = true;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /**
   * Starts to accept from the socket with that number and descriptor, with a server that `make` returns; `make` is
   * called again after each pause. Rejects with a system error.
   */
  async add(number: number, fd: number, make: () => Server): Promise<void> {
    const listener: Listener = { fd, make, server: undefined };
    this.#listeners.set(number, listener);
    if (this.#timer === undefined) await this.#listen(listener, addon.duplicate(fd));
  }

  /** Stops accepting from a socket; its connections stay. */
  release(number: number): void {
    this.#listeners.get(number)?.server?.close();
    this.#listeners.delete(number);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Stops accepting from all. */
  close(): void {
    for (const number of this.#listeners.keys()) this.release(number);
  }

  ref(): void {
    this.#ref = true;
    this.#timer?.ref();
    for (const { server } of this.#listeners.values()) server?.ref();
  }

  unref(): void {
    this.#ref = false;
    this.#timer?.unref();
    for (const { server } of this.#listeners.values()) server?.unref();
  }

  async #listen(listener: Listener, fd: number): Promise<void> {
    const { backlog, gate } = this.#options;
    const server = listener.make();
    listener.server = server;
    if (!this.#ref) server.unref();
    // Runs after the listeners that admit the connection, or refuse it and give its descriptor back.
    server.on('connection', () => {
      if (!hasRoom(listener.fd)) this.#pause();
    });
    await listenOn(server, fd, backlog);
    server.on('error', () => {
      gate.count('tcpAcceptFailures');
      this.#pause();
    });
  }

  #pause(): void {
    if (this.#timer !== undefined) return;
    const { gate, report } = this.#options;
    gate.count('tcpPaused');
    descriptorsRunOut(report);
    for (const listener of this.#listeners.values()) {
      listener.server?.close();
      listener.server = undefined;
    }
    if (this.#listeners.size === 0) return;
    this.#timer = setInterval(() => {
      this.#resume();
    }, PAUSE);
    if (!this.#ref) this.#timer.unref();
  }

  /** Accepts again, if there is room for the listeners' own descriptors and for a connection. */
  #resume(): void {
    const paused = [...this.#listeners.values()];
    const copies = duplicateAll(paused);
    if (copies.length < paused.length || !hasRoom(paused[0].fd)) {
      for (const fd of copies) addon.closeSocket(fd);
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    paused.forEach((listener, i) => {
      this.#listen(listener, copies[i]).catch(() => {
        this.#options.gate.count('tcpAcceptFailures');
        this.#pause();
      });
    });
  }
}

/** Reports that no connection is accepted for a while, because descriptors run out. */
export function descriptorsRunOut(report: Report): void {
  const code = 'ERR_MULTISOCKET_DESCRIPTORS';
  report(code, () => withCode(new Error('connections have to wait: descriptors are running out (ulimit -n)'), code));
}

function hasRoom(open: number): boolean {
  return addon.descriptorRoom(open, DESCRIPTOR_RESERVE);
}

/** Makes as many duplicates as there is room for. */
function duplicateAll(listeners: readonly Listener[]): number[] {
  const copies: number[] = [];
  try {
    for (const { fd } of listeners) copies.push(addon.duplicate(fd));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  }
  return copies;
}
