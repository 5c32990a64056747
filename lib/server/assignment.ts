/**
 * Who serves which socket. A socket belongs to the server and is lent: start, resize, reload and the death of a worker
 * are all assignments. Between two borrowers a socket queues in the kernel, so that nothing is lost.
 */
import type { Borrower } from './borrower.js';
import type { ServerSocket } from './messages.js';

/** See the file's head. */
export class Assignment {
  readonly #holders = new Map<number, Borrower>();

  /** Who serves the socket with this number; undefined when nobody does. */
  holder(socket: number): Borrower | undefined {
    return this.#holders.get(socket);
  }

  /**
   * Has `borrower` serve the sockets; resolves when it does. Those that another one serves are taken from it first.
   * Rejects with what kept the borrower from it; the sockets are then nobody's.
   */
  async assign(sockets: readonly ServerSocket[], borrower: Borrower): Promise<void> {
    await this.#takeBack(sockets);
    for (const socket of sockets) this.#holders.set(socket.number, borrower);
    try {
      await borrower.lend(sockets);
    } catch (error) {
      for (const { number } of sockets) if (this.#holders.get(number) === borrower) this.#holders.delete(number);
      throw error;
    }
  }

  /** Notes that a borrower is gone, and returns those of `sockets` that it held. */
  forget(borrower: Borrower, sockets: readonly ServerSocket[]): ServerSocket[] {
    const orphans = sockets.filter(({ number }) => this.#holders.get(number) === borrower);
    for (const { number } of orphans) this.#holders.delete(number);
    return orphans;
  }

  async #takeBack(sockets: readonly ServerSocket[]): Promise<void> {
    const held = new Map<Borrower, number[]>();
    for (const { number } of sockets) {
      const holder = this.#holders.get(number);
      if (holder === undefined) continue;
      this.#holders.delete(number);
      held.set(holder, [...(held.get(holder) ?? []), number]);
    }
    await Promise.all([...held].map(([holder, numbers]) => holder.release(numbers)));
  }
}

/** Deals sockets out to borrowers in turn, so that each group is spread as evenly as can be. */
export function dealOut(
  sockets: readonly ServerSocket[],
  borrowers: readonly Borrower[],
): Map<Borrower, ServerSocket[]> {
  const hands = new Map(borrowers.map((borrower): [Borrower, ServerSocket[]] => [borrower, []]));
  sockets.forEach((socket, i) => hands.get(borrowers[i % borrowers.length])?.push(socket));
  return hands;
}
