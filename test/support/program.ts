/** The program `multisocket` as a child process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './server.js';
import { becomeNode, forerunner } from './addon-build.js';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const running = new Set<ChildProcess>();

/** A program that runs, with all that it has printed so far. */
export interface Running {
  child: ChildProcess;
  out: () => string;
  err: () => string;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

/** Starts it. `environment`: on top of ours. `sockets`: descriptors that it is given as systemd does (sd_listen_fds(3)). */
export function start(
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  sockets: readonly number[] = [],
): Running {
  const env = { ...(sockets.length === 0 ? process.env : forerunner), ...environment };
  const activate = ['sh', '-c', `LISTEN_PID=$$ LISTEN_FDS=${sockets.length} ${becomeNode}`];
  const [file, ...more] = [...(sockets.length === 0 ? [] : activate), process.execPath, program, ...args];
  const child = spawn(file, more, { cwd, env, stdio: ['ignore', 'pipe', 'pipe', ...sockets] });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return (code ?? signal) as number | NodeJS.Signals;
  });
  return { child, out: () => out, err: () => err, ended };
}

/** How a program ended: its exit code, or the signal that ended it, and what it printed. */
export interface Finished {
  code: number | NodeJS.Signals;
  out: string;
  err: string;
}

/** Runs it to its end. `environment`: on top of ours. */
export async function finish(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const { ended, out, err } = start(args, process.cwd(), environment);
  return { code: await ended, out: out(), err: err() };
}

/** Starts it and waits until it listens. Rejects with what it says when it ends instead. */
export async function listen(
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  sockets: readonly number[] = [],
): Promise<Running> {
  const started = start(args, cwd, environment, sockets);
  const { child, out, err } = started;
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await until(() => over() || out().includes('multisocket-'), 'the program to listen');
  if (over()) throw new Error(`the program has ended: ${err()}`);
  return started;
}

/** Ends by force all that still run. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
