/** Addresses to listen on: reads the entries of `listen`, and looks up names. */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { MAX_PORT } from '../dns/numbers.js';
import { invalidType, invalidValue, withCode } from '../errors.js';
import { DEFAULT_PORTS, listenEntry, type AddressTransport } from '../options/listen.js';
import { resolve } from '../options/table.js';

export { DEFAULT_PORTS, type AddressTransport };

/** An address to listen on. */
export interface ListenAddress {
  transport: AddressTransport;
  /** Numeric, or a host name that {@link resolveAddress} looks up. */
  address: string;
  /** 0 to 65535; 0: the system chooses. */
  port: number;
  /** NUM_SOCKETS of this address, if the entry has its own. */
  sockets: number | undefined;
  /** IPV6_V6ONLY. */
  ipv6Only: boolean;
  /** With `dns`: the only protocol that it has sockets for; undefined: both. */
  protocol?: Protocol;
  /** The interface whose traffic it gets; undefined: all. */
  interface?: string;
}

/** The protocol of a socket. */
export type Protocol = 'udp' | 'tcp';

const NO_QUIC = 'Node has no QUIC that a server can use yet';
/** Transports that are not supported, and why. */
export const UNSUPPORTED: Readonly<Record<string, string>> = { quic: NO_QUIC, https3: NO_QUIC };
const HOST_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;

/**
 * Reads an entry of `listen`: `'127.0.0.1:5300'`, `'[::1]:53'`, `'::1'`, `'localhost:53'`, `':53'` (every address, IPv4
 * and IPv6), `'[fe80::1%eth0]:53'` (RFC 4007 s.11), each with an optional `dns://`, `udp://` or `tcp://` (one protocol of
 * `dns` alone), `tls://`, `https://`, `http://` or `grpc://` in front, or an object `{ transport, address, port, interface,
 * sockets, ipv6Only, tls, protocol }`. The default port is 53, 853 for `tls`, 443 for `https` and `grpc`, 80 for `http`.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`; `ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT`
 * for `quic://` and `https3://`.
 */
export function parseAddress(entry: unknown, defaults: { ipv6Only: boolean }): ListenAddress {
  if (typeof entry === 'string') return { ...parseText(entry), sockets: undefined, ipv6Only: defaults.ipv6Only };
  if (typeof entry !== 'object' || entry === null) throw invalidType('listen', 'a string or an object', entry);
  const { tls, protocol, interface: name, ...options } = resolve('listen', listenEntry, entry);
  const transport = checkTransport(options.transport, options.transport);
  if (tls !== undefined && (transport === 'dns' || transport === 'http')) {
    throw invalidValue('listen.tls', `is for the transports tls, https and grpc; this one is ${transport}`, typeof tls);
  }
  if (protocol !== undefined && transport !== 'dns') {
    throw invalidValue('listen.protocol', 'is for the transport "dns" alone', protocol);
  }
  return {
    transport,
    address: checkHost(options.address, options.address),
    port: options.port ?? DEFAULT_PORTS[transport],
    sockets: options.sockets,
    ipv6Only: options.ipv6Only ?? defaults.ipv6Only,
    ...(protocol !== undefined && { protocol }),
    ...(name !== undefined && { interface: name }),
  };
}

/** Looks up an address that is a name; returns other addresses unchanged. Rejects with the look-up's error. */
export async function resolveAddress(address: ListenAddress): Promise<ListenAddress> {
  if (isIP(address.address) !== 0) return address;
  const found = await lookup(address.address);
  return { ...address, address: found.address };
}

/**
 * `127.0.0.1:53`, `[::1]:53`, `[::]%eth0:53`: an address with its port (RFC 3986 s.3.2.2), and with the interface that its
 * sockets are bound to, as in ss(8). `name`: empty for none.
 */
export function formatAddress(address: string, port: number, name = ''): string {
  return `${isIPv6(address) ? `[${address}]` : address}${name === '' ? '' : `%${name}`}:${port}`;
}

/** `tls://[::1]:853`, `udp://127.0.0.1:53`: an address with its transport, as in messages and metrics. */
export function nameOfAddress(named: {
  transport: string;
  address: string;
  port: number;
  protocol?: Protocol;
  interface?: string;
}): string {
  const { transport, address, port, protocol = transport, interface: name } = named;
  return `${protocol}://${formatAddress(address, port, name)}`;
}

function parseText(entry: string): Pick<ListenAddress, 'transport' | 'address' | 'port' | 'protocol'> {
  const [front, scheme = 'dns'] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(entry) ?? [''];
  const spoken = scheme.toLowerCase();
  if (spoken !== 'udp' && spoken !== 'tcp') return parseRest(entry, front, checkTransport(spoken, entry));
  return { ...parseRest(entry, front, 'dns'), protocol: spoken };
}

/** Reads what follows `front`. */
function parseRest(
  entry: string,
  front: string,
  transport: AddressTransport,
): Pick<ListenAddress, 'transport' | 'address' | 'port'> {
  const rest = entry.slice(front.length);
  // In turn: a bare address, which may be IPv6 and contain colons; [address] or name, with an optional port.
  if (isIP(rest) !== 0) return { transport, address: rest, port: DEFAULT_PORTS[transport] };
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(rest);
  if (parts === null || rest === '')
    throw invalidValue('listen', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT', entry);
  // A group that did not take part in the match is undefined, unlike its type.
  const [, bracketed, plain, digits] = parts as (string | undefined)[];
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw invalidValue('listen', 'has no IPv6 address in brackets', entry);
  const port = digits === undefined ? DEFAULT_PORTS[transport] : Number(digits);
  if (port > MAX_PORT) throw invalidValue('listen', `has a port above ${MAX_PORT}`, entry);
  return { transport, address: checkHost(bracketed ?? (plain === '' ? '::' : (plain ?? '')), entry), port };
}

function checkTransport(transport: string, entry: string): AddressTransport {
  if (Object.hasOwn(DEFAULT_PORTS, transport)) return transport as AddressTransport;
  if (!Object.hasOwn(UNSUPPORTED, transport)) {
    const known = Object.keys(DEFAULT_PORTS).join(', ');
    throw invalidValue('listen', `has an unknown transport; it can be ${known}, or udp or tcp for one of dns`, entry);
  }
  throw withCode(
    new Error(`The transport of "${entry}" is not supported: ${UNSUPPORTED[transport]}`),
    'ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT',
  );
}

function checkHost(host: string, entry: string): string {
  if (isIP(host) === 0 && (!HOST_NAME.test(host) || /^[\d.]+$/.test(host))) {
    throw invalidValue('listen', 'has neither an IP address nor a host name', entry);
  }
  return host;
}
