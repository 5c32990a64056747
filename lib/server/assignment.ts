import type { Borrower } from './borrower.js';
import { channels } from './diagnostics.js';
import type { ServerSocket } from '../worker/messages.js';
import { hasEnded } from './supervised-worker.js';

/** The borrowers that should serve each socket. The first one serves it; the others help while the first one stalls. */
export type Plan = ReadonlyMap<ServerSocket, readonly Borrower[]>;

/**
 * Which borrower serves which socket. The server owns the sockets and lends them: start, resize, reload, a stall and
 * the death of a worker are all assignments. Between two borrowers a socket queues in the kernel, so that nothing is
 * lost.
 */
export class Assignment {
  /** The borrowers that have the order to serve a socket, by the socket's number. */
  readonly #readers = new Map<number, readonly Borrower[]>();
  readonly #ended = new WeakSet<Borrower>();

  /** The borrowers that serve the socket with this number; empty if no borrower does. */
  readersOf(socket: number): readonly Borrower[] {
    return this.#readers.get(socket) ?? [];
  }

  /**
   * Lends every socket as the plan says, and takes back every other socket. The new borrower of a socket starts before
   * the old one stops: two may read a socket at a time, and each datagram or connection goes to one of them.
   *
   * The orders are sent at once; resolves when they are carried out. Rejects with the first reason that kept a borrower
   * from serving. The sockets that it was to get keep their old borrowers. A borrower that has ended is not a reason to
   * reject: its supervisor asks for another plan.
   */
  async carryOut(plan: Plan): Promise<void> {
    const old = new Map(this.#readers);
    const lending = new Map<Borrower, ServerSocket[]>();
    const releasing = new Map<Borrower, number[]>();
    const planned = new Set<number>();
    for (const [socket, readers] of plan) {
      planned.add(socket.number);
      const before = this.readersOf(socket.number);
      for (const reader of readers) if (!before.includes(reader)) push(lending, reader, socket);
      for (const reader of before) if (!readers.includes(reader)) push(releasing, reader, socket.number);
      this.#readers.set(socket.number, readers);
    }
    for (const [number, before] of this.#readers) {
      if (planned.has(number)) continue;
      for (const reader of before) push(releasing, reader, number);
      this.#readers.delete(number);
    }
    const lent = await Promise.allSettled(
      [...lending].map(([borrower, sockets]) => this.#lend(borrower, sockets, old)),
    );
    await Promise.all([...releasing].map(([borrower, numbers]) => this.#release(borrower, numbers)));
    for (const result of lent) if (result.status === 'rejected' && !hasEnded(result.reason)) throw result.reason;
  }

  /** Removes a borrower that has ended. */
  forget(borrower: Borrower): void {
    this.#ended.add(borrower);
    for (const [number, readers] of this.#readers) {
      this.#readers.set(
        number,
        readers.filter((reader) => reader !== borrower),
      );
    }
  }

  /** Lends sockets to a borrower. If that fails, their readers in `old` stay. */
  async #lend(
    borrower: Borrower,
    sockets: ServerSocket[],
    old: ReadonlyMap<number, readonly Borrower[]>,
  ): Promise<void> {
    try {
      await borrower.lend(sockets);
      channels.assign.publish({ worker: borrower.index, sockets });
    } catch (error) {
      for (const { number } of sockets) {
        const left = new Set([...this.readersOf(number), ...(old.get(number) ?? [])]);
        this.#readers.set(
          number,
          [...left].filter((reader) => reader !== borrower && !this.#ended.has(reader)),
        );
      }
      throw error;
    }
  }

  async #release(borrower: Borrower, numbers: number[]): Promise<void> {
    // Some sockets may have been lent to it again in the meantime.
    const unwanted = numbers.filter((number) => !this.readersOf(number).includes(borrower));
    // Rejects only if the borrower has ended, and then there is nothing to give back.
    await borrower.release(unwanted).catch(() => undefined);
  }
}

function push<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
