/** The options of `createServer`. */
import type { HttpsOptions } from '../../worker/https/https-options.js';
import type { ResourceLimits } from 'node:worker_threads';
import type { NativeRateLimit } from '../../native/addon.js';
import type { Handler, Logger } from '../../message/handler.js';
import type { AddressTransport, ListenAddress } from '../../socket/addresses.js';
import type { Steering } from '../../socket/socket-group-options.js';
import type { AdaptationBounds } from '../adaptation.js';
import type { Overload } from '../../worker/dispatcher.js';
import type { SharedTls, TlsSettings } from '../../worker/stream/secure-context.js';
import type { TcpOptions } from '../../worker/stream/tcp-options.js';
import type { CookieConfig, CookieOptions, RateLimitOptions } from './guard-options.js';

/** An entry of `listen`, for those who want to say more than an address. */
export interface ListenOptions {
  /** `'dns'` (UDP and TCP), `'tls'`, `'https'` or `'grpc'`; default `'dns'`. */
  transport?: AddressTransport;
  /** Numeric, or a host name that is looked up. */
  address: string;
  /** 0 to 65535; 0 lets the system choose one for all sockets of the entry. Default: 53, 853 for `tls`, 443 for the others. */
  port?: number;
  /** NUM_SOCKETS of this address; default: the server's. */
  sockets?: number;
  /** Whether `::` accepts IPv6 only; default: the server's. */
  ipv6Only?: boolean;
  /**
   * Certificates of this address, which `server.reload({ listen })` renews; default: the server's. `null`: the address is
   * not encrypted, because a proxy in front of it is; `https` is then HTTP/1.1.
   */
  tls?: TlsSettings | null;
  /** With `dns`: `'udp'` or `'tcp'` only; default: both (RFC 7766 s.5). */
  protocol?: 'udp' | 'tcp';
}

/**
 * The answer cache. Replies are kept for the TTL of their records (RFC 1035 s.3.2.1), negative ones for the time in
 * their SOA (RFC 2308 s.5), and returned with the remaining TTLs. Only queries that agree in name, type, class, all
 * flags, DO, payload size, EDNS Client Subnet and transport (UDP or not) share an answer; `reply.cache()` says what
 * else it depends on. NSID, TCP keepalive, padding and cookies (`cookies`) are added to a kept answer; queries that are
 * signed or have other EDNS options always go to the handler.
 */
export interface CacheOptions {
  /** Memory for the whole cache in bytes, bookkeeping included; 64 KiB to 64 GiB. */
  maxBytes: number;
  /**
   * Seconds after its expiry that an answer is still returned, with TTLs of at most 30 s (RFC 8767); default 0.
   * Meanwhile one query every 30 s goes to the handler to renew it.
   */
  serveStale?: number;
  /**
   * An answer that was returned `hits` times is renewed early: when less than `percent` of its life is left, 1 to 90,
   * one client's query goes to the handler. Default `false`: no early renewal.
   */
  prefetch?: { hits: number; percent: number } | false;
}

/** The options of `createServer`. */
export interface ServerOptions<WorkerData = unknown> {
  /**
   * Where to listen: `'127.0.0.1:5300'`, `'[::1]:53'`, `'dns://[::]:53'`, `':53'`, `'tls://[::]:853'`,
   * `'https://[::]:443'`, `'grpc://[::]:443'`, objects, or a list of them. A `dns` address gets UDP and TCP.
   */
  listen: string | ListenOptions | readonly (string | ListenOptions)[];
  /**
   * NUM_SOCKETS: how many UDP and how many TCP sockets an address has, 1 to 1,024; default: `usableCpus()`. `'auto'`:
   * the number follows the load by the rule of `recommendSockets`, within the bounds of the option `auto`; needs
   * workers.
   */
  sockets?: number | 'auto';
  /**
   * Bounds of `sockets: 'auto'`. `min`: 1 to 1,024, default 1; `max`: `min` to 1,024, default the larger of `min` and
   * `usableCpus()`; `interval`: ms between checks, 100 to a day, default 10,000. If the workers that serve are busy for
   * 70 % of an interval, the number of sockets grows, at most to its double. If one socket fewer would keep them 40 %
   * busy or less for three intervals in a row, one is removed. Addresses with a number of their own keep it. Each
   * change is an `adapt` event.
   */
  auto?: Partial<AdaptationBounds>;
  /** Worker threads, 0 to 1,024; 0 serves on the calling thread. Default: the smaller of `sockets` and the CPUs. */
  workers?: number;
  /** The module that serves, loaded in every worker: a path or a `file:` URL. See `HandlerModule`. */
  filename?: string | URL;
  /** With `workers: 0`: a function instead of a module. */
  handler?: Handler;
  /** Cloned into every worker; a handler module finds it in `setup`'s context. */
  workerData?: WorkerData;
  /** As in `worker_threads`. */
  env?: NodeJS.ProcessEnv;
  /** As in `worker_threads`. */
  execArgv?: string[];
  /** As in `worker_threads`. */
  resourceLimits?: ResourceLimits;
  /**
   * Whether each worker is pinned to one CPU, in the order of those that the process may use (sched_setaffinity(2));
   * with `steering: 'cpu'` a query is then answered on the CPU that received it. Default false. `listen()` rejects with
   * `ENOTSUP` where the system does not support it.
   */
  pinWorkers?: boolean;
  /** How the kernel chooses a socket; default `'hash'`. */
  steering?: Steering;
  /**
   * Whether `listen` fails with EADDRINUSE when another process has the port, even if both would share it; default
   * true. False allows hand-over between processes.
   */
  exclusive?: boolean;
  /** Whether `::` accepts IPv6 only; default false. */
  ipv6Only?: boolean;
  /** Whether an address may be bound that this host does not have (yet); default false. */
  freebind?: boolean;
  /** SO_RCVBUF of each UDP socket in bytes; default 1 MiB. `stats()` returns the size that was granted. */
  receiveBufferSize?: number;
  /** SO_SNDBUF of each UDP socket in bytes; default 4 MiB. */
  sendBufferSize?: number;
  /** The longest UDP reply in bytes, also announced in OPT records, 512 to 4,096; default 1,232 (RFC 9715 s.3.2). */
  maxPayloadSize?: number;
  /**
   * The name server identifier (NSID, RFC 5001) as text or bytes, 1 to 255 of them. Clients that ask for it (`dig
   * +nsid`) get it with each answer. Default: no identifier.
   */
  nsid?: string | Uint8Array;
  /**
   * Whether `listen()` takes the sockets that a service manager has opened, if any (LISTEN_FDS, sd_listen_fds(3)), in
   * place of opening those of the option `listen`: a datagram and a stream socket for each entry of `dns`, in order. If
   * they have SO_REUSEPORT (systemd's `ReusePort=yes`), more sockets join, up to `sockets`. Default false.
   */
  listenFds?: boolean;
  /** Milliseconds that an asynchronous handler may take before its query gets SERVFAIL; default 5,000. */
  handlerTimeout?: number;
  /** Milliseconds that `close()` and `reload()` wait for answers in flight; default 5,000. */
  closeTimeout?: number;
  /**
   * Queries that asynchronous handlers of one worker may hold at a time, 1 to 1,000,000; default 10,000. Further
   * queries are shed as `overload` says.
   */
  maxInFlight?: number;
  /**
   * Milliseconds that a datagram may have waited in the kernel; older ones are dropped, since their clients have given
   * up (SO_TIMESTAMPNS, Linux). Default 0: no limit.
   */
  maxQueueDelay?: number;
  /** The response to a shed query: nothing (`'drop'`, the default), `'SERVFAIL'` or `'REFUSED'`. */
  overload?: Overload;
  /**
   * Milliseconds after which a worker whose event loop does not turn is helped by the others until it turns again;
   * default 1,000; 0: never.
   */
  stallTimeout?: number;
  /**
   * Milliseconds after which a worker whose event loop does not turn is ended and replaced; default 10,000; 0: never.
   */
  killTimeout?: number;
  /**
   * Milliseconds that a worker may take to load the handler module and to run its `setup`; `listen()` and `reload()`
   * then reject with `ERR_MULTISOCKET_START_TIMEOUT`. Default 30,000; 0: no limit.
   */
  startTimeout?: number;
  tcp?: TcpOptions;
  /** An answer cache for all workers, so that most queries need no handler; default: no cache. */
  cache?: CacheOptions;
  /** DNS Cookies; `true` is `{}`. Default `false`: a COOKIE option is left to the handler. */
  cookies?: CookieOptions | boolean;
  /** Response rate limiting of all workers together; default: no limits. */
  rateLimit?: RateLimitOptions;
  /**
   * Certificates for `tls://`, `https://` and `grpc://`; `server.secure()` renews them. Without them `grpc://` is not
   * encrypted, and `tls://` and `https://` are refused.
   */
  tls?: TlsSettings;
  /** For `https://`; see {@link HttpsOptions}. */
  https?: HttpsOptions;
  /**
   * The path of a Unix socket at which `multisocket top` and other programs of this user read the state of the server;
   * see `ControlReport`. `listen()` rejects with `EADDRINUSE` if another server has it. Default: no control socket.
   */
  control?: string;
  /** Receives what handlers log by `context.logger`; default `console`. */
  logger?: Logger;
  /** Closes the server when aborted. */
  signal?: AbortSignal;
}

/** The options that `server.reload()` may change; a missing option stays. */
export interface ReloadOptions {
  filename?: string | URL;
  handler?: Handler;
  workerData?: unknown;
  /**
   * Other addresses. Those that are open already, by transport, address and port, keep their sockets and get the number
   * given here, by default the option `sockets`. New ones are opened. The rest is read for up to a second and then
   * closed.
   */
  listen?: ServerOptions['listen'];
  /** Bounds for new connections; a missing one gets its default. */
  tcp?: TcpOptions;
  /**
   * Changes of the option `tls` for new connections; a missing setting stays. Must be complete if the server had no
   * `tls`. Needs `listen` beside it if an address has TLS settings of its own.
   */
  tls?: Partial<TlsSettings>;
}

/** Options after the check, with all values present. */
export interface ServerConfig extends Required<
  Omit<
    ServerOptions,
    | 'listen'
    | OptionalOptions
    | 'sockets'
    | 'auto'
    | 'tcp'
    | 'tls'
    | 'https'
    | 'cache'
    | 'cookies'
    | 'rateLimit'
    | 'nsid'
  >
> {
  /** `adapts`: its number of sockets follows the load. */
  listen: (ListenAddress & { sockets: number; adapts: boolean })[];
  sockets: number;
  auto: AdaptationBounds | undefined;
  tcp: Required<TcpOptions>;
  tls: SharedTls | undefined;
  https: Required<HttpsOptions>;
  /** The TLS settings of single addresses, see {@link ListenOptions.tls}; by `ServerSocket.entry`. */
  ownTls: Readonly<Record<string, SharedTls | null>>;
  cache: Required<CacheOptions> | undefined;
  cookies: CookieConfig | undefined;
  rateLimit: NativeRateLimit | undefined;
  nsid: Uint8Array | undefined;
  filename: string | URL | undefined;
  handler: Handler | undefined;
  worker: { env?: NodeJS.ProcessEnv; execArgv?: string[]; resourceLimits?: ResourceLimits };
  control: string | undefined;
  signal: AbortSignal | undefined;
}
type OptionalOptions = 'filename' | 'handler' | 'env' | 'execArgv' | 'resourceLimits' | 'control' | 'signal';
