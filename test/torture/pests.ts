/**
 * TCP clients that hold the connections of a server without using them. Each reconnects when its connection is closed.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { framed, queryBytes } from '../support/clients.js';

/** How many of each kind. */
export interface PestCounts {
  /** Say nothing. */
  idle: number;
  /** Send a query byte by byte. */
  dripping: number;
  /** Ask without end and read no answer. */
  deaf: number;
}

/** How many set out at a time, so that the server's accept queue does not overflow. */
const WAVE = 250;
/** Source addresses, 127.0.1.1 and on: a client has only so many ports. */
const ADDRESSES = 200;
/** Between two bytes of one that drips, and before one that was turned out comes back, in ms. */
const DRIP = 500;
const query = framed(queryBytes('host0.example.org', 'TXT'));
const many = Buffer.concat(Array.from({ length: 500 }, () => query));

/** TCP clients that hold connections of a server. */
export class Pests {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #opened = 0;
  #turnedOut = 0;
  #closed = false;

  /** `port`: of the server, on 127.0.0.1. */
  constructor(port: number) {
    this.#port = port;
  }

  /** How many connections the server has ended. */
  get turnedOut(): number {
    return this.#turnedOut;
  }

  /** Resolves when all have been let in once. */
  async open({ idle, dripping, deaf }: PestCounts): Promise<void> {
    await this.#openMany(idle, () => undefined);
    await this.#openMany(dripping, (socket) => {
      let sent = 0;
      const timer = setInterval(
        () => socket.write(query.subarray(sent, (sent = (sent + 1) % query.length) || undefined)),
        DRIP,
      );
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    await this.#openMany(deaf, (socket) => {
      socket.pause();
      const ask = (): void => {
        while (socket.writable && socket.write(many));
      };
      socket.on('drain', ask);
      ask();
    });
  }

  /** They all go. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #openMany(count: number, behave: (socket: Socket) => void): Promise<void> {
    for (let left = count; left > 0; left -= WAVE) {
      await Promise.all(Array.from({ length: Math.min(left, WAVE) }, () => this.#openOne(behave)));
    }
  }

  #openOne(behave: (socket: Socket) => void): Promise<void> {
    const localAddress = `127.0.1.${1 + (this.#opened++ % ADDRESSES)}`;
    const socket = connect({ port: this.#port, host: '127.0.0.1', localAddress, noDelay: true });
    this.#sockets.add(socket);
    // Being reset is what such a client is for; 'close' follows.
    socket.on('error', () => undefined);
    const connected = new Promise<void>((resolve) => socket.once('connect', resolve));
    socket.on('connect', () => {
      behave(socket);
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => void this.#comeBack(socket, behave));
    return connected;
  }

  async #comeBack(socket: Socket, behave: (socket: Socket) => void): Promise<void> {
    this.#sockets.delete(socket);
    if (!this.#closed) this.#turnedOut++;
    await wait(DRIP);
    if (!this.#closed) await this.#openOne(behave);
  }
}
