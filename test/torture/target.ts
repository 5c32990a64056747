/** The server of a torture case. It is a separate process, so that its memory and its descriptors can be measured. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CloseReport, ServerOptions, ServerStatistics } from 'multisocket';
import { ask } from '../support/clients.js';

/** What happened in the server's process since it started. */
export interface Events {
  /** Workers that died. */
  exits: number;
  /** Workers that were seen not to turn their loop. */
  stalls: number;
  /** Workers that became ready. */
  starts: number;
  /** Warnings, without those of deaths, of queries that were shed and of descriptors that ran out. */
  otherWarnings: string[];
}

/** The server's statistics, and what happened. */
export type State = ServerStatistics & { events: Events };

type Command =
  | { kind: 'reload' | 'terminate' | 'state' | 'close' }
  | { kind: 'resize'; sockets: number }
  | { kind: 'handOver'; path: string };

/** From parent to child. */
export type Order = Command & { id: number };
/** What an order can come to. */
export type Result = State | CloseReport | undefined;
/** From child to parent. */
export type Report = { port: number } | { id: number; result?: Result } | { id: number; error: string };

interface Waiting {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

const program = fileURLToPath(new URL('./target-process.js', import.meta.url));

/** A server in a separate process. */
export class Target {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<unknown>;
  #orders = 0;
  #port = 0;

  /**
   * Starts a server of four sockets and two workers, by default; `descriptors`: its `ulimit -n`; `adopt`: where it gets
   * its sockets from another process.
   */
  static async start(
    options: Partial<ServerOptions> = {},
    { descriptors, adopt = [] }: { descriptors?: number; adopt?: string[] } = {},
  ): Promise<Target> {
    const settings = { sockets: 4, workers: 2, receiveBufferSize: 8 << 20, ...options };
    const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `;
    const args = [
      '-c',
      `${limit}exec "$@"`,
      'sh',
      process.execPath,
      '--expose-gc',
      program,
      JSON.stringify(settings),
      ...adopt,
    ];
    const child = spawn('sh', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const target = new Target(child);
    await new Promise<void>((resolve, reject) => {
      child.on('message', (report: Report) => {
        if ('port' in report) {
          target.#port = report.port;
          resolve();
        } else target.#hear(report);
      });
      child.once('exit', (code, signal) => {
        reject(new Error(`the server's process ended: ${signal ?? code}`));
      });
    });
    return target;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the server's process ended: ${signal ?? code}`));
      this.#waiting.clear();
    });
  }

  /** Where it listens on 127.0.0.1. */
  get port(): number {
    return this.#port;
  }

  /** `Server.reload()`. */
  async reload(): Promise<void> {
    await this.#order({ kind: 'reload' });
  }

  /** `Server.resize()`. */
  async resize(sockets: number): Promise<void> {
    await this.#order({ kind: 'resize', sockets });
  }

  /** `Server.handOver()`; the process stays. */
  async handOver(path: string): Promise<void> {
    await this.#order({ kind: 'handOver', path });
  }

  /** Terminates a worker's thread behind the server's back. */
  async terminate(): Promise<void> {
    await this.#order({ kind: 'terminate' });
  }

  /** `Server.stats()`, and what happened. */
  async state(): Promise<State> {
    return (await this.#order({ kind: 'state' })) as State;
  }

  /** `Server.close()`; the process stays. */
  async close(): Promise<CloseReport> {
    return (await this.#order({ kind: 'close' })) as CloseReport;
  }

  /** Resident memory of its process in MiB. */
  memory(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  /** MiB that the heaps of its workers hold, with what hangs on them, after their garbage has been collected. */
  async held(): Promise<number> {
    const heaps = new Map<string, number>();
    // So often that each worker gets one, whichever ports the kernel gives to which socket.
    for (let i = 0; i < 32; i++) {
      const { answers: [answer] = [] } = await ask(this.#port, 'gc.now', 'TXT');
      const [thread, bytes] = (answer as unknown as { data: Buffer[] }).data.map(String);
      heaps.set(thread, Number(bytes));
    }
    return [...heaps.values()].reduce((sum, bytes) => sum + bytes, 0) / (1 << 20);
  }

  /** Open descriptors of its process. */
  descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  /** Ends its process. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #order(command: Command): Promise<Result> {
    const id = this.#orders++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ ...command, id } satisfies Order, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  #hear(report: Exclude<Report, { port: number }>): void {
    const waiting = this.#waiting.get(report.id);
    this.#waiting.delete(report.id);
    if ('error' in report) waiting?.reject(new Error(report.error));
    else waiting?.resolve(report.result);
  }
}
