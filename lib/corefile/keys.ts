/** Keys of server blocks: which zone is served by which transport on which port. */
import { isIP } from 'node:net';
import { MAX_PORT, MAX_NAME } from '../dns/numbers.js';
import { corefileWarning, parsingError, type CorefileWarning, type Position } from './errors.js';
import type { Word } from './parser.js';
import { reverseZones } from './reverse-zones.js';
import { normalizeName } from '../dns/names.js';

/** The transports that a key may name, with their ports (RFC 1035 s.4.2, RFC 7858 s.3.1, RFC 8484, RFC 9250 s.4.1.1). */
export const TRANSPORT_PORTS = { dns: 53, tls: 853, https: 443, https3: 443, grpc: 443, quic: 853 } as const;

/** A transport of a Corefile; `dns` is UDP and TCP. */
export type CorefileTransport = keyof typeof TRANSPORT_PORTS;

/** A zone that a server block serves. It can be cloned into a worker. */
export interface ZoneKey extends Position {
  /** As a query's `key`: lower case, no last dot, the root as `.`. */
  zone: string;
  transport: CorefileTransport;
  /** 0 to 65,535; 0: the system chooses. */
  port: number;
}

/**
 * Reads a key: `[TRANSPORT://]ZONE[:PORT]`, where ZONE may be a network in CIDR notation, which can become several
 * zones (see {@link reverseZones}). `dnsPort` is the default port of `dns`.
 *
 * Throws a {@link CorefileError} for an unknown transport, a port above 65,535, and an invalid domain name.
 */
export function parseKey(key: Word, dnsPort: number): ZoneKey[] {
  const [, scheme, rest] = /^(?:([^/:]*):\/\/)?(.*)$/s.exec(key.text) ?? [];
  const transport = (scheme as string | undefined) ?? 'dns';
  if (!isTransport(transport))
    throw parsingError(key, `unknown transport '${transport}' of ${JSON.stringify(key.text)}`);
  if (rest.endsWith(':') || rest === '')
    throw parsingError(key, `expecting data after last colon: ${JSON.stringify(rest)}`);
  // The text after the last colon is a port if it is a number: a network has a mask before it.
  const [, name, digits] = /^(.*):([+-]?\d+)$/s.exec(rest) ?? ['', rest, undefined];
  const port = digits === undefined ? (transport === 'dns' ? dnsPort : TRANSPORT_PORTS[transport]) : Number(digits);
  if (port < 0 || port > MAX_PORT) throw parsingError(key, `port is not from 0 to ${MAX_PORT}: ${digits}`);
  return zonesOf(key, name).map((zone) => ({ zone, transport, port, file: key.file, line: key.line }));
}

/** Warnings about a valid key that is probably not intended: an address in place of a zone. */
export function keyWarnings(key: Word): CorefileWarning[] {
  const host = key.text.replace(/^[^/]*:\/\//, '').replace(/^\[(.*)\](:\d+)?$/, '$1');
  if (isIP(host) === 0 && isIP(host.replace(/:\d+$/, '')) === 0) return [];
  return [corefileWarning(key, `'${key.text}' is read as a zone's name: addresses to listen on belong to bind`)];
}

function zonesOf(key: Word, name: string): string[] {
  if (name.length > MAX_NAME) throw parsingError(key, `specified zone is too long: ${name.length} > ${MAX_NAME}`);
  const networks = reverseZones(name);
  if (networks !== undefined) {
    if (/^(:|0.*:)/.test(name)) throw parsingError(key, `invalid CIDR ${name}`);
    return networks;
  }
  const zone = normalizeName(name);
  if (zone === undefined) throw parsingError(key, `zone is not a valid domain name: ${name}`);
  return [zone];
}

function isTransport(name: string): name is CorefileTransport {
  return Object.hasOwn(TRANSPORT_PORTS, name);
}
