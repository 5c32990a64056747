import { converted, flag, integer, oneOf, optional, reloads, value, type Option, type ResolvedOf } from './option.js';
import { DEFAULT_UDP_PAYLOAD, MIN_UDP_PAYLOAD } from '../dns/numbers.js';
import { invalidValue } from '../errors.js';
import { https, type HttpsConfig, type HttpsOptions } from './https.js';
import { networks } from './networks.js';
import { DAY } from './numbers.js';
import { opcodes } from './opcodes.js';
import { proxyProtocolGroup } from './proxy-protocol.js';
import { groupOfDefaults } from './table.js';
import { tcp, type TcpOptions } from './tcp.js';
import { tsigGroup } from './tsig.js';

/** The longest name server identifier, in bytes (`kMaxNsid` of `native/guard/client_options.h`). */
export const MAX_NSID = 255;

const anything: Option = {
  expected: 'any value',
  range: undefined,
  default: undefined,
  check: (_path, given) => given,
};

/** The options of a server that its workers use. Each worker gets all of them. */
export const serving = {
  /** Cloned into every worker; a handler module finds it in `setup`'s context. Default: undefined. */
  workerData: reloads(optional(anything, 'undefined')),
  /**
   * Whether each worker is pinned to one CPU, in the order of those that the process may use (sched_setaffinity(2));
   * with `steering: 'cpu'` a query is then answered on the CPU that received it. `listen()` rejects with `ENOTSUP` where
   * the system does not support it. Default false.
   */
  pinWorkers: flag(false),
  /**
   * The opcodes of messages that reach the handler; others get NOTIMP. Handlers tell them apart by `query.opcode`. The
   * answer cache keeps replies to QUERY alone (RFC 1996, RFC 2136). Default: `['QUERY']`.
   */
  opcodes: reloads(opcodes),
  /** Transaction signatures; see {@link TsigOptions}. Default: a TSIG record in a query is not looked at. */
  tsig: reloads(optional(tsigGroup, 'a TSIG record in a query is not looked at')),
  /** The longest UDP reply in bytes, also announced in OPT records (RFC 9715 s.3.2). 512 to 4,096; default 1,232. */
  maxPayloadSize: integer({ min: MIN_UDP_PAYLOAD, max: 4096, default: DEFAULT_UDP_PAYLOAD }),
  /**
   * The name server identifier (NSID, RFC 5001) as text or bytes. Clients that ask for it (`dig +nsid`) get it with each
   * answer. 1 to 255 bytes; default: no identifier.
   */
  nsid: optional(
    converted(value('a string or a Buffer', isBytes), readNsid, `1 to ${MAX_NSID} bytes`),
    'no identifier',
  ),
  /** Milliseconds that an asynchronous handler may take before its query gets SERVFAIL. 1 to 86,400,000; default 5,000. */
  handlerTimeout: integer({ min: 1, max: DAY, default: 5000 }),
  /**
   * Queries that asynchronous handlers of one worker may hold at a time. Further queries are shed as `overload` says. 1 to
   * 1,000,000; default 10,000.
   */
  maxInFlight: integer({ min: 1, max: 1_000_000, default: 10_000 }),
  /**
   * Milliseconds that a datagram may have waited in the kernel; older ones are dropped, since their clients have given
   * up (SO_TIMESTAMPNS, Linux). 0: no limit. 0 to 60,000; default 0.
   */
  maxQueueDelay: integer({ min: 0, max: 60_000, default: 0 }),
  /** The response to a shed query: nothing (`'drop'`), `'SERVFAIL'` or `'REFUSED'`. Default 'drop'. */
  overload: oneOf(['drop', 'SERVFAIL', 'REFUSED'], 'drop'),
  /** Bounds for connections; see {@link TcpOptions}. Default: `{}`. */
  tcp: reloads(groupOfDefaults<TcpOptions>(tcp)),
  /** For `https://` and `http://`; see {@link HttpsOptions}. Default: `{}`. */
  https: groupOfDefaults<HttpsOptions, HttpsConfig>(https),
  /**
   * Addresses and networks (`'192.0.2.0/24'`, `'2001:db8::/32'`) of reverse proxies in front of `https://`, `http://` and
   * `grpc://`, at most 256. Their header fields `Forwarded` (RFC 7239) and `X-Forwarded-For` say who the client is; those
   * of others are ignored. Default: none.
   */
  trustedProxies: reloads(networks()),
  /** Proxies that name their clients by the PROXY protocol. Default: none are believed. */
  proxyProtocol: reloads(optional(proxyProtocolGroup, 'none are believed')),
};

/** The options that a worker gets, with all values present. */
export type ServingConfig = ResolvedOf<typeof serving>;
/** The response to a query when handlers hold as many as they may: none, or this response code. */
export type Overload = ServingConfig['overload'];

function isBytes(given: unknown): given is string | Uint8Array {
  return typeof given === 'string' || given instanceof Uint8Array;
}

function readNsid(path: string, given: string | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(given)); // separate memory, which is cloned into workers
  if (bytes.length >= 1 && bytes.length <= MAX_NSID) return bytes;
  throw invalidValue(path, `must have 1 to ${MAX_NSID} bytes`, given);
}
