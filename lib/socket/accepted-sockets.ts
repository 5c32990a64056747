import type { Socket } from 'node:net';

/**
 * The open connections of one listener of a small server, bounded in number: a new one above the limit closes the
 * oldest.
 */
export class AcceptedSockets {
  readonly #limit: number;
  readonly #lifetime: number | undefined;
  /** The oldest first. */
  readonly #open = new Set<Socket>();

  /** `limit`: connections at a time. `lifetime`: how long each may be open, in ms; undefined: no bound. */
  constructor(limit: number, lifetime?: number) {
    this.#limit = limit;
    this.#lifetime = lifetime;
  }

  /** Adds a connection that was just accepted. */
  add(socket: Socket): void {
    const [oldest] = this.#open;
    if (this.#open.size >= this.#limit) this.#destroy(oldest);
    this.#open.add(socket);
    const timer = this.#lifetime === undefined ? undefined : setTimeout(() => socket.destroy(), this.#lifetime);
    socket.on('error', () => undefined); // the client closed it, which 'close' reports as well
    socket.on('close', () => {
      clearTimeout(timer);
      this.#open.delete(socket);
    });
  }

  /** Closes all of them at once. */
  destroyAll(): void {
    for (const socket of this.#open) this.#destroy(socket);
  }

  #destroy(socket: Socket): void {
    socket.destroy();
    this.#open.delete(socket); // 'close' comes later
  }
}
