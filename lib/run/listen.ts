/** Converts the addresses of a Corefile to the options of a server. */
import { isDeepStrictEqual } from 'node:util';
import type { ServedAddress } from '../corefile/addresses.js';
import { nameOfAddress } from '../socket/addresses.js';
import type { Corefile } from '../corefile/corefile.js';
import { Faults, parsingError, type CorefileError } from '../corefile/errors.js';
import type { TimeoutSettings } from '../corefile/listen-settings.js';
import { readTls } from '../directives/tls/files.js';
import { DEFAULT_PORTS, UNSUPPORTED, type AddressTransport } from '../socket/addresses.js';
import type { ListenOptions } from '../options/listen.js';
import type { RateLimitOptions } from '../options/rate-limit.js';
import type { TcpOptions } from '../options/tcp.js';
import type { TlsSettings } from '../options/tls.js';

/** The options of a server that a Corefile decides. */
export interface Listening {
  listen: ListenOptions[];
  tcp: TcpOptions;
  rateLimit?: RateLimitOptions;
}

/**
 * The server options for the addresses of a Corefile. `tcp`: the values where the Corefile has none.
 *
 * Throws a {@link CorefileError} for the errors of {@link checkAddresses}, and for a certificate that cannot be read.
 */
export function listenOptions(corefile: Corefile, tcp: TcpOptions = {}): Listening {
  const faults = new Faults();
  checkAddresses(corefile, faults);
  faults.throwAny();
  const { addresses } = corefile;
  const listen = addresses.map((address) => {
    const entry = listenEntry(address, corefile);
    return address.transport === 'dns' ? entry : { ...entry, tls: readCertificate(address, corefile) };
  });
  const timeouts = theOne(corefile, 'timeouts', addresses) ?? {};
  const rateLimit = rateLimitOf(corefile);
  const limits = rateLimit === undefined ? {} : { rateLimit };
  return { listen, tcp: { ...tcp, ...tcpTimeouts(timeouts) }, ...limits };
}

/**
 * Adds to `faults` what a server does not support: transports other than `dns`, `tls`, `https` and `grpc`, and timeouts
 * or rate limits that differ between addresses.
 */
export function checkAddresses(corefile: Corefile, faults: Faults): void {
  const { addresses } = corefile;
  for (const address of addresses) faults.gather(() => listenEntry(address, corefile));
  faults.gather(() => theOne(corefile, 'timeouts', addresses));
  faults.gather(() => rateLimitOf(corefile));
}

/** The rate limits of a Corefile. Throws a {@link CorefileError} if they differ between addresses. */
export function rateLimitOf(corefile: Corefile): RateLimitOptions | undefined {
  const plain = corefile.addresses.filter(({ transport }) => transport === 'dns');
  return theOne(corefile, 'rrl', plain);
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
  const { transport, address, port, sockets } = served;
  if (!isSupported(transport)) throw fault(corefile, served, `cannot be served: ${UNSUPPORTED[transport]}`);
  // All addresses of the host, IPv4 and IPv6.
  return { transport, address: address === '' ? '::' : address, port, sockets };
}

function isSupported(transport: string): transport is AddressTransport {
  return Object.hasOwn(DEFAULT_PORTS, transport);
}

function tcpTimeouts({ read, write, idle, maxQueries }: TimeoutSettings): TcpOptions {
  return {
    ...(read === undefined ? {} : { messageTimeout: read, handshakeTimeout: read }),
    ...(write === undefined ? {} : { writeTimeout: write }),
    ...(idle === undefined ? {} : { idleTimeout: idle }),
    ...(maxQueries === undefined ? {} : { maxQueries }),
  };
}

/** A setting that all `addresses` must share, since a server has only one. */
function theOne<Setting extends 'timeouts' | 'rrl'>(
  corefile: Corefile,
  setting: Setting,
  addresses: readonly ServedAddress[],
): ServedAddress[Setting] {
  const first = addresses.at(0);
  const other = addresses.find((address) => !isDeepStrictEqual(address[setting], first?.[setting]));
  if (other === undefined || first === undefined) return first?.[setting];
  throw fault(corefile, other, `has other ${setting} than ${nameOfAddress(first)}: that is not supported`);
}

/** An error of an address, at the first key that is served there. */
function fault({ blocks }: Corefile, served: ServedAddress, what: string): CorefileError {
  const [{ zone, block }] = served.zones;
  const keys = blocks[block].zones;
  const at = keys.find((key) => key.zone === zone && key.port === served.port) ?? keys[0];
  return parsingError(at, `${nameOfAddress(served)} ${what}`);
}
