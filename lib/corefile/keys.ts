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

/** What a text `[TRANSPORT://]ZONE[:PORT]` names. */
export interface KeyParts {
  transport: CorefileTransport;
  /** At least one, in the form of a query's `key`; a network in CIDR notation may be several ({@link reverseZones}). */
  zones: string[];
  /** As written: any whole number. Undefined: none is given. */
  port: number | undefined;
}

/**
 * Splits a key, or an argument of a directive that names a zone. An unknown transport is part of the name, as in
 * CoreDNS. Throws an `Error` in CoreDNS's words for an invalid domain name or network.
 */
export function splitKey(text: string): KeyParts {
  const scheme = schemeOf(text);
  const transport = scheme !== undefined && isTransport(scheme) ? scheme : undefined;
  const rest = transport === undefined ? text : text.slice(transport.length + '://'.length);
  if (rest.endsWith(':') || rest === '') throw new Error(`expecting data after last colon: ${JSON.stringify(rest)}`);
  // The text after the last colon is a port if it is a number: a network has a mask before it.
  const [, name, digits] = (/^(.*):([+-]?\d+)$/s.exec(rest) ?? ['', rest]) as [string, string, string?];
  const port = digits === undefined ? undefined : Number(digits);
  return { transport: transport ?? 'dns', zones: zonesOf(name), port };
}

/**
 * Reads a key of a server block; `dnsPort` is the default port of `dns`. Throws a {@link CorefileError} for a port that
 * is not from 0 to 65,535, and for an invalid domain name.
 */
export function parseKey(key: Word, dnsPort: number): ZoneKey[] {
  let parts: KeyParts;
  try {
    parts = splitKey(key.text);
  } catch (error) {
    throw parsingError(key, (error as Error).message);
  }
  const { transport, zones, port = transport === 'dns' ? dnsPort : TRANSPORT_PORTS[transport] } = parts;
  if (port < 0 || port > MAX_PORT) throw parsingError(key, `port is not from 0 to ${MAX_PORT}: ${port}`);
  return zones.map((zone) => ({ zone, transport, port, file: key.file, line: key.line }));
}

/** Warnings about a valid key that is probably not intended: an address, an unknown transport, white space. */
export function keyWarnings(key: Word): CorefileWarning[] {
  const { text } = key;
  const scheme = schemeOf(text);
  const host = text.replace(/^[^/]*:\/\//, '').replace(/^\[(.*)\](:\d+)?$/, '$1');
  const reason =
    isIP(host) !== 0 || isIP(host.replace(/:\d+$/, '')) !== 0
      ? 'addresses to listen on belong to bind'
      : scheme !== undefined && !isTransport(scheme)
        ? `there is no transport '${scheme}'; it can be ${Object.keys(TRANSPORT_PORTS).join(', ')}`
        : /\s/.test(text)
          ? 'it has white space'
          : undefined;
  return reason === undefined ? [] : [corefileWarning(key, `'${text}' is read as a zone's name: ${reason}`)];
}

/** The text before `://`. */
function schemeOf(text: string): string | undefined {
  return /^([^/:]*):\/\//.exec(text)?.[1];
}

function zonesOf(name: string): string[] {
  if (name.length > MAX_NAME) throw new Error(`specified zone is too long: ${name.length} > ${MAX_NAME}`);
  const networks = reverseZones(name);
  if (networks !== undefined) {
    if (/^(:|0.*:)/.test(name)) throw new Error(`invalid CIDR ${name}`);
    return networks;
  }
  const zone = normalizeName(name);
  if (zone === undefined) throw new Error(`zone is not a valid domain name: ${name}`);
  return [zone];
}

function isTransport(name: string): name is CorefileTransport {
  return Object.hasOwn(TRANSPORT_PORTS, name);
}
