import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { packageFile } from '../native/package-files.js';
import { withCode } from '../errors.js';
import type { FromServed, ServedState, ServeOrder, ToServed } from './served-messages.js';

/** Milliseconds that it may take to start or to answer, and to end. */
const PATIENCE = 30_000;
const END_TIME = 5000;
/** The length of its standard error that is kept. */
const SAID = 2000;

/** A server in a process of its own, so that its CPU time and memory can be measured separately. */
export class ServedProcess {
  readonly #child: ChildProcess;
  /** Its warnings, each once. */
  readonly warnings = new Set<string>();
  #port = 0;
  #said = '';
  #answered: ((state: ServedState) => void) | undefined;
  #failed: (error: Error) => void = () => undefined;

  /** Starts it; resolves when it serves. Rejects with `ERR_MULTISOCKET_TUNE` and the reason of a failure. */
  static async start(order: ServeOrder): Promise<ServedProcess> {
    const served = new ServedProcess();
    try {
      served.#port = await served.#bounded('start', (done) => {
        served.#child.on('message', (message: FromServed) => {
          if (message.kind === 'serving') done(message.port);
        });
        served.#send({ kind: 'serve', order });
      });
    } catch (error) {
      await served.close();
      throw error;
    }
    return served;
  }

  private constructor() {
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
    this.#child = fork(packageFile('dist/tune/served-main.js'), {
      stdio: [...stdio],
      execArgv: [],
      serialization: 'advanced',
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-SAID);
    });
    this.#child.on('message', (message: FromServed) => {
      if (message.kind === 'warning') this.warnings.add(message.message);
      else if (message.kind === 'state') this.#answered?.(message.state);
      else if (message.kind === 'failed') this.#failed(tuneError(`the server does not serve: ${message.message}`));
    });
    this.#child.on('exit', (code, signal) => {
      this.#failed(tuneError(`the server's process has ended (${signal ?? code}): ${this.#said.trim()}`));
    });
  }

  /** The port that it serves. */
  get port(): number {
    return this.#port;
  }

  /** Its current state. Rejects with `ERR_MULTISOCKET_TUNE` if it has ended. */
  async state(): Promise<ServedState> {
    return this.#bounded('tell its state', (done) => {
      this.#answered = done;
      this.#send({ kind: 'state' });
    });
  }

  /** Ends it; resolves when it has ended. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_TIME);
    await ended;
    clearTimeout(timer);
  }

  #send(message: ToServed): void {
    this.#child.send(message, (error) => {
      if (error !== null) this.#failed(error);
    });
  }

  async #bounded<T>(what: string, work: (done: (result: T) => void) => void): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#failed = reject;
        timer = setTimeout(() => {
          reject(tuneError(`the server took longer than ${PATIENCE} ms to ${what}`));
        }, PATIENCE);
        if (this.#child.exitCode !== null) reject(tuneError(`the server's process has ended: ${this.#said.trim()}`));
        else work(resolve);
      });
    } finally {
      clearTimeout(timer);
      this.#failed = () => undefined;
    }
  }
}

/** The error `ERR_MULTISOCKET_TUNE`: what cannot be measured, and why. */
export function tuneError(reason: string): Error {
  return withCode(new Error(reason), 'ERR_MULTISOCKET_TUNE');
}
