/** Looks up the addresses of upstreams that are given by host name. */
import { lookup, Resolver } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { normalizeName } from '../../dns/names.js';
import { HostsTable } from '../hosts/hosts-table.js';
import type { ForwardOptions, UpstreamOptions } from './options.js';

const HOSTS_FILE = '/etc/hosts';
/** Milliseconds that a resolver may take to answer, and the number of tries. */
const RESOLVER_OPTIONS = { timeout: 2000, tries: 1 };

/**
 * The same use of `forward` with numeric addresses only, each upstream once. Names are absolute; search domains are not
 * used. Rejects with an `Error` that names the host without an address.
 */
export async function resolveUpstreams(use: ForwardOptions): Promise<ForwardOptions> {
  const resolved = await Promise.all(use.to.map((to) => addressesOf(to, use.resolvers)));
  const unique = new Map(resolved.flat().map((to) => [JSON.stringify(to), to]));
  return { ...use, to: [...unique.values()] };
}

async function addressesOf(to: UpstreamOptions, resolvers: readonly string[]): Promise<UpstreamOptions[]> {
  const { address: host, transport, servername } = to;
  if (isIP(host) !== 0) return [to];
  let addresses: string[];
  try {
    addresses = resolvers.length === 0 ? await askSystem(host) : await askResolvers(host, resolvers);
  } catch (error) {
    throw new Error(`plugin/forward: failed to resolve ${JSON.stringify(host)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return addresses.map((address) => ({
    ...to,
    address,
    // The certificate must have the name in the Corefile.
    servername: transport === 'tls' ? (servername ?? host) : servername,
  }));
}

/** As with Go's resolver, the hosts file of the system also has names with a last dot. */
async function askSystem(host: string): Promise<string[]> {
  const listed = inHostsFile(host);
  if (listed.length > 0) return listed;
  const found = await lookup(`${host}.`, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
}

function inHostsFile(host: string): string[] {
  if (!existsSync(HOSTS_FILE)) return [];
  const table = new HostsTable(readFileSync(HOSTS_FILE, 'utf8'), ['.'], HOSTS_FILE);
  const key = normalizeName(host) ?? host;
  return [...table.addresses('A', key), ...table.addresses('AAAA', key)];
}

async function askResolvers(host: string, resolvers: readonly string[]): Promise<string[]> {
  const resolver = new Resolver(RESOLVER_OPTIONS);
  resolver.setServers(resolvers);
  const asked = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = asked.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = asked.find((result) => result.status === 'rejected');
  if (found.length === 0 && failed !== undefined) throw failed.reason;
  return found;
}
