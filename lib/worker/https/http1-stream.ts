import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * The stream between a connection of HTTP/1.1 and `node:http`. Its owner can pause it, independently of `node:http`: a
 * socket has one switch for both, and `node:http` fails if another turns it on.
 */
export class Http1Stream extends Duplex {
  readonly #socket: Socket;
  /** Whether `node:http` waits for more. */
  #wanted = false;
  #held = false;

  /** `heard` is called when bytes come, before `node:http` sees them. */
  constructor(socket: Socket, heard: () => void) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      heard();
      this.#wanted = this.push(chunk);
      this.#turn();
    });
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    // An error of HTTP or of the client, which ends the connection.
    this.on('error', () => socket.destroy());
  }

  /** Pauses or resumes reading. */
  hold(on: boolean): void {
    this.#held = on;
    this.#turn();
  }

  override _read(): void {
    this.#wanted = true;
    this.#turn();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #turn(): void {
    if (this.#wanted && !this.#held) this.#socket.resume();
    else this.#socket.pause();
  }
}
