/** Checks of the options of `createServer`: by their table first, then what depends on several of them. */
import { invalidType, invalidValue, outOfRange } from '../../errors.js';
import { nativeMissing } from '../../native/addon.js';
import { needsNative } from '../../native/fallback/needs-native.js';
import { reload, server, type ReloadOptions, type ServerOptions } from '../../options/server.js';
import { MAX_SOCKETS } from '../../options/sockets.js';
import { resolve, resolveGiven } from '../../options/table.js';
import { tlsGroup } from '../../options/tls.js';
import type { ResolvedOf } from '../../options/option.js';
import { listenEntry, type ListenOptions } from '../../options/listen.js';
import { protocolsOf } from '../../socket/address-sockets.js';
import { nameOfAddress, parseAddress, type ListenAddress } from '../../socket/addresses.js';
import { usableCpus } from '../../socket/cpus.js';
import { defaultSocketCount } from '../../socket/socket-count.js';
import { checkOwnTls, checkReachesAll, checkTls, mergeTls } from './check-tls.js';
import { workerOptions, type ServerConfig } from './config.js';

type Checked = ResolvedOf<typeof server>;

/**
 * Checks the options of `createServer` and fills in the defaults.
 *
 * Throws TypeError or RangeError with code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE`, and
 * names the option; `ERR_MULTISOCKET_NATIVE_REQUIRED` for `control` without native code.
 */
export function checkOptions(given: ServerOptions): ServerConfig {
  const { env, execArgv, resourceLimits, ...options } = resolve('', server, given);
  const native = nativeMissing === undefined;
  if (!native && options.control !== undefined) throw needsNative('"control"');
  if (!native && options.queryLog !== undefined) throw needsNative('"queryLog"');
  const auto = options.sockets === 'auto' ? checkAuto(options.auto) : undefined;
  const sockets = options.sockets === 'auto' ? options.auto.min : (options.sockets ?? defaultSocketCount());
  const listen = checkListen(options.listen, sockets, options.ipv6Only, auto !== undefined);
  const ownTls = checkOwnTls(options.listen, listen);
  const ownProxyProtocol = ownProxies(options.listen, listen);
  const proxied = [options.proxyProtocol, ...Object.values(ownProxyProtocol)].some(
    (proxies) => proxies !== undefined && proxies !== null,
  );
  if (!native && proxied) throw needsNative('"proxyProtocol"');
  const most = Math.max(auto?.max ?? 1, ...listen.map((address) => address.sockets));
  const { workers = Math.min(most, usableCpus()) } = options;
  if (auto !== undefined && workers === 0) throw invalidValue('sockets', 'cannot be "auto" without workers', 'auto');
  checkHandler(options, workers);
  if (typeof options.https.cors === 'function' && workers > 0) {
    throw invalidValue('https.cors', 'can be a function with "workers: 0" alone', options.https.cors);
  }
  return {
    ...options,
    listen,
    sockets,
    // Without native code the one socket stays on this thread, and the number cannot adapt.
    auto: native ? auto : undefined,
    workers: native ? workers : 0,
    tls: checkTls(options.tls, listen, ownTls),
    ownTls,
    ownTcp: ownBounds(options.listen, listen),
    ownProxyProtocol,
    worker: workerOptions({ env, execArgv, resourceLimits }),
  };
}

/** The configuration of a server from a reload on. Throws as {@link checkOptions} or {@link checkReachesAll}. */
export function checkReload(before: ServerConfig, changes: ReloadOptions): ServerConfig {
  const given = resolveGiven('', reload, changes);
  const next = { ...before, ...given };
  checkHandler(next, before.workers);
  const { sockets, ipv6Only, auto } = before;
  const listen =
    given.listen === undefined ? before.listen : checkListen(given.listen, sockets, ipv6Only, auto !== undefined);
  if (given.tls !== undefined && given.listen === undefined) checkReachesAll(before.ownTls);
  const ownTls = given.listen === undefined ? before.ownTls : checkOwnTls(given.listen, listen);
  const tls =
    before.tls === undefined
      ? checkTls(given.tls && tlsGroup.check('tls', given.tls), listen, ownTls)
      : mergeTls(before.tls, given.tls ?? {});
  if (given.listen === undefined) return { ...next, listen, tls };
  const ownTcp = ownBounds(given.listen, listen);
  return { ...next, listen, tls, ownTls, ownTcp, ownProxyProtocol: ownProxies(given.listen, listen) };
}

function checkAuto({ min, interval, max = Math.max(min, Math.min(usableCpus(), MAX_SOCKETS)) }: Checked['auto']): {
  min: number;
  max: number;
  interval: number;
} {
  if (max < min) throw outOfRange('auto.max', `an integer from ${min} to ${MAX_SOCKETS}`, max);
  return { min, max, interval };
}

/** What `of` returns for single addresses. `given`: the option `listen`; `listen`: its checked form. */
function ownOf<Value>(
  given: Checked['listen'],
  listen: ServerConfig['listen'],
  of: (entry: ListenOptions) => Value | undefined,
): Record<string, Value> {
  const entries = [given].flat() as readonly (string | ListenOptions)[];
  const own = entries.map((entry, i) => [nameOfAddress(listen[i]), typeof entry === 'string' ? undefined : of(entry)]);
  return Object.fromEntries(own.filter(([, value]) => value !== undefined)) as Record<string, Value>;
}

function ownBounds(given: Checked['listen'], listen: ServerConfig['listen']): ServerConfig['ownTcp'] {
  return ownOf(given, listen, ({ tcp }) => tcp);
}

function ownProxies(given: Checked['listen'], listen: ServerConfig['listen']): ServerConfig['ownProxyProtocol'] {
  return ownOf(given, listen, ({ proxyProtocol }) =>
    proxyProtocol === undefined ? undefined : listenEntry.proxyProtocol.check('listen.proxyProtocol', proxyProtocol),
  );
}

function checkListen(
  given: Checked['listen'],
  sockets: number,
  ipv6Only: boolean,
  auto: boolean,
): ServerConfig['listen'] {
  const entries = [given].flat();
  if (entries.length === 0) throw invalidValue('listen', 'must name at least one address', given);
  const listen = entries.map((entry) => {
    const address = parseAddress(entry, { ipv6Only });
    return { ...address, sockets: address.sockets ?? sockets, adapts: auto && address.sockets === undefined };
  });
  listen.forEach(checkInterface);
  return listen;
}

/** Refuses an address for one interface beside the same one for all: Linux gives a query to either. */
function checkInterface(entry: ListenAddress, _: number, all: readonly ListenAddress[]): void {
  const { transport, address, port, protocol, interface: name } = entry;
  const protocols = protocolsOf(transport, protocol);
  const isBeside = (other: ListenAddress): boolean =>
    other.interface === undefined &&
    other.address === address &&
    other.port === port &&
    protocolsOf(other.transport, other.protocol).some((one) => protocols.includes(one));
  if (name === undefined || port === 0 || !all.some(isBeside)) return;
  throw invalidValue('listen', 'has an address for one interface and for all', nameOfAddress(entry));
}

/** Checks that there is exactly one handler, of a kind that the workers can use. Throws as {@link checkOptions}. */
function checkHandler({ filename, handler }: Pick<Checked, 'filename' | 'handler'>, workers: number): void {
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
