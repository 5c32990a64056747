/** Checks of the options of `createServer`. */
import type { HttpsOptions } from '../../worker/https/https-options.js';
import { nativeMissing } from '../../native/addon.js';
import { checkBoolean, checkInteger, invalidType, invalidValue } from '../../errors.js';
import { needsNative } from '../../native/fallback/needs-native.js';
import { parseAddress } from '../../socket/addresses.js';
import { usableCpus } from '../../socket/cpus.js';
import { checkSocketCount, MAX_SOCKETS } from '../../socket/socket-count.js';
import { checkSteering } from '../../socket/socket-group-options.js';
import type { Overload } from '../../worker/dispatcher.js';
import { MAX_NSID } from '../../worker/edns-settings.js';
import type { TlsSettings } from '../../worker/stream/secure-context.js';
import type { TcpOptions } from '../../worker/stream/tcp-options.js';
import type { AdaptationBounds } from '../adaptation.js';
import { checkCookies, checkRateLimit } from './check-guard.js';
import { checkReloadNames, checkServerNames } from './option-names.js';
import { checkOwnTls, checkReachesAll, checkTls, mergeTls } from './check-tls.js';
import type { CacheOptions, ReloadOptions, ServerConfig, ServerOptions } from './options.js';

const MAX_WORKERS = 1024;
const MAX_TIME = 24 * 60 * 60 * 1000;
const MAX_BUFFER = 0x3fffffff;

/**
 * Checks the options of `createServer` and fills in the defaults.
 *
 * Throws TypeError or RangeError with code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`, and
 * names the option; `ERR_MULTISOCKET_NATIVE_REQUIRED` for `control` without native code.
 */
export function checkOptions(options: ServerOptions): ServerConfig {
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null) {
    throw invalidType('options', 'an object', options);
  }
  checkServerNames(options);
  const auto = options.sockets === 'auto' ? checkAuto(options.auto ?? {}) : undefined;
  const sockets =
    options.sockets === 'auto' ? (auto?.min ?? 1) : checkSocketCount('sockets', options.sockets ?? defaultSockets());
  const ipv6Only = checkBoolean('ipv6Only', options.ipv6Only ?? false);
  const listen = checkListen(options.listen, sockets, ipv6Only, auto !== undefined);
  const ownTls = checkOwnTls(options.listen, listen);
  const most = Math.max(auto?.max ?? 1, ...listen.map((address) => address.sockets));
  const workers = checkInteger('workers', options.workers ?? Math.min(most, usableCpus()), 0, MAX_WORKERS);
  if (auto !== undefined && workers === 0) throw invalidValue('sockets', 'cannot be "auto" without workers', 'auto');
  checkHandler(options.filename, options.handler, workers);
  const native = nativeMissing === undefined;
  const { env, execArgv, resourceLimits, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal);
  return {
    listen,
    sockets,
    // Without native code the one socket stays on this thread, and the number cannot adapt.
    auto: native ? auto : undefined,
    workers: native ? workers : 0,
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
    listenFds: checkBoolean('listenFds', options.listenFds ?? false),
    pinWorkers: checkBoolean('pinWorkers', options.pinWorkers ?? false),
    freebind: checkBoolean('freebind', options.freebind ?? false),
    receiveBufferSize: checkInteger('receiveBufferSize', options.receiveBufferSize ?? 1 << 20, 0, MAX_BUFFER),
    sendBufferSize: checkInteger('sendBufferSize', options.sendBufferSize ?? 4 << 20, 0, MAX_BUFFER),
    maxPayloadSize: checkInteger('maxPayloadSize', options.maxPayloadSize ?? 1232, 512, 4096),
    nsid: options.nsid === undefined ? undefined : checkNsid(options.nsid),
    handlerTimeout: checkInteger('handlerTimeout', options.handlerTimeout ?? 5000, 1, MAX_TIME),
    closeTimeout: checkInteger('closeTimeout', options.closeTimeout ?? 5000, 0, MAX_TIME),
    maxInFlight: checkInteger('maxInFlight', options.maxInFlight ?? 10_000, 1, 1_000_000),
    maxQueueDelay: checkInteger('maxQueueDelay', options.maxQueueDelay ?? 0, 0, 60_000),
    overload: checkOverload(options.overload ?? 'drop'),
    stallTimeout: checkInteger('stallTimeout', options.stallTimeout ?? 1000, 0, MAX_TIME),
    killTimeout: checkInteger('killTimeout', options.killTimeout ?? 10_000, 0, MAX_TIME),
    startTimeout: checkInteger('startTimeout', options.startTimeout ?? 30_000, 0, MAX_TIME),
    tcp: checkTcp(options.tcp ?? {}),
    tls: checkTls(options.tls, listen, ownTls),
    ownTls,
    https: checkHttps(options.https ?? {}, workers),
    cache: options.cache === undefined ? undefined : checkCache(options.cache),
    cookies: options.cookies === undefined ? undefined : checkCookies(options.cookies),
    rateLimit: options.rateLimit === undefined ? undefined : checkRateLimit(options.rateLimit),
    control: options.control === undefined ? undefined : checkSocketPath('control', options.control),
    logger: options.logger ?? console,
    signal,
  };
}

function checkHttps({ cors = false, requests = false }: HttpsOptions, workers: number): Required<HttpsOptions> {
  const isList = Array.isArray(cors) && cors.every((origin) => typeof origin === 'string');
  if (!isList && !['boolean', 'string', 'function'].includes(typeof cors)) {
    throw invalidType('https.cors', 'a boolean, a string, an array of strings or a function', cors);
  }
  if (typeof cors === 'function' && workers > 0) {
    throw invalidValue('https.cors', 'can be a function with "workers: 0" alone', cors);
  }
  return { cors, requests: checkBoolean('https.requests', requests) };
}

/** The configuration of a server from a reload on. Throws as {@link checkOptions} or {@link checkReachesAll}. */
export function checkReload(before: ServerConfig, changes: ReloadOptions): ServerConfig {
  checkReloadNames(changes);
  const { filename = before.filename, handler = before.handler, workerData = before.workerData } = changes;
  checkHandler(filename, handler, before.workers);
  const { sockets, ipv6Only, auto } = before;
  const listen =
    changes.listen === undefined ? before.listen : checkListen(changes.listen, sockets, ipv6Only, auto !== undefined);
  const tcp = changes.tcp === undefined ? before.tcp : checkTcp(changes.tcp);
  if (changes.tls !== undefined && changes.listen === undefined) checkReachesAll(before.ownTls);
  const ownTls = changes.listen === undefined ? before.ownTls : checkOwnTls(changes.listen, listen);
  const tls =
    before.tls === undefined
      ? checkTls(changes.tls as TlsSettings | undefined, listen, ownTls)
      : mergeTls(before.tls, changes.tls ?? {});
  return { ...before, filename, handler, workerData, listen, tcp, tls, ownTls };
}

/** Without native code an address has one socket. */
function defaultSockets(): number | undefined {
  return nativeMissing === undefined ? undefined : 1;
}

function checkSocketPath(option: string, path: unknown): string {
  if (typeof path !== 'string') throw invalidType(option, 'a string', path);
  if (path === '' || path.includes('\0')) throw invalidValue(option, 'must be the path of a Unix socket', path);
  if (nativeMissing !== undefined) throw needsNative(`"${option}"`);
  return path;
}

function checkAuto(auto: Partial<AdaptationBounds>): AdaptationBounds {
  if (typeof (auto as unknown) !== 'object' || (auto as unknown) === null) throw invalidType('auto', 'an object', auto);
  const min = checkSocketCount('auto.min', auto.min ?? 1);
  const max = checkInteger(
    'auto.max',
    auto.max ?? Math.max(min, Math.min(usableCpus(), MAX_SOCKETS)),
    min,
    MAX_SOCKETS,
  );
  return { min, max, interval: checkInteger('auto.interval', auto.interval ?? 10_000, 100, MAX_TIME) };
}

function checkListen(value: unknown, sockets: number, ipv6Only: boolean, auto: boolean): ServerConfig['listen'] {
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length === 0) throw invalidValue('listen', 'must name at least one address', value);
  return entries.map((entry) => {
    const address = parseAddress(entry, { ipv6Only });
    const count = checkSocketCount('listen.sockets', address.sockets ?? sockets);
    return { ...address, sockets: count, adapts: auto && address.sockets === undefined };
  });
}

/** Checks that there is exactly one handler, of a kind that the workers can use. Throws as {@link checkOptions}. */
function checkHandler(
  filename: ServerOptions['filename'] | undefined,
  handler: ServerOptions['handler'] | undefined,
  workers: number,
): void {
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

function checkCache(cache: CacheOptions): Required<CacheOptions> {
  if (typeof (cache as unknown) !== 'object' || (cache as unknown) === null)
    throw invalidType('cache', 'an object', cache);
  const { prefetch = false } = cache;
  return {
    maxBytes: checkInteger('cache.maxBytes', cache.maxBytes, 65_536, 2 ** 36),
    serveStale: checkInteger('cache.serveStale', cache.serveStale ?? 0, 0, 0x7fffffff),
    prefetch: prefetch && {
      hits: checkInteger('cache.prefetch.hits', prefetch.hits, 1, 0xffffffff),
      percent: checkInteger('cache.prefetch.percent', prefetch.percent, 1, 90),
    },
  };
}

function checkNsid(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (!(bytes instanceof Uint8Array)) throw invalidType('nsid', 'a string or a Buffer', value);
  if (bytes.length < 1 || bytes.length > MAX_NSID) {
    throw invalidValue('nsid', `must have 1 to ${MAX_NSID} bytes`, value);
  }
  return new Uint8Array(bytes); // separate memory, which is cloned into workers
}

function checkOverload(value: unknown): Overload {
  if (value === 'drop' || value === 'SERVFAIL' || value === 'REFUSED') return value;
  throw invalidValue('overload', "must be 'drop', 'SERVFAIL' or 'REFUSED'", value);
}

function checkTcp(tcp: TcpOptions): Required<TcpOptions> {
  if (typeof (tcp as unknown) !== 'object') throw invalidType('tcp', 'an object', tcp);
  const { maxQueries = Infinity } = tcp;
  return {
    idleTimeout: checkInteger('tcp.idleTimeout', tcp.idleTimeout ?? 10_000, 1, MAX_TIME),
    messageTimeout: checkInteger('tcp.messageTimeout', tcp.messageTimeout ?? 5000, 1, MAX_TIME),
    writeTimeout: checkInteger('tcp.writeTimeout', tcp.writeTimeout ?? 5000, 1, MAX_TIME),
    handshakeTimeout: checkInteger('tcp.handshakeTimeout', tcp.handshakeTimeout ?? 5000, 1, MAX_TIME),
    lingerTimeout: checkInteger('tcp.lingerTimeout', tcp.lingerTimeout ?? 1000, 1, MAX_TIME),
    maxConnections: checkInteger('tcp.maxConnections', tcp.maxConnections ?? 10_000, 0, 1_000_000),
    maxConnectionsPerClient: checkInteger(
      'tcp.maxConnectionsPerClient',
      tcp.maxConnectionsPerClient ?? 256,
      1,
      1_000_000,
    ),
    maxPipelined: checkInteger('tcp.maxPipelined', tcp.maxPipelined ?? 100, 1, 65_535),
    maxQueries: maxQueries === Infinity ? Infinity : checkInteger('tcp.maxQueries', maxQueries, 1, 0x7fffffff),
    backlog: checkInteger('tcp.backlog', tcp.backlog ?? 4096, 1, 65_535),
    fastOpen: checkInteger('tcp.fastOpen', tcp.fastOpen ?? 0, 0, 65_535),
  };
}
