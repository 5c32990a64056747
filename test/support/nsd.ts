/** NSD as a child process that serves one zone on loopback. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { askAll } from './questions.js';

/** The program's path; undefined when it is not installed. */
export const findNsd = (): string | undefined => findProgram('nsd');

/** See the file's head. */
export class Nsd {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /** Resolves when it answers. Rejects with what it logged when it ends instead. */
  static async start(program: string, origin: string, zone: string): Promise<Nsd> {
    const folder = mkdtempSync(join(tmpdir(), 'nsd-'));
    writeFileSync(join(folder, 'zone'), zone, 'latin1');
    const port = await freePort();
    const configuration = join(folder, 'nsd.conf');
    writeFileSync(configuration, configurationOf(folder, port, origin));
    const child = spawn(program, ['-d', '-c', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
    const nsd = new Nsd(port, folder, child);
    for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
      const answers = await askAll(port, [{ name: `${origin}.`, type: 6 }], 100).catch(() => []);
      if (answers.some((soa) => (soa[3] & 15) === 0)) return nsd;
    }
    await nsd.stop();
    throw new Error(`nsd does not serve the zone: ${log}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true });
  }
}

function configurationOf(folder: string, port: number, origin: string): string {
  return `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  ipv4-edns-size: 4096
  minimal-responses: no
  refuse-any: no
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "${origin}"
  zonefile: "${folder}/zone"
`;
}
