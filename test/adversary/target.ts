/** The server under attack, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Certificate } from '../support/certificate.js';
import type { ScriptedUpstream } from '../support/upstream.js';
import { Broken, holds } from './attack.js';
import type { Canaries } from './canaries.js';

/** What a listener speaks. `http`: an endpoint of `health`, `ready` or `prometheus`. */
export type Protocol = 'dns' | 'tls' | 'https' | 'grpc' | 'http';

/** A port of 127.0.0.1 that the target listens at. */
export interface Listener {
  protocol: Protocol;
  port: number;
  /** Of an `http` listener: its resource. */
  path?: string;
}

/** What an attack can aim at, besides listeners. */
export type Trait = 'forward' | 'template' | 'rewrite' | 'log' | 'client-in-answer' | 'certificates' | 'blocking';

/** A question whose right answer is known. */
export interface Control {
  /** Asks it, `n`-th time. Resolves to undefined if it was answered right, or to what was wrong. */
  ask: (n: number) => Promise<string | undefined>;
}

/** How a target is started. */
export interface Plan {
  name: string;
  command: readonly [file: string, ...args: string[]];
  cwd: string;
  env?: Record<string, string>;
  listeners: readonly Listener[];
  traits: readonly Trait[];
  control: Control;
  certificate?: Certificate;
  upstream?: ScriptedUpstream;
  canaries: Canaries;
  /**
   * The zone that it transfers, and the key that a client needs. `stalls`: a transfer is longer than what the kernel holds, and
   * a client that reads nothing is cut off within a second.
   */
  transfers?: { zone: string; key?: { name: string; secret: string }; stalls?: boolean };
  /** The signal that ends it; default SIGTERM. */
  signal?: NodeJS.Signals;
}

/** How long a control question may take, and an end of the process, in ms. Each allows for a busy machine. */
const [PATIENCE, LAST_PATIENCE] = [4000, 20_000];
/** How often the control question is asked during an attack, in ms. */
const EVERY = 100;
/**
 * What a target may hold more after the attacks than before: MiB of memory, most of it garbage that V8 has not collected, and
 * descriptors.
 */
const [MORE_MEMORY, MORE_DESCRIPTORS] = [256, 8];

/** A running server. */
export class Target {
  readonly plan: Plan;
  readonly #child: ChildProcess;
  #output = '';
  #asked = 0;
  #before = { memory: 0, descriptors: 0, threads: [] as string[] };

  /** Starts a server and waits until it answers the control question. */
  static async start(plan: Plan): Promise<Target> {
    const target = new Target(plan);
    for (const end = Date.now() + LAST_PATIENCE; (await target.#control(1000)) !== undefined;) {
      if (target.ended !== undefined || Date.now() > end)
        throw new Error(`${plan.name} does not serve (${target.ended}): ${target.output.slice(-2000)}`);
      await wait(50);
    }
    // What is loaded at the first queries is no leak.
    for (let i = 0; i < 100; i++) await target.#control(PATIENCE);
    await wait(200);
    target.#before = { memory: target.memory(), descriptors: target.descriptors(), threads: target.#threads() };
    return target;
  }

  private constructor(plan: Plan) {
    this.plan = plan;
    const [file, ...args] = plan.command;
    this.#child = spawn(file, args, {
      cwd: plan.cwd,
      env: { ...process.env, ...plan.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (text: Buffer) => (this.#output = (this.#output + text.toString('latin1')).slice(-(4 << 20))));
  }

  /** The last 4 MiB that it printed, each octet a character. */
  get output(): string {
    return this.#output;
  }

  /** Its exit code or the signal that ended it; undefined while it runs. */
  get ended(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined;
  }

  /** Its listeners of some protocols. */
  listeners(...protocols: readonly Protocol[]): Listener[] {
    return this.plan.listeners.filter(({ protocol }) => protocols.includes(protocol));
  }

  has(trait: Trait): boolean {
    return this.plan.traits.includes(trait);
  }

  /** Resident memory in MiB. */
  memory(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(this.#proc('status'))?.[1]) / 1024;
  }

  /** Open descriptors. */
  descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  /** CPU time that all its threads have used, in ms (utime and stime of proc(5), in units of 10 ms). */
  cpu(): number {
    const fields = this.#proc('stat').split(') ')[1].split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  }

  /** Gives it an order by IPC and resolves to its result. For servers of server.ts alone. */
  async order(order: object): Promise<unknown> {
    const heard = once(this.#child, 'message', { signal: AbortSignal.timeout(LAST_PATIENCE) }) as Promise<
      [{ result?: unknown; error?: string }]
    >;
    this.#child.send(order);
    const [{ result, error }] = await heard;
    if (error !== undefined) throw new Error(error);
    return result;
  }

  /** Throws {@link Broken} unless the control question is answered right and in time. */
  async check(): Promise<void> {
    const wrong = await this.#control(PATIENCE);
    holds(this.ended === undefined, `the process ended: ${this.ended}\n${this.#output.slice(-1000)}`);
    holds(wrong === undefined, `the control question: ${wrong}`);
    this.plan.canaries.check(this.#child.pid);
  }

  /** Runs an attack while the control question is asked, and checks afterwards. */
  async during(attack: () => Promise<void>): Promise<void> {
    const state = { over: false };
    const watch = (async () => {
      while (!state.over) {
        await this.check();
        await wait(EVERY);
      }
    })();
    const attacked = attack().finally(() => (state.over = true));
    const [watched, done] = await Promise.allSettled([watch, attacked]);
    for (const outcome of [done, watched]) if (outcome.status === 'rejected') throw outcome.reason;
    await this.check();
  }

  /** Throws {@link Broken} unless memory, descriptors and threads are what they were before the attacks. */
  async settle(): Promise<void> {
    const problem = (): string | undefined => {
      const [memory, descriptors] = [
        this.memory() - this.#before.memory,
        this.descriptors() - this.#before.descriptors,
      ];
      const gone = this.#before.threads.filter((thread) => !this.#threads().includes(thread));
      // A worker that blocks in a system call keeps its descriptors.
      if (descriptors > MORE_DESCRIPTORS * (this.has('blocking') ? 8 : 1))
        return `${descriptors} descriptors are left open`;
      if (memory > MORE_MEMORY) return `${memory.toFixed(0)} MiB of memory are left`;
      // Some attacks end workers on purpose.
      const ends = this.has('blocking') || this.has('certificates');
      return gone.length > 0 && !ends ? `${gone.length} threads are gone: a worker was lost` : undefined;
    };
    holds(this.ended === undefined, `the process ended: ${this.ended}`);
    for (const end = Date.now() + LAST_PATIENCE; problem() !== undefined && Date.now() < end;) await wait(200);
    holds(problem() === undefined, problem() ?? '');
  }

  /** Ends the process. Throws {@link Broken} if it does not end by its signal. */
  async end(): Promise<void> {
    if (this.ended !== undefined) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(this.plan.signal ?? 'SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), LAST_PATIENCE);
    const [, signal] = (await exited) as [number | null, NodeJS.Signals | null];
    clearTimeout(late);
    holds(signal !== 'SIGKILL', `it did not end within ${LAST_PATIENCE} ms of ${this.plan.signal ?? 'SIGTERM'}`);
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Asks the control question, again while there is time: a full queue may lose a datagram. */
  async #control(patience: number): Promise<string | undefined> {
    let wrong: string | undefined = 'it was not asked';
    for (const end = Date.now() + patience; wrong !== undefined && Date.now() < end && this.ended === undefined;) {
      wrong = await this.plan.control.ask(this.#asked++).catch((error: unknown) => {
        if (error instanceof Broken) throw error;
        return String(error);
      });
    }
    return wrong;
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.#child.pid}/${file}`, 'latin1');
  }

  #threads(): string[] {
    return readdirSync(`/proc/${this.#child.pid}/task`);
  }
}
