import type { Socket } from 'node:net';
import { CONNECTION_GIVEN_UP, NOTHING_GIVEN_UP, type Protocol } from '../stream/connection.js';
import { PREFACE } from './http2/frame-reader.js';

/** The first bytes of a client that are not enough to tell. */
const NOTHING = Buffer.alloc(0);

/** The versions of HTTP on a connection without TLS. */
export interface Versions {
  http1: () => Protocol;
  http2: () => Protocol;
}

/**
 * A connection without TLS until its first bytes tell its version of HTTP: those of HTTP/2 begin with its preface, by
 * prior knowledge (RFC 9113 s.3.3). From then on it is that version.
 */
export class UnknownHttp implements Protocol {
  readonly #socket: Socket;
  #chosen: Protocol | undefined;
  #start = NOTHING;
  /** Since when the first bytes have been coming, by `performance.now()`. */
  #since = 0;

  constructor(socket: Socket, versions: Versions) {
    this.#socket = socket;
    const listen = (chunk: Buffer): void => {
      if (this.#start.length === 0) this.#since = performance.now();
      this.#start = Buffer.concat([this.#start, chunk]);
      const length = Math.min(PREFACE.length, this.#start.length);
      const isPreface = PREFACE.compare(this.#start, 0, length, 0, length) === 0;
      if (isPreface && length < PREFACE.length) return;
      socket.off('data', listen);
      this.#chosen = isPreface ? versions.http2() : versions.http1();
      socket.emit('data', this.#start);
    };
    socket.on('data', listen);
  }

  get unsent(): number {
    return this.#chosen?.unsent ?? 0;
  }

  get expects(): boolean {
    return this.#chosen?.expects ?? true;
  }

  drain(): void {
    if (this.#chosen === undefined) this.#socket.end();
    else this.#chosen.drain();
  }

  giveUp(before: number): { messages: number; fatal: boolean } {
    if (this.#chosen !== undefined) return this.#chosen.giveUp(before);
    return this.#start.length > 0 && this.#since <= before ? CONNECTION_GIVEN_UP : NOTHING_GIVEN_UP;
  }
}
