/** Converts the addresses of a Corefile to the options of a server. */
import { isDeepStrictEqual } from 'node:util';
import type { ServedAddress } from '../corefile/addresses.js';
import { nameOfAddress } from '../socket/addresses.js';
import type { Corefile } from '../corefile/corefile.js';
import { Faults, parsingError, type CorefileError } from '../corefile/errors.js';
import { knownDirectives } from '../corefile/registry.js';
import type { TimeoutSettings } from '../corefile/listen-settings.js';
import type { Opcode } from '../dns/registry.js';
import { readTls } from '../directives/tls/files.js';
import { DEFAULT_PORTS, UNSUPPORTED, type AddressTransport } from '../socket/addresses.js';
import type { ListenOptions } from '../options/listen.js';
import type { RateLimitOptions } from '../options/rate-limit.js';
import type { ConnectionBounds } from '../options/tcp.js';
import type { TlsSettings } from '../options/tls.js';

/** The options of a server that a Corefile decides. */
export interface Listening {
  listen: ListenOptions[];
  rateLimit?: RateLimitOptions;
}

/**
 * The server options for the addresses of a Corefile.
 *
 * Throws a {@link CorefileError} for the errors of {@link checkAddresses}, and for a certificate that cannot be read.
 */
export function listenOptions(corefile: Corefile): Listening {
  const faults = new Faults();
  checkAddresses(corefile, faults);
  faults.throwAny();
  const { addresses } = corefile;
  const listen = addresses.map((address) => {
    const entry = listenEntry(address, corefile);
    return address.transport === 'dns' ? entry : { ...entry, tls: readCertificate(address, corefile) };
  });
  const rateLimit = rateLimitOf(corefile);
  const limits = rateLimit === undefined ? {} : { rateLimit };
  return { listen, ...limits };
}

/** The opcodes that the directives of a Corefile answer. */
export function opcodesOf({ blocks }: Pick<Corefile, 'blocks'>): Opcode[] {
  const names = blocks.flatMap(({ directives }) => directives.map(({ name }) => name));
  return [...new Set<Opcode>(['QUERY', ...names.flatMap((name) => knownDirectives.get(name)?.setup.opcodes ?? [])])];
}

/**
 * Adds to `faults` what a server does not support: transports other than `dns`, `tls`, `https` and `grpc`, and rate
 * limits that differ between addresses.
 */
export function checkAddresses(corefile: Corefile, faults: Faults): void {
  const { addresses } = corefile;
  for (const address of addresses) faults.gather(() => listenEntry(address, corefile));
  faults.gather(() => rateLimitOf(corefile));
}

/** The rate limits of a Corefile. Throws a {@link CorefileError} if they differ between addresses. */
export function rateLimitOf(corefile: Corefile): RateLimitOptions | undefined {
  const plain = corefile.addresses.filter(({ transport }) => transport === 'dns');
  const first = plain.at(0);
  const other = plain.find(({ rrl }) => !isDeepStrictEqual(rrl, first?.rrl));
  if (other === undefined || first === undefined) return first?.rrl;
  throw fault(corefile, other, `has other rrl than ${nameOfAddress(first)}: that is not supported`);
}

/** The certificate of an address; null: it has none, and is not encrypted, as in CoreDNS. */
function readCertificate(address: ServedAddress, corefile: Corefile): TlsSettings | null {
  if (address.tls === undefined) return null;
  try {
    return readTls(address.tls);
  } catch (cause) {
    throw Object.assign(fault(corefile, address, `has no certificate: ${(cause as Error).message}`), { cause });
  }
}

function listenEntry(served: ServedAddress, corefile: Corefile): ListenOptions & { transport: AddressTransport } {
  const { transport, address, port, sockets, timeouts, proxyProtocol } = served;
  if (!isSupported(transport)) throw fault(corefile, served, `cannot be served: ${UNSUPPORTED[transport]}`);
  // All addresses of the host, IPv4 and IPv6.
  const entry = { transport, address: address === '' ? '::' : address, port, sockets, tcp: tcpBounds(timeouts ?? {}) };
  return proxyProtocol === undefined ? entry : { ...entry, proxyProtocol };
}

function isSupported(transport: string): transport is AddressTransport {
  return Object.hasOwn(DEFAULT_PORTS, transport);
}

function tcpBounds({ read, write, idle, maxQueries }: TimeoutSettings): ConnectionBounds {
  return {
    ...(read === undefined ? {} : { messageTimeout: read, handshakeTimeout: read }),
    ...(write === undefined ? {} : { writeTimeout: write }),
    ...(idle === undefined ? {} : { idleTimeout: idle }),
    ...(maxQueries === undefined ? {} : { maxQueries }),
  };
}

/** An error of an address, at the first key that is served there. */
function fault({ blocks }: Corefile, served: ServedAddress, what: string): CorefileError {
  const [{ zone, block }] = served.zones;
  const keys = blocks[block].zones;
  const at = keys.find((key) => key.zone === zone && key.port === served.port) ?? keys[0];
  return parsingError(at, `${nameOfAddress(served)} ${what}`);
}
