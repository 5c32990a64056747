import { readdirSync, unlinkSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ControlReport } from '../server/control.js';

const PATIENCE = 5000;
const SUFFIX = '.sock';

/** A client's connection to a server's control socket. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  /** Connects. Rejects with a system error: `ENOENT`, `ECONNREFUSED` if no server listens there any more, `EACCES`. */
  static async connect(path: string): Promise<ControlClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new ControlClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    // The end of the lines reports the end of the connection.
    socket.on('error', () => undefined);
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /** The current state of the server. Rejects if it has gone, or does not answer. */
  async stats(): Promise<ControlReport> {
    this.#socket.setTimeout(PATIENCE, () => this.#socket.destroy());
    this.#socket.write('stats\n');
    const line = await this.#lines.next();
    this.#socket.setTimeout(0);
    if (line.done === true) throw new Error('the server has gone');
    const report = JSON.parse(line.value) as ControlReport | { error: string };
    if ('error' in report) throw new Error(`the server does not understand: ${report.error}`);
    return report;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * The directory of the control sockets of this user's servers: the one that a service manager has made for the program
 * (`RUNTIME_DIRECTORY`, systemd.exec(5)), or a directory below the user's own (`XDG_RUNTIME_DIR`, XDG Base Directory
 * Specification), or for root below `/run`. Undefined if there is none.
 */
export function runtimeDirectory(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { RUNTIME_DIRECTORY: given, XDG_RUNTIME_DIR: own } = environment;
  if (given !== undefined && given !== '') return given.split(':')[0];
  if (own !== undefined && own !== '') return join(own, 'multisocket');
  return process.getuid?.() === 0 ? '/run/multisocket' : undefined;
}

/** The control socket of a process in the runtime directory. */
export function defaultControlPath(directory: string, pid = process.pid): string {
  return join(directory, `${pid}${SUFFIX}`);
}

/**
 * Connects to the only server with a control socket in the runtime directory. Rejects if there is none, or more than
 * one.
 */
export async function connectToOnly(directory: string | undefined): Promise<ControlClient> {
  const paths = directory === undefined ? [] : controlSockets(directory);
  const found: { path: string; client: ControlClient }[] = [];
  for (const path of paths) {
    try {
      found.push({ path, client: await ControlClient.connect(path) });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Left by a process that was killed.
      if (code === 'ECONNREFUSED') unlinkSync(path);
      else if (code !== 'ENOENT') throw error;
    }
  }
  if (found.length === 1) return found[0].client;
  for (const { client } of found) client.close();
  const where = directory === undefined ? '' : ` in ${directory}`;
  if (found.length === 0) throw new Error(`no running server was found${where}: name its socket with -control PATH`);
  const names = found.map(({ path }) => path).join(', ');
  throw new Error(`several servers run: choose one with -control PATH, of ${names}`);
}

function controlSockets(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
