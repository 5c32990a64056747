/** Servers for tests. */
import { fileURLToPath } from 'node:url';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { becomeNode, forerunner } from './addon-build.js';

/** The handler of most tests: what it does is chosen by the name's first label. */
export const fixture = new URL('../fixtures/addresses.js', import.meta.url);

/** A server that listens, by default on 127.0.0.1 and a free port, with a list of its warnings. */
export async function serve(
  options: Partial<ServerOptions> = {},
  prepare: (server: Server) => void = () => undefined,
): Promise<{ server: Server; port: number; warnings: (Error & { code?: string })[] }> {
  const handler = options.handler === undefined ? { filename: fixture } : {};
  const sockets = atMost(options.sockets ?? 2);
  const server = createServer({ listen: '127.0.0.1:0', workers: 2, ...handler, ...options, sockets });
  const warnings: (Error & { code?: string })[] = [];
  server.on('warning', (warning: Error & { code?: string }) => {
    if (warning.code !== 'ERR_MULTISOCKET_FALLBACK') warnings.push(warning);
  });
  prepare(server);
  await server.listen();
  return { server, port: server.addresses()[0].port, warnings };
}

/** What the test wants; one where test/native/fallback runs the test without the addon, which has no more. */
export function atMost<Sockets extends ServerOptions['sockets']>(sockets: Sockets): Sockets | 1 {
  return process.env.MULTISOCKET_NATIVE === '0' ? 1 : sockets;
}

/** Waits until `condition` holds, for 30 s at most. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !(await condition());) {
    if (Date.now() > end) throw new Error(`waited 30 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Starts a fixture as a process; resolves to it and its first message. */
export async function start(name: string, ...args: string[]): Promise<{ child: ChildProcess; message: unknown }> {
  const file = fileURLToPath(new URL(`../server/fixtures/${name}.js`, import.meta.url));
  const child = fork(file, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const [message] = (await once(child, 'message')) as [unknown];
  return { child, message };
}

/** Ends a process and waits for it. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** Starts a program of Node with a bound on its descriptors (`ulimit -n`); it can tell its parent things. */
export function startLimited(descriptors: number, file: string, ...args: string[]): ChildProcess {
  const script = `ulimit -n ${descriptors}; ${becomeNode}`;
  return spawn('sh', ['-c', script, process.execPath, file, ...args], { stdio: [0, 1, 2, 'ipc'], env: forerunner });
}
