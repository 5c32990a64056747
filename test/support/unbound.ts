/** Unbound as a child process on loopback: a resolver that knows what it is told and asks nobody. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { askAll } from './questions.js';

/** See the file's head. */
export class Unbound {
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /** `records`: in presentation form; all other names are NXDOMAIN. Rejects with what it logged when it does not answer. */
  static async start(records: readonly string[]): Promise<Unbound> {
    const program = findProgram('unbound');
    if (program === undefined) throw new Error('unbound is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'unbound-'));
    const port = await freePort();
    const configuration = join(folder, 'unbound.conf');
    writeFileSync(configuration, configurationOf(folder, port, records));
    const child = spawn(program, ['-d', '-p', '-c', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
    const unbound = new Unbound(port, folder, child);
    for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
      const answers = await askAll(port, [{ name: '.', type: 6 }], 100).catch(() => []);
      if (answers.length > 0) return unbound;
    }
    await unbound.stop();
    throw new Error(`unbound does not answer: ${log}`);
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

function configurationOf(folder: string, port: number, records: readonly string[]): string {
  return `server:
  interface: 127.0.0.1@${port}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  logfile: ""
  username: ""
  chroot: ""
  directory: "${folder}"
  num-threads: 1
  module-config: "iterator"
  local-zone: "." static
${records.map((record) => `  local-data: '${record}'\n`).join('')}remote-control:
  control-enable: no
`;
}
