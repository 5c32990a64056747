/** Where to listen: reading the entries of `listen`, and looking up names. */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { checkBoolean, checkInteger, invalidType, invalidValue, withCode } from '../errors.js';

/** An address to listen on. */
export interface ListenAddress {
  transport: 'dns';
  /** Numeric, or a host name that {@link resolveAddress} looks up. */
  address: string;
  /** 0 to 65535; 0: the system chooses. */
  port: number;
  /** NUM_SOCKETS of this address, if the entry has its own. */
  sockets: number | undefined;
  /** IPV6_V6ONLY. */
  ipv6Only: boolean;
}

/** The port of DNS over UDP and TCP (RFC 1035 s.4.2). */
export const DNS_PORT = 53;

const TRANSPORTS_TO_COME = ['tls', 'https', 'grpc', 'quic'];
const HOST_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;

/**
 * Reads an entry of `listen`: `'127.0.0.1:5300'`, `'[::1]:53'`, `'::1'`, `'localhost:53'`, `':53'` (every address, IPv4
 * and IPv6), each with `dns://` before it or not, or an object `{ address, port, sockets, ipv6Only }`. Without a port
 * it is {@link DNS_PORT}.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`; `ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT`
 * for `tls://`, `https://`, `grpc://` and `quic://`.
 */
export function parseAddress(entry: unknown, defaults: { ipv6Only: boolean }): ListenAddress {
  if (typeof entry === 'string') return { ...parseText(entry), sockets: undefined, ipv6Only: defaults.ipv6Only };
  if (typeof entry !== 'object' || entry === null) throw invalidType('listen', 'a string or an object', entry);
  const { address, port, sockets, ipv6Only } = entry as Record<string, unknown>;
  if (typeof address !== 'string') throw invalidType('listen.address', 'a string', address);
  return {
    transport: 'dns',
    address: checkHost(address, address),
    port: checkInteger('listen.port', port ?? DNS_PORT, 0, 65535),
    sockets: sockets === undefined ? undefined : (sockets as number),
    ipv6Only: checkBoolean('listen.ipv6Only', ipv6Only ?? defaults.ipv6Only),
  };
}

/** Looks up an address that is a name; others are returned as they are. Rejects with the look-up's error. */
export async function resolveAddress(address: ListenAddress): Promise<ListenAddress> {
  if (isIP(address.address) !== 0) return address;
  const found = await lookup(address.address);
  return { ...address, address: found.address };
}

/** `127.0.0.1:53`, `[::1]:53`: an address and port as they are written together (RFC 3986 s.3.2.2). */
export function formatAddress(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function parseText(entry: string): Pick<ListenAddress, 'transport' | 'address' | 'port'> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(entry);
  const transport = scheme?.[1].toLowerCase() ?? 'dns';
  if (TRANSPORTS_TO_COME.includes(transport)) {
    throw withCode(
      new Error(`The transport of "${entry}" is not supported: only dns:// is`),
      'ERR_MULTISOCKET_UNSUPPORTED_TRANSPORT',
    );
  }
  if (transport !== 'dns') throw invalidValue('listen', 'has an unknown transport', entry);
  const rest = entry.slice(scheme?.[0].length ?? 0);
  // In turn: a bare address, which may be IPv6 and full of colons; [address] or name with or without a port.
  if (isIP(rest) !== 0) return { transport, address: rest, port: DNS_PORT };
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(rest);
  if (parts === null || rest === '')
    throw invalidValue('listen', 'must be ADDRESS, ADDRESS:PORT or [IPV6]:PORT', entry);
  // A group that did not take part is undefined, whatever the type says.
  const [, bracketed, plain, digits] = parts as (string | undefined)[];
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw invalidValue('listen', 'has no IPv6 address in brackets', entry);
  const port = digits === undefined ? DNS_PORT : Number(digits);
  if (port > 65535) throw invalidValue('listen', 'has a port above 65535', entry);
  return { transport, address: checkHost(bracketed ?? (plain === '' ? '::' : (plain ?? '')), entry), port };
}

function checkHost(host: string, entry: string): string {
  if (isIP(host) === 0 && (!HOST_NAME.test(host) || /^[\d.]+$/.test(host))) {
    throw invalidValue('listen', 'has neither an IP address nor a host name', entry);
  }
  return host;
}
