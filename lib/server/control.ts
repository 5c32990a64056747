/**
 * A Unix socket at which a running server tells how it is: for `multisocket top`, and for scripts.
 *
 * Whoever connects writes a command a line, and gets a line of JSON for each: `stats` gives a {@link ControlReport}, anything
 * else `{ "error": "..." }`. Only the user who runs the server, and root, may connect.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { addon } from '../native/addon.js';
import { usableCpus } from '../socket/cpus.js';
import type { BoundAddress } from './server-sockets.js';
import type { ServerStatistics } from './statistics.js';

const MODE = 0o600;
const MAX_CONNECTIONS = 16;
/** No command is as long as this, in characters. */
const MAX_LINE = 256;

/** What a server tells of itself. Times are in milliseconds. */
export interface ControlReport extends ServerStatistics {
  version: 1;
  pid: number;
  /** Since the process started; rates are differences over its differences. */
  time: number;
  /** CPU time of the process so far, all its threads. */
  cpu: number;
  /** CPUs that the process may use. */
  cpus: number;
  /** Resident memory of the process in bytes. */
  memory: number;
  addresses: BoundAddress[];
}

/** See the file's head. */
export class ControlSocket {
  readonly #path: string;
  readonly #inode: number | undefined;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  /**
   * Listens at `path`, with permissions 0600; a socket file that nobody listens at is replaced. `takeOver`: one of a server
   * that is about to go is, too. Rejects with `EADDRINUSE` when somebody listens there, `ENOTSOCK` when there is something
   * else, or another system error.
   */
  static async open(path: string, takeOver: boolean, stats: () => Told): Promise<ControlSocket> {
    if (takeOver && lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
    const control = new ControlSocket(path, addon.DescriptorChannel.listen(path, MODE), stats);
    await once(control.#server, 'listening');
    return control;
  }

  private constructor(path: string, fd: number, stats: () => Told) {
    this.#path = path;
    this.#inode = lstatSync(path).ino;
    this.#server = createServer((socket) => {
      this.#serve(socket, stats);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    // Neither it nor who looks on keeps the process alive.
    this.#server.listen({ fd }).unref();
  }

  /** Stops, and removes the socket file unless another one has taken its place. */
  close(): void {
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
    if (lstatSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) unlinkSync(this.#path);
  }

  #serve(socket: Socket, stats: () => Told): void {
    socket.unref();
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    // Who looks on may go at any time.
    socket.on('error', () => undefined);
    socket.setEncoding('utf8');
    let line = '';
    socket.on('data', (text: string) => {
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const command of lines) socket.write(`${JSON.stringify(answer(command.trim(), stats))}\n`);
      if (line.length > MAX_LINE) socket.destroy();
    });
  }
}

/** What the server itself has to tell. */
type Told = ServerStatistics & { addresses: BoundAddress[] };

function answer(command: string, stats: () => Told): ControlReport | { error: string } {
  if (command !== 'stats') return { error: `unknown command: ${command.slice(0, MAX_LINE)}` };
  const { user, system } = process.cpuUsage();
  return {
    version: 1,
    pid: process.pid,
    time: performance.now(),
    cpu: (user + system) / 1000,
    cpus: usableCpus(),
    memory: process.memoryUsage.rss(),
    ...stats(),
  };
}
