/** Another DNS server as a child process on loopback, with one zone or with a given configuration. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild } from './end-child.js';
import { freePort } from './free-port.js';
import { askAll } from './questions.js';

/** Writes the configuration of a program, for a folder with the file `zone`, and for a port. */
export interface ProgramStyle {
  configuration: (folder: string, port: number, origin: string) => string;
  args: (configuration: string) => readonly string[];
  /** RCODEs of an answer to the origin's SOA that tell that it serves; default: NOERROR. */
  serves?: (rcode: number) => boolean;
}

/** A running DNS server. */
export class DnsProgram {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /**
   * Resolves when it answers. Rejects with what it logged when it ends instead. `ownPort`: the port that it takes; default: a
   * free one.
   */
  static async start(
    program: string,
    style: ProgramStyle,
    origin: string,
    zone: string,
    ownPort?: number,
  ): Promise<DnsProgram> {
    const folder = mkdtempSync(join(tmpdir(), 'multisocket-peer-'));
    writeFileSync(join(folder, 'zone'), zone, 'latin1');
    const port = ownPort ?? (await freePort());
    const configuration = join(folder, 'conf');
    writeFileSync(configuration, style.configuration(folder, port, origin));
    const child = spawn(program, style.args(configuration), { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
    const server = new DnsProgram(port, folder, child);
    const { serves = (rcode) => rcode === 0 } = style;
    for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
      const answers = await askAll(port, [{ name: origin === '.' ? '.' : `${origin}.`, type: 6 }], 100).catch(() => []);
      if (answers.some((soa) => serves(soa[3] & 15))) return server;
    }
    await server.stop();
    throw new Error(`${program} does not serve ${origin}: ${log}`);
  }

  async stop(): Promise<void> {
    await endChild(this.#child);
    rmSync(this.#folder, { recursive: true });
  }
}
