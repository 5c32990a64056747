/** The options of `createServer`. */
import type { HttpsOptions } from '../../worker/https/https-options.js';
import type { ResourceLimits } from 'node:worker_threads';
import type { NativeRateLimit } from '../../native/addon.js';
import type { Handler, Logger } from '../../message/handler.js';
import type { AddressTransport, ListenAddress } from '../../socket/addresses.js';
import type { Steering } from '../../socket/socket-group.js';
import type { AdaptationBounds } from '../adaptation.js';
import type { Overload } from '../../worker/dispatcher.js';
import type { SharedTls, TlsSettings } from '../../worker/stream/secure-context.js';
import type { TcpOptions } from '../../worker/stream/tcp-options.js';
import type { CookieConfig, CookieOptions, RateLimitOptions } from './guard-options.js';

/** An entry of `listen`, for those who want to say more than an address. */
export interface ListenOptions {
  /** `'dns'` (UDP and TCP), `'tls'`, `'https'` or `'grpc'`; default `'dns'`. */
  transport?: AddressTransport;
  /** Numeric, or a name that is looked up. */
  address: string;
  /** 0 to 65535; 0 lets the system choose one for all sockets of the entry. Default: 53, 853 for `tls`, 443 for the others. */
  port?: number;
  /** NUM_SOCKETS of this address; default: the server's. */
  sockets?: number;
  /** Whether `::` leaves IPv4 alone; default: the server's. */
  ipv6Only?: boolean;
  /**
   * Certificates of this address, which `server.reload({ listen })` renews; default: the server's. `null`: the address is not
   * encrypted, since a proxy before it does that: `https` is HTTP/1.1 then.
   */
  tls?: TlsSettings | null;
  /** With `dns`: `'udp'` or `'tcp'` alone; default: both, as RFC 7766 s.5 has it. */
  protocol?: 'udp' | 'tcp';
}

/**
 * The answer cache. Replies are kept as long as their records may be (RFC 1035 s.3.2.1), negative ones as their SOA says
 * (RFC 2308 s.5), and given with the rest of their TTLs. Only queries that agree in name, type, class, all flags, DO,
 * payload size, EDNS Client Subnet and transport (UDP or not) share an answer; `reply.cache()` says what else it depends
 * on. NSID, TCP keepalive, padding and cookies (`cookies`) are added to what is kept; queries with other EDNS options, or
 * that are signed, always go to the handler.
 */
export interface CacheOptions {
  /** Memory for all of it, bookkeeping included, in bytes; 64 KiB to 64 GiB. */
  maxBytes: number;
  /**
   * Seconds after its end that an answer is still given, with TTLs of at most 30 s (RFC 8767); default 0. Meanwhile one
   * query every 30 s goes to the handler, to renew it.
   */
  serveStale?: number;
  /**
   * Answers that were given `hits` times go to the handler again, with one client's query, when less than `percent` of
   * their life is left, 1 to 90; default `false`, none do.
   */
  prefetch?: { hits: number; percent: number } | false;
}

/** What `createServer` takes. */
export interface ServerOptions<WorkerData = unknown> {
  /**
   * Where to listen: `'127.0.0.1:5300'`, `'[::1]:53'`, `'dns://[::]:53'`, `':53'`, `'tls://[::]:853'`,
   * `'https://[::]:443'`, `'grpc://[::]:443'`, objects, or a list of them. Those of `dns` get UDP and TCP.
   */
  listen: string | ListenOptions | readonly (string | ListenOptions)[];
  /**
   * NUM_SOCKETS: how many UDP and how many TCP sockets an address has, 1 to 1,024; default: `usableCpus()`. `'auto'`: as
   * many as the load asks for, by the rule of `recommendSockets`, within the bounds of the option `auto`; needs workers.
   */
  sockets?: number | 'auto';
  /**
   * Bounds of `sockets: 'auto'`. `min`: 1 to 1,024, default 1; `max`: `min` to 1,024, default the larger of `min` and
   * `usableCpus()`; `interval`: ms between looks, 100 to a day, default 10,000. When the workers that serve are busy for 70 %
   * of an interval there are more sockets, at most twice as many; when one fewer could do with 40 % for three intervals in a
   * row, there is one less. Addresses that say their own number keep it. Each change is an `adapt` event.
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
  /** As `worker_threads` has it. */
  env?: NodeJS.ProcessEnv;
  /** As `worker_threads` has it. */
  execArgv?: string[];
  /** As `worker_threads` has it. */
  resourceLimits?: ResourceLimits;
  /**
   * Whether each worker is tied to one CPU, in the order of those that the process may use (sched_setaffinity(2)); with
   * `steering: 'cpu'` a query is then answered on the CPU that received it. Default false. `listen()` rejects with
   * `ENOTSUP` where the system cannot.
   */
  pinWorkers?: boolean;
  /** How the kernel chooses a socket; default `'hash'`. */
  steering?: Steering;
  /**
   * Whether `listen` fails with EADDRINUSE when another process has the port, also when both would share it; default
   * true. False is for hand-over between processes.
   */
  exclusive?: boolean;
  /** Whether `::` leaves IPv4 alone; default false. */
  ipv6Only?: boolean;
  /** Whether an address may be bound that this host does not have (yet); default false. */
  freebind?: boolean;
  /** SO_RCVBUF of each UDP socket in bytes; default 1 MiB. `stats()` tells what was granted. */
  receiveBufferSize?: number;
  /** SO_SNDBUF of each UDP socket in bytes; default 4 MiB. */
  sendBufferSize?: number;
  /** The longest UDP reply in bytes and what our OPT records say, 512 to 4,096; default 1,232 (RFC 9715 s.3.2). */
  maxPayloadSize?: number;
  /**
   * The name of this server among those of its address, as text or bytes, 1 to 255 of them: clients that ask for it
   * (RFC 5001; `dig +nsid`) get it with each answer. Default: there is none.
   */
  nsid?: string | Uint8Array;
  /**
   * Whether `listen()` takes the sockets that a service manager has opened, if there are any (LISTEN_FDS,
   * sd_listen_fds(3)), in place of opening those of the option `listen`: a datagram and a stream socket for each entry of
   * `dns`, in order. With SO_REUSEPORT on them (systemd's `ReusePort=yes`) more join, up to `sockets`. Default false.
   */
  listenFds?: boolean;
  /** Milliseconds that an asynchronous handler has before its query gets SERVFAIL; default 5,000. */
  handlerTimeout?: number;
  /** Milliseconds that `close()` and `reload()` wait for answers in flight; default 5,000. */
  closeTimeout?: number;
  /**
   * Queries that asynchronous handlers of one worker may hold at a time, 1 to 1,000,000; default 10,000. What comes
   * beyond that is shed as `overload` says.
   */
  maxInFlight?: number;
  /**
   * Milliseconds that a datagram may have waited in the kernel; older ones are dropped, since their clients have given up
   * (SO_TIMESTAMPNS, Linux). Default 0: any time.
   */
  maxQueueDelay?: number;
  /** What a query that is shed gets: nothing (`'drop'`, the default), or `'SERVFAIL'` or `'REFUSED'`. */
  overload?: Overload;
  /**
   * A worker that has not turned its event loop for so many ms is helped by the others until it does; default 1,000;
   * 0: never.
   */
  stallTimeout?: number;
  /** A worker that has not turned its event loop for so many ms is ended and replaced; default 10,000; 0: never. */
  killTimeout?: number;
  /**
   * Milliseconds that a worker has to load the handler module and to run its `setup`; `listen()` and `reload()` then reject
   * with `ERR_MULTISOCKET_START_TIMEOUT`. Default 30,000; 0: any time.
   */
  startTimeout?: number;
  tcp?: TcpOptions;
  /** Keeps answers, for all workers, so that most queries need no handler; default: none are kept. */
  cache?: CacheOptions;
  /** DNS Cookies; `true` is `{}`. Default `false`: a COOKIE option is the handler's affair. */
  cookies?: CookieOptions | boolean;
  /** Response rate limiting, by all workers together; default: none. */
  rateLimit?: RateLimitOptions;
  /**
   * Certificates, for `tls://`, `https://` and `grpc://`; `server.secure()` renews them. Without them `grpc://` is not
   * encrypted, and the others cannot be.
   */
  tls?: TlsSettings;
  /** For `https://`; see {@link HttpsOptions}. */
  https?: HttpsOptions;
  /**
   * A Unix socket at this path tells `multisocket top` and others of this user how the server is; see `ControlReport`.
   * `listen()` rejects with `EADDRINUSE` when another server has it. Default: there is none.
   */
  control?: string;
  /** Where handlers log by `context.logger`; default `console`. */
  logger?: Logger;
  /** Closes the server when aborted. */
  signal?: AbortSignal;
}

/** What `server.reload()` may change; what is left out stays as it is. */
export interface ReloadOptions {
  filename?: string | URL;
  handler?: Handler;
  workerData?: unknown;
  /**
   * Other addresses. Those that are there already, by transport, address and port, keep their sockets and get the number
   * of them that is said here, by default the option `sockets`; others are opened; the rest is read for a while, no longer
   * than a second, and then closed.
   */
  listen?: ServerOptions['listen'];
  /** Bounds for connections, for new ones; those that are left out have their defaults. */
  tcp?: TcpOptions;
  /**
   * Changes of the option `tls`, for new connections: what is left out stays. Complete if the server had none. Needs
   * `listen` beside it if an address has TLS settings of its own.
   */
  tls?: Partial<TlsSettings>;
}

/** Options after the check, each with its value. */
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
  /** The TLS settings that addresses have for themselves, see {@link ListenOptions.tls}; by `ServerSocket.entry`. */
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
