import cluster from 'node:cluster';
import { lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { addon } from '../native/addon.js';
import { AcceptedSockets } from '../socket/accepted-sockets.js';
import { usableCpus } from '../socket/cpus.js';
import type { BoundAddress } from './served-address.js';
import type { ServerStatistics } from './statistics.js';

const MODE = 0o600;
const MAX_CONNECTIONS = 16;
/** The longest line that is read, in characters. Commands are shorter. */
const MAX_LINE = 256;
/** Octets of answers that may wait for a client to read. A client with more is disconnected. */
const MAX_UNREAD = 1 << 20;

/** The answer to `stats`. Times are in milliseconds. */
export interface ControlReport extends ServerStatistics {
  version: 1;
  pid: number;
  /** Time since the process started. A rate is the difference of two counts over the difference of their times. */
  time: number;
  /** CPU time that all threads of the process have used. */
  cpu: number;
  /** CPUs that the process may use. */
  cpus: number;
  /** Resident memory of the process in bytes. */
  memory: number;
  addresses: BoundAddress[];
}

/**
 * The control socket of a running server, a Unix socket for `multisocket top` and for scripts. It answers each line of
 * a client with a line of JSON: `stats` with a {@link ControlReport}, any other with `{ "error": "..." }`. Only the
 * user who runs the server, and root, may connect. With 16 connections open, a new one closes the oldest.
 */
export class ControlSocket {
  readonly #path: string;
  readonly #inode: number | undefined;
  readonly #server: Server;
  readonly #connections = new AcceptedSockets(MAX_CONNECTIONS);

  /**
   * Listens at `path`, with permissions 0600. Replaces a socket file at which nobody listens, and with `takeOver` also that of
   * a server that is about to close. Rejects with `EADDRINUSE` if another server listens there, with `ENOTSOCK` if the file is
   * no socket, or with another system error.
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
    // Neither the listener nor a connection keeps the process alive.
    listenOnDescriptor(this.#server, fd);
    this.#server.unref();
  }

  /** Stops listening. Removes the socket file, unless another server has replaced it. */
  close(): void {
    this.#server.close();
    this.#connections.destroyAll();
    if (lstatSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) unlinkSync(this.#path);
  }

  #serve(socket: Socket, stats: () => Told): void {
    socket.unref();
    this.#connections.add(socket);
    socket.setEncoding('utf8');
    let line = '';
    socket.on('data', (text: string) => {
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const command of lines) {
        if (socket.writableLength > MAX_UNREAD) break;
        socket.write(`${JSON.stringify(answer(command.trim(), stats))}\n`);
      }
      if (line.length > MAX_LINE || socket.writableLength > MAX_UNREAD) socket.destroy();
    });
  }
}

/** The step of `net.Server.listen()` that listens in this process. Node keeps it as an alias. */
interface DirectListener {
  _listen2(address: null, port: null, addressType: null, backlog: number, fd: number): void;
}

/**
 * Listens as `server.listen({ fd })` does, also in a worker of node:cluster. There Node would make the primary listen, on
 * a descriptor that has this number in the primary.
 */
function listenOnDescriptor(server: Server, fd: number): void {
  if (cluster.isWorker) (server as unknown as DirectListener)._listen2(null, null, null, MAX_CONNECTIONS, fd);
  else server.listen({ fd });
}

/** The part of a report that the server provides. */
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
