/**
 * Reads the address of an upstream: an IP or a host with optional transport, port and server name, or a file that lists
 * resolvers.
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { MAX_PORT } from '../dns/numbers.js';
import { normalizeName } from '../dns/names.js';

/** How an upstream is asked: by UDP and TCP, by TLS (RFC 7858), or by HTTP/2 (RFC 8484). */
export type UpstreamTransport = 'dns' | 'tls' | 'https';

/** An upstream. */
export interface UpstreamOptions {
  transport: UpstreamTransport;
  /** Numeric, IPv6 with or without `%zone`; before it is looked up also the name of a host. */
  address: string;
  port: number;
  /** The name that its certificate must have; default: the host's name, or its address. */
  servername: string | undefined;
  /** The path of its HTTPS requests; '' for other transports. */
  path: string;
}

/** RFC 1035 s.4.2, RFC 7858 s.3.1, RFC 9110 s.4.2.2. */
const DEFAULT_PORTS = { dns: 53, tls: 853, https: 443 } as const;
const DEFAULT_PATH = '/dns-query';
const NOT_SUPPORTED = ['grpc', 'quic'];
/** `[IPV6]:PORT`, `IPV4:PORT`, and `IPV6`, which has no port unless `%` stands before it. */
const FORMS = [
  /^\[(?<host>[^\]]*)\](?::(?<port>\d+))?$/,
  /^(?<host>[^:]*)(?::(?<port>\d+))?$/,
  /^(?<host>[^%]*:[^%]*%[^:]*)(?::(?<port>\d+))?$/,
  /^(?<host>[^%]*:[^%]*)$/,
];
/** The octets of a path (RFC 3986 s.3.3). */
const PATH = /^\/[\w\-.~!$&'()*+,;=:@%/]*$/;

/**
 * Reads `IP`, `IP:PORT`, `[IPV6]:PORT`, each with an optional `dns://`, `tls://` or `https://` in front;
 * `tls://IP%SERVERNAME:PORT`; `https://IP%SERVERNAME:PORT/PATH`, by default with the path `/dns-query`; or the path of a
 * file like `/etc/resolv.conf` (resolv.conf(5)), from which the lines `nameserver IP` are read. A line may also be
 * `nameserver [IP]:PORT`, which C libraries do not support: their resolvers are at port 53.
 *
 * A host name may stand in place of an IP. Throws `Error` for any other text, and for a file that cannot be read. A file
 * without a name server gives no upstream.
 */
export function parseUpstream(text: string): UpstreamOptions[] {
  const [, scheme = 'dns', rest = text] = /^([a-z0-9]+):\/\/(.*)$/s.exec(text) ?? [];
  if (NOT_SUPPORTED.includes(scheme)) {
    throw new Error(`'${scheme}' is not supported as a destination protocol in forward: ${text}`);
  }
  if (scheme !== 'dns' && scheme !== 'tls' && scheme !== 'https') throw notAnUpstream(text);
  if (rest === text && isPath(text)) return readResolvConf(text);
  const slash = scheme === 'https' ? rest.indexOf('/') : -1;
  const read = readAddress(slash < 0 ? rest : rest.slice(0, slash), scheme);
  if (read === undefined) throw notAnUpstream(text);
  if (slash < 0) return [read];
  const path = rest.slice(slash);
  if (!PATH.test(path)) throw new Error(`invalid path ${JSON.stringify(path)}`);
  return [{ ...read, path }];
}

/** An upstream as texts for people name it: `192.0.2.1:53`, `tls://[2001:db8::1]:853`, `https://192.0.2.1:443/dns-query`. */
export function nameOfUpstream({ transport, address, port, path }: UpstreamOptions): string {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return `${transport === 'dns' ? '' : `${transport}://`}${host}:${port}${path}`;
}

function notAnUpstream(text: string): Error {
  return new Error(`not an IP address, file, or valid domain: ${JSON.stringify(text)}`);
}

/** Whether a text names a host. Numbers with dots are addresses, or errors. */
function isHost(text: string): boolean {
  return /^[\w-]+(\.[\w-]+)*\.?$/.test(text) && !/^[\d.]+$/.test(text) && normalizeName(text) !== undefined;
}

function readAddress(text: string, transport: UpstreamTransport): UpstreamOptions | undefined {
  const found = FORMS.map((form) => form.exec(text)).find((match) => match !== null);
  if (found === undefined) return undefined;
  const { host, port: portText } = found.groups as { host: string; port?: string };
  const [ip, afterPercent] = split(host);
  const port = portText === undefined ? DEFAULT_PORTS[transport] : Number(portText);
  if ((isIP(ip) === 0 && !isHost(ip)) || port < 1 || port > MAX_PORT) return undefined;
  // The text after % is the interface of a link-local address, or the name in an upstream's certificate.
  if (transport === 'dns')
    return { transport, address: isIP(ip) === 4 ? ip : host, port, servername: undefined, path: '' };
  return { transport, address: ip, port, servername: afterPercent, path: transport === 'https' ? DEFAULT_PATH : '' };
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
