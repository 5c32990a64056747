/** What the kernel has bound, by `ss` from Debian. */
import { run } from './clients.js';

/** How many sockets there are at a port: all, or those of an address. */
export async function socketsAt(port: number, protocol: 'udp' | 'tcp', address = ''): Promise<number> {
  const list = await run('ss', ['-H', '-n', '-l', `--${protocol}`, `src ${address}:${port}`]);
  return list.split('\n').filter((line) => line !== '').length;
}

/** How many connections a server has open at a TCP port: all, or those of a client's address. */
export async function connectionsAt(port: number, client = ''): Promise<number> {
  const of = client === '' ? '' : ` and dst ${client}`;
  const list = await run('ss', ['-H', '-n', '-t', 'state', 'established', `sport = :${port}${of}`]);
  return list.split('\n').filter((line) => line !== '').length;
}
