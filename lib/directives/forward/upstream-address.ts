/**
 * Reads the TO of `forward`: an address with optional transport, port and server name, or a file that lists resolvers.
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { MAX_PORT } from '../../dns/numbers.js';
import { normalizeName } from '../../dns/names.js';
import type { UpstreamOptions } from './options.js';

/** RFC 1035 s.4.2, RFC 7858 s.3.1. */
const DEFAULT_PORTS = { dns: 53, tls: 853 } as const;
const NOT_SUPPORTED = ['https', 'grpc', 'quic'];
/** `[IPV6]:PORT`, `IPV4:PORT`, and `IPV6`, which has no port unless `%` stands before it. */
const FORMS = [
  /^\[(?<host>[^\]]*)\](?::(?<port>\d+))?$/,
  /^(?<host>[^:]*)(?::(?<port>\d+))?$/,
  /^(?<host>[^%]*:[^%]*%[^:]*)(?::(?<port>\d+))?$/,
  /^(?<host>[^%]*:[^%]*)$/,
];

/**
 * Reads `IP`, `IP:PORT`, `[IPV6]:PORT`, each with an optional `dns://` or `tls://` in front,
 * `tls://IP%SERVERNAME:PORT`, or the path of a file like `/etc/resolv.conf` (resolv.conf(5)), from which the lines
 * `nameserver IP` are read. A line may also be `nameserver [IP]:PORT`, which C libraries do not support: their
 * resolvers are at port 53.
 *
 * A host name may stand in place of an IP. Throws `Error` for any other text, and for a file that cannot be read. A file
 * without a name server gives no upstream.
 */
export function parseUpstream(text: string): UpstreamOptions[] {
  const [, scheme = 'dns', rest = text] = /^([a-z0-9]+):\/\/(.*)$/.exec(text) ?? [];
  if (NOT_SUPPORTED.includes(scheme)) {
    throw new Error(`'${scheme}' is not supported as a destination protocol in forward: ${text}`);
  }
  if (scheme !== 'dns' && scheme !== 'tls') {
    throw new Error(`not an IP address, file, or valid domain: ${JSON.stringify(text)}`);
  }
  if (rest === text && isPath(text)) return readResolvConf(text);
  const read = readAddress(rest, scheme);
  if (read === undefined) throw new Error(`not an IP address, file, or valid domain: ${JSON.stringify(text)}`);
  return [read];
}

/** Whether a text names a host. Numbers with dots are addresses, or errors. */
function isHost(text: string): boolean {
  return /^[\w-]+(\.[\w-]+)*\.?$/.test(text) && !/^[\d.]+$/.test(text) && normalizeName(text) !== undefined;
}

function readAddress(text: string, transport: 'dns' | 'tls'): UpstreamOptions | undefined {
  const found = FORMS.map((form) => form.exec(text)).find((match) => match !== null);
  if (found === undefined) return undefined;
  const { host, port: portText } = found.groups as { host: string; port?: string };
  const [ip, afterPercent] = split(host);
  const port = portText === undefined ? DEFAULT_PORTS[transport] : Number(portText);
  if ((isIP(ip) === 0 && !isHost(ip)) || port < 1 || port > MAX_PORT) return undefined;
  // The text after % is the interface of a link-local address, or the name of a TLS upstream.
  if (transport === 'tls') return { transport, address: ip, port, servername: afterPercent };
  return { transport, address: isIP(ip) === 4 ? ip : host, port, servername: undefined };
}

function split(text: string): [address: string, afterPercent: string | undefined] {
  const percent = text.indexOf('%');
  return percent < 0 ? [text, undefined] : [text.slice(0, percent), text.slice(percent + 1)];
}

/** Whether a text names a file, be it missing. */
function isPath(text: string): boolean {
  return text.includes('/') || text.endsWith('.conf') || statSync(text, { throwIfNoEntry: false })?.isFile() === true;
}

function readResolvConf(path: string): UpstreamOptions[] {
  const servers = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => /^nameserver\s+([^\s#;]+)/.exec(line)?.[1] ?? []);
  return servers.map((server) => {
    const read = readAddress(server.includes(':') && !server.startsWith('[') ? `[${server}]` : server, 'dns');
    if (read === undefined || isIP(read.address) === 0)
      throw new Error(`not an IP address: ${JSON.stringify(server)} in ${path}`);
    return read;
  });
}
