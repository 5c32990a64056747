/** The options of `createServer`, checked at the door. */
import type { ResourceLimits } from 'node:worker_threads';
import { checkBoolean, checkInteger, invalidType, invalidValue } from '../errors.js';
import type { Handler, Logger } from '../message/handler.js';
import { parseAddress, type ListenAddress } from '../socket/addresses.js';
import { usableCpus } from '../socket/cpus.js';
import { checkSocketCount } from '../socket/socket-count.js';
import { checkSteering, type Steering } from '../socket/socket-group.js';

/** Bounds for DNS over TCP (RFC 7766). Times are in milliseconds, caps are of the whole server. */
export interface TcpOptions {
  /** How long a connection may rest between queries; 10,000 by default (RFC 7766 s.6.2.3). */
  idleTimeout?: number;
  /** How long a message may take from its first byte to its last; 5,000 by default. */
  messageTimeout?: number;
  /** How long a client may leave its answers unread before it is cut off; 5,000 by default. */
  writeTimeout?: number;
  /** Connections in all; 10,000 by default. */
  maxConnections?: number;
  /** Connections of one client (an IPv4 address, an IPv6 /64); 256 by default. */
  maxConnectionsPerClient?: number;
  /** Queries of one connection that handlers hold at a time; 100 by default (RFC 7766 s.6.2.1.1). */
  maxPipelined?: number;
  /** Length of a listening socket's accept queue; 4,096 by default, and at most what the system allows. */
  backlog?: number;
  /** Length of the queue of TCP Fast Open requests (RFC 7413); 0, none, by default. */
  fastOpen?: number;
}

/** An entry of `listen`, for those who want to say more than an address. */
export interface ListenOptions {
  /** Numeric, or a name that is looked up. */
  address: string;
  /** 0 to 65535; 0 lets the system choose one for all sockets of the entry. Default 53. */
  port?: number;
  /** NUM_SOCKETS of this address; default: the server's. */
  sockets?: number;
  /** Whether `::` leaves IPv4 alone; default: the server's. */
  ipv6Only?: boolean;
}

/** What `createServer` takes. */
export interface ServerOptions {
  /**
   * Where to listen: `'127.0.0.1:5300'`, `'[::1]:53'`, `'dns://[::]:53'`, `':53'`, objects, or a list of them. Each
   * address gets UDP and TCP.
   */
  listen: string | ListenOptions | readonly (string | ListenOptions)[];
  /** NUM_SOCKETS: how many UDP and how many TCP sockets an address has, 1 to 1,024; default: {@link usableCpus}. */
  sockets?: number;
  /** Worker threads, 0 to 1,024; 0 serves on the calling thread. Default: the smaller of `sockets` and the CPUs. */
  workers?: number;
  /** The module that serves, loaded in every worker: a path or a `file:` URL. See {@link HandlerModule}. */
  filename?: string | URL;
  /** With `workers: 0`: a function instead of a module. */
  handler?: Handler;
  /** Cloned into every worker; a handler module finds it in `setup`'s context. */
  workerData?: unknown;
  /** As `worker_threads` has it. */
  env?: NodeJS.ProcessEnv;
  /** As `worker_threads` has it. */
  execArgv?: string[];
  /** As `worker_threads` has it. */
  resourceLimits?: ResourceLimits;
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
  /** Milliseconds that an asynchronous handler has before its query gets SERVFAIL; default 5,000. */
  handlerTimeout?: number;
  /** Milliseconds that `close()` waits for answers in flight; default 5,000. */
  closeTimeout?: number;
  tcp?: TcpOptions;
  /** Where handlers log by `context.logger`; default `console`. */
  logger?: Logger;
  /** Closes the server when aborted. */
  signal?: AbortSignal;
}

/** Options after the check, each with its value. */
export interface ServerConfig extends Required<Omit<ServerOptions, 'listen' | OptionalOptions | 'tcp'>> {
  listen: (ListenAddress & { sockets: number })[];
  tcp: Required<TcpOptions>;
  filename: string | URL | undefined;
  handler: Handler | undefined;
  worker: { env?: NodeJS.ProcessEnv; execArgv?: string[]; resourceLimits?: ResourceLimits };
  signal: AbortSignal | undefined;
}
type OptionalOptions = 'filename' | 'handler' | 'env' | 'execArgv' | 'resourceLimits' | 'signal';

const MAX_WORKERS = 1024;
const MAX_TIME = 24 * 60 * 60 * 1000;
const MAX_BUFFER = 0x3fffffff;

/**
 * Checks the options of `createServer` and fills in the defaults.
 *
 * Throws TypeError or RangeError with code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`, and
 * names the option.
 */
export function checkOptions(options: ServerOptions): ServerConfig {
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null) {
    throw invalidType('options', 'an object', options);
  }
  const sockets = checkSocketCount('sockets', options.sockets);
  const ipv6Only = checkBoolean('ipv6Only', options.ipv6Only ?? false);
  const listen = checkListen(options.listen, sockets, ipv6Only);
  const most = Math.max(...listen.map((address) => address.sockets));
  const workers = checkInteger('workers', options.workers ?? Math.min(most, usableCpus()), 0, MAX_WORKERS);
  checkHandler(options, workers);
  const { env, execArgv, resourceLimits, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal);
  return {
    listen,
    sockets,
    workers,
    filename: options.filename,
    handler: options.handler,
    workerData: options.workerData,
    worker: {
      ...(env === undefined ? {} : { env }),
      ...(execArgv === undefined ? {} : { execArgv }),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    },
    steering: checkSteering(options.steering ?? 'hash'),
    exclusive: checkBoolean('exclusive', options.exclusive ?? true),
    ipv6Only,
    freebind: checkBoolean('freebind', options.freebind ?? false),
    receiveBufferSize: checkInteger('receiveBufferSize', options.receiveBufferSize ?? 1 << 20, 0, MAX_BUFFER),
    sendBufferSize: checkInteger('sendBufferSize', options.sendBufferSize ?? 4 << 20, 0, MAX_BUFFER),
    maxPayloadSize: checkInteger('maxPayloadSize', options.maxPayloadSize ?? 1232, 512, 4096),
    handlerTimeout: checkInteger('handlerTimeout', options.handlerTimeout ?? 5000, 1, MAX_TIME),
    closeTimeout: checkInteger('closeTimeout', options.closeTimeout ?? 5000, 0, MAX_TIME),
    tcp: checkTcp(options.tcp ?? {}),
    logger: options.logger ?? console,
    signal,
  };
}

function checkListen(value: unknown, sockets: number, ipv6Only: boolean): ServerConfig['listen'] {
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length === 0) throw invalidValue('listen', 'must name at least one address', value);
  return entries.map((entry) => {
    const address = parseAddress(entry, { ipv6Only });
    return { ...address, sockets: checkSocketCount('listen.sockets', address.sockets ?? sockets) };
  });
}

function checkHandler({ filename, handler }: ServerOptions, workers: number): void {
  if (handler !== undefined && typeof (handler as unknown) !== 'function') {
    throw invalidType('handler', 'a function', handler);
  }
  if (filename !== undefined && typeof filename !== 'string' && !((filename as unknown) instanceof URL)) {
    throw invalidType('filename', 'a string or a URL', filename);
  }
  if (handler !== undefined && filename !== undefined) {
    throw invalidValue('handler', 'cannot be given together with "filename"', handler);
  }
  if (handler !== undefined && workers > 0) {
    throw invalidValue(
      'handler',
      'is a function of this thread and needs "workers: 0"; workers need "filename"',
      handler,
    );
  }
  if (handler === undefined && filename === undefined) {
    throw invalidType('filename', 'a string or a URL (or "handler" a function, with "workers: 0")', filename);
  }
}

function checkTcp(tcp: TcpOptions): Required<TcpOptions> {
  if (typeof (tcp as unknown) !== 'object') throw invalidType('tcp', 'an object', tcp);
  return {
    idleTimeout: checkInteger('tcp.idleTimeout', tcp.idleTimeout ?? 10_000, 1, MAX_TIME),
    messageTimeout: checkInteger('tcp.messageTimeout', tcp.messageTimeout ?? 5000, 1, MAX_TIME),
    writeTimeout: checkInteger('tcp.writeTimeout', tcp.writeTimeout ?? 5000, 1, MAX_TIME),
    maxConnections: checkInteger('tcp.maxConnections', tcp.maxConnections ?? 10_000, 0, 1_000_000),
    maxConnectionsPerClient: checkInteger(
      'tcp.maxConnectionsPerClient',
      tcp.maxConnectionsPerClient ?? 256,
      1,
      1_000_000,
    ),
    maxPipelined: checkInteger('tcp.maxPipelined', tcp.maxPipelined ?? 100, 1, 65_535),
    backlog: checkInteger('tcp.backlog', tcp.backlog ?? 4096, 1, 65_535),
    fastOpen: checkInteger('tcp.fastOpen', tcp.fastOpen ?? 0, 0, 65_535),
  };
}
