/**
 * A host with two interfaces in network namespaces of its own, and a client on each of them:
 *
 *     left client 192.0.2.2, fe80::2 -- fe80::1, 192.0.2.1 `left`  (host)  `right` 198.51.100.1, fe80::1 -- right client
 *
 * The clients have the host as their route to everything.
 */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { run } from './clients.js';
import { findProgram } from './find-program.js';

/** The sides of the host: the names of its interfaces. */
export type Side = 'left' | 'right';

const NETS: Readonly<Record<Side, string>> = { left: '192.0.2', right: '198.51.100' };
/** The interface of each client. */
export const CLIENT_INTERFACE = 'wire';

/** Why namespaces cannot be made here; undefined if they can. */
export function noNetwork(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  return findProgram('ip') === undefined ? 'iproute2 is not installed' : undefined;
}

/** The network namespaces of one test. */
export class Network {
  readonly #names: string[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #host: string;

  constructor() {
    const id = `ms${process.pid}`;
    this.#host = `${id}-host`;
    this.#add(this.#host);
    for (const side of ['left', 'right'] as const) {
      const client = this.#client(side);
      this.#add(client);
      ip('link', 'add', side, 'netns', this.#host, 'type', 'veth', 'peer', 'name', CLIENT_INTERFACE, 'netns', client);
      this.#configure(this.#host, side, `${NETS[side]}.1/24`, 'fe80::1/64');
      this.#configure(client, CLIENT_INTERFACE, `${NETS[side]}.2/24`, 'fe80::2/64');
      ip('-n', client, 'route', 'add', 'default', 'via', `${NETS[side]}.1`);
    }
  }

  /** Starts a program of Node's on the host; resolves to it and its first message. */
  async start(file: string, ...args: string[]): Promise<{ child: ChildProcess; message: unknown }> {
    const execArgv = ['netns', 'exec', this.#host, process.execPath];
    const child = fork(file, args, { execPath: 'ip', execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#children.push(child);
    const [message] = (await once(child, 'message')) as [unknown];
    return { child, message };
  }

  /** Starts another program on the host. */
  spawn(program: string, ...args: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#host, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    return child;
  }

  /** What `dig +short` prints to the client of a side, or its complaint: `refused`, `timeout`. */
  async ask(side: Side, ...args: string[]): Promise<string> {
    const dig = ['netns', 'exec', this.#client(side), 'dig', '+short', '+time=1', '+tries=1', ...args];
    try {
      return (await run('ip', dig)).trim();
    } catch (error) {
      const { stdout } = error as { stdout?: string };
      if (stdout === undefined) throw error;
      return stdout.includes('refused')
        ? 'refused'
        : /timed out|no servers could be reached/.test(stdout)
          ? 'timeout'
          : stdout;
    }
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    for (const name of this.#names) ip('netns', 'delete', name);
  }

  #client(side: Side): string {
    return `ms${process.pid}-${side}`;
  }

  #add(name: string): void {
    ip('netns', 'add', name);
    this.#names.push(name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }

  #configure(name: string, device: string, address: string, linkLocal: string): void {
    ip('-n', name, 'link', 'set', device, 'addrgenmode', 'none');
    ip('-n', name, 'address', 'add', address, 'dev', device);
    ip('-n', name, 'address', 'add', linkLocal, 'dev', device, 'nodad');
    ip('-n', name, 'link', 'set', device, 'up');
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
