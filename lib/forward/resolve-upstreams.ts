/** Looks up the addresses of upstreams that are given by host name. */
import { lookup, Resolver } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { normalizeName } from '../dns/names.js';
import { HostsTable } from '../dns/hosts-table.js';
import type { UpstreamOptions } from '../options/upstream.js';

/** The most upstreams after hosts are looked up: a `Tour` has a bit of a 32-bit number for each. */
const MAX_ADDRESSES = 30;
const HOSTS_FILE = '/etc/hosts';
/** Milliseconds that a resolver may take to answer, and the number of tries. */
const RESOLVER_OPTIONS = { timeout: 2000, tries: 1 };

/** What {@link resolveUpstreams} changes, and what it needs for that. */
interface Named {
  upstreams: readonly UpstreamOptions[];
  /** Servers that are asked for the addresses of hosts, as `IP`, `IP:PORT` or `[IPV6]:PORT`; none: the system's. */
  resolvers: readonly string[];
}

/** Whether all upstreams have numeric addresses. */
export function areNumeric(upstreams: readonly UpstreamOptions[]): boolean {
  return upstreams.every(({ address }) => isIP(address) !== 0);
}

/**
 * The same options with numeric addresses only, each upstream once, and at most 30. Names are absolute; search domains are not used.
 * Rejects with an `Error` that names the host without an address.
 */
export async function resolveUpstreams<Options extends Named>(options: Options): Promise<Options> {
  const resolved = await Promise.all(options.upstreams.map((to) => addressesOf(to, options.resolvers)));
  const unique = new Map(resolved.flat().map((to) => [JSON.stringify(to), to]));
  return { ...options, upstreams: [...unique.values()].slice(0, MAX_ADDRESSES) };
}

async function addressesOf(to: UpstreamOptions, resolvers: readonly string[]): Promise<UpstreamOptions[]> {
  const { address: host, transport, servername } = to;
  if (isIP(host) !== 0) return [to];
  let addresses: string[];
  try {
    addresses = resolvers.length === 0 ? await askSystem(host) : await askResolvers(host, resolvers);
  } catch (error) {
    throw new Error(`failed to resolve ${JSON.stringify(host)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return addresses.map((address) => ({
    ...to,
    address,
    // The certificate must have the name that was given.
    servername: transport === 'dns' ? servername : (servername ?? host),
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
