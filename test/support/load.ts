/** A steady stream of queries from several source ports. Each answer is awaited. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { queryBytes } from './clients.js';

/** What became of the queries. */
export interface LoadResult {
  sent: number;
  answered: number;
}

/** Queries that wait for their answers at a time: their answers have room in the clients' buffers when this process is late. */
const MOST_WAITING = 1024;
/** Queries of which a socket's buffer of the default size has room for all (net.core.rmem_default) when a server is late. */
export const FITS_DEFAULT_BUFFER = 200;

/** A steady stream of queries. */
export class SteadyLoad {
  readonly #sockets: Socket[];
  readonly #pending = new Set<number>();
  readonly #timer: NodeJS.Timeout;
  readonly #query: Buffer;
  readonly #mostWaiting: number;
  #sent = 0;
  #answered = 0;

  /**
   * About `rate` queries a second to 127.0.0.1, from `clients` ports in turn, of which at most `mostWaiting` wait for their
   * answers.
   */
  static async start(
    port: number,
    rate = 2000,
    clients = 8,
    type: 'A' | 'TXT' = 'TXT',
    mostWaiting = MOST_WAITING,
  ): Promise<SteadyLoad> {
    const sockets = Array.from({ length: clients }, () => createSocket('udp4'));
    await Promise.all(
      sockets.map((socket) => {
        const listening = once(socket, 'listening');
        socket.bind(0, '127.0.0.1');
        return listening;
      }),
    );
    return new SteadyLoad(sockets, port, rate, type, mostWaiting);
  }

  private constructor(sockets: Socket[], port: number, rate: number, type: 'A' | 'TXT', mostWaiting: number) {
    this.#sockets = sockets;
    this.#mostWaiting = mostWaiting;
    this.#query = queryBytes('example.org', type);
    for (const [i, socket] of sockets.entries()) {
      socket.on('message', (reply) => {
        // Each query has an ID and a port that no other has that still waits; a second answer to it does not count.
        if (this.#pending.delete((i << 16) | reply.readUInt16BE(0))) this.#answered++;
      });
    }
    const start = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - start) * rate) / 1000;
      while (this.#sent < due && this.#pending.size < this.#mostWaiting) this.#send(port);
    }, 2);
  }

  /** Stops sending, gives the last answers up to `patience` ms to come, and counts. */
  async stop(patience = 10_000): Promise<LoadResult> {
    clearInterval(this.#timer);
    for (const end = Date.now() + patience; this.#pending.size > 0 && Date.now() < end;) await wait(10);
    for (const socket of this.#sockets) socket.close();
    return { sent: this.#sent, answered: this.#answered };
  }

  #send(port: number): void {
    const i = this.#sent % this.#sockets.length;
    const id = Math.floor(this.#sent / this.#sockets.length) & 0xffff;
    this.#sent++;
    this.#pending.add((i << 16) | id);
    const message = Buffer.from(this.#query);
    message.writeUInt16BE(id);
    this.#sockets[i].send(message, port, '127.0.0.1');
  }
}
