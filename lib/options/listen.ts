import { MAX_PORT } from '../dns/numbers.js';
import { proxyProtocolGroup } from './proxy-protocol.js';
import { flag, integer, oneOf, optional, required, text, type Option, type OptionsOf } from './option.js';
import { interfaceName, MAX_SOCKETS } from './sockets.js';
import { group, resolveGiven } from './table.js';
import { connectionBounds, type ConnectionBounds } from './tcp.js';
import { tlsGroup } from './tls.js';

/** The default ports: RFC 1035 s.4.2, RFC 7858 s.3.1, RFC 8484, RFC 9110 s.4.2.1; the port of gRPC is CoreDNS's. */
export const DEFAULT_PORTS = { dns: 53, tls: 853, https: 443, http: 80, grpc: 443 } as const;

/** The transport of an address: `dns` is UDP and TCP, `http` is `https` without TLS. */
export type AddressTransport = keyof typeof DEFAULT_PORTS;

const boundsGroup: Option<ConnectionBounds, ConnectionBounds> = {
  ...group(connectionBounds),
  check: (path, given) => resolveGiven(path, connectionBounds, given),
};

/** Options of an object in `listen`. Defaults that depend on the transport or the server are filled in by `parseAddress`. */
export const listenEntry = {
  /** `'dns'` (UDP and TCP), `'tls'`, `'https'`, `'http'` (DNS over HTTPS without TLS) or `'grpc'`. Default 'dns'. */
  transport: { ...(text() as Option<AddressTransport>), default: 'dns' as const },
  /** Numeric, or a host name that is looked up. */
  address: required(text()),
  /**
   * The port; 0: the system chooses one for all sockets of the entry. 0 to 65,535; default: 53, 853 for `tls`, 443 for
   * `https` and `grpc`, 80 for `http`.
   */
  port: optional(integer({ min: 0, max: MAX_PORT }), '53, 853 for `tls`, 443 for `https` and `grpc`, 80 for `http`'),
  /**
   * The interface whose queries the address gets, and no other (SO_BINDTODEVICE, Linux). Entries for several interfaces
   * may have one address and port. Default: all.
   */
  interface: optional(interfaceName, 'all'),
  /** NUM_SOCKETS of this address. 1 to 1,024; default: the server's. */
  sockets: optional(integer({ min: 1, max: MAX_SOCKETS }), "the server's"),
  /** Whether `::` accepts IPv6 only. Default: the server's. */
  ipv6Only: optional(flag(), "the server's"),
  /**
   * Certificates of this address, which `server.reload({ listen })` renews. `null`: the address is not encrypted, because
   * a proxy in front of it is. Not for `dns` and `http`. Default: the server's.
   */
  tls: optional(orNull(tlsGroup), "the server's"),
  /** Bounds of the connections to this address. Default: for each, the server's (`tcp`). */
  tcp: optional(boundsGroup, "for each, the server's (`tcp`)"),
  /** As the option `proxyProtocol`, for this address alone; `null`: no proxy is believed. Default: the server's. */
  proxyProtocol: optional(orNull(proxyProtocolGroup), "the server's"),
  /** With `dns`: `'udp'` or `'tcp'` only (RFC 7766 s.5). Default: both. */
  protocol: optional(oneOf(['udp', 'tcp']), 'both'),
};

/** An entry of `listen`, for those who want to say more than an address. */
export interface ListenOptions extends OptionsOf<typeof listenEntry> {}

function orNull<Given, Resolved>(option: Option<Given, Resolved>): Option<Given | null, Resolved | null> {
  return {
    ...option,
    expected: `${option.expected} or null`,
    check: (path, given) => (given === null ? null : option.check(path, given)),
  };
}
