/** Rejects options that do not exist. The types demand that each table names every option of its kind, and no other. */
import { invalidType, invalidValue } from '../../errors.js';
import { nearest } from '../../nearest.js';
import type { TlsSettings } from '../../worker/stream/secure-context.js';
import type { TcpOptions } from '../../worker/stream/tcp-options.js';
import type { AdaptationBounds } from '../adaptation.js';
import type { CookieOptions, RateLimitOptions } from './guard-options.js';
import type { CacheOptions, ListenOptions, ReloadOptions, ServerOptions } from './options.js';

type Names<Options> = Readonly<Record<keyof Options, true>>;

const auto: Names<AdaptationBounds> = { min: true, max: true, interval: true };
const cache: Names<CacheOptions> = { maxBytes: true, serveStale: true, prefetch: true };
const prefetch: Names<Exclude<CacheOptions['prefetch'], false | undefined>> = { hits: true, percent: true };
const cookies: Names<CookieOptions> = { secrets: true, rotation: true, require: true };
const rateLimit: Names<RateLimitOptions> = {
  responsesPerSecond: true,
  errorsPerSecond: true,
  nxdomainsPerSecond: true,
  allPerSecond: true,
  window: true,
  slip: true,
  ipv4PrefixLength: true,
  ipv6PrefixLength: true,
  exempt: true,
  maxTableSize: true,
  reportOnly: true,
};
const tcp: Names<TcpOptions> = {
  idleTimeout: true,
  messageTimeout: true,
  writeTimeout: true,
  handshakeTimeout: true,
  lingerTimeout: true,
  maxConnections: true,
  maxConnectionsPerClient: true,
  maxPipelined: true,
  maxQueries: true,
  backlog: true,
  fastOpen: true,
};
const tls: Names<TlsSettings> = {
  cert: true,
  key: true,
  ca: true,
  requestCert: true,
  minVersion: true,
  ciphers: true,
  keylog: true,
};
const listen: Names<ListenOptions> = {
  transport: true,
  address: true,
  port: true,
  sockets: true,
  ipv6Only: true,
  tls: true,
  protocol: true,
};
const reload: Names<ReloadOptions> = {
  filename: true,
  handler: true,
  workerData: true,
  listen: true,
  tcp: true,
  tls: true,
};
const server: Names<ServerOptions> = {
  ...reload,
  sockets: true,
  auto: true,
  workers: true,
  env: true,
  execArgv: true,
  resourceLimits: true,
  pinWorkers: true,
  steering: true,
  exclusive: true,
  ipv6Only: true,
  freebind: true,
  receiveBufferSize: true,
  sendBufferSize: true,
  maxPayloadSize: true,
  nsid: true,
  listenFds: true,
  handlerTimeout: true,
  closeTimeout: true,
  maxInFlight: true,
  maxQueueDelay: true,
  overload: true,
  stallTimeout: true,
  killTimeout: true,
  startTimeout: true,
  cache: true,
  cookies: true,
  rateLimit: true,
  control: true,
  https: true,
  logger: true,
  signal: true,
};

/** Checks the names of the options of `createServer`. Throws `ERR_INVALID_ARG_VALUE`, which names the nearest option. */
export function checkServerNames(options: ServerOptions): void {
  checkAll(options, server);
}

/** Checks the names of the options of `reload()`. Throws as {@link checkServerNames}, or `ERR_INVALID_ARG_TYPE`. */
export function checkReloadNames(changes: ReloadOptions): void {
  if (typeof (changes as unknown) !== 'object' || (changes as unknown) === null) {
    throw invalidType('changes', 'an object', changes);
  }
  checkAll(changes, reload);
}

function checkAll(options: Partial<Omit<ServerOptions, 'tls'>> & Pick<ReloadOptions, 'tls'>, names: object): void {
  check('', options, names);
  check('auto', options.auto, auto);
  check('cache', options.cache, cache);
  check('cache.prefetch', (options.cache as CacheOptions | null | undefined)?.prefetch, prefetch);
  check('cookies', options.cookies, cookies);
  check('rateLimit', options.rateLimit, rateLimit);
  check('tcp', options.tcp, tcp);
  checkTlsNames('tls', options.tls);
  for (const entry of [options.listen].flat() as unknown[]) {
    check('listen', entry, listen);
    checkTlsNames('listen.tls', (entry as ListenOptions | null | undefined)?.tls);
  }
}

/** A certificate often comes with more than is used here: only what looks like a slip is refused. */
function checkTlsNames(path: string, settings: unknown): void {
  if (typeof settings !== 'object' || settings === null) return;
  const slips = Object.entries(settings).filter(([name]) => nearest(name, Object.keys(tls)) !== undefined);
  check(path, Object.fromEntries(slips), tls);
}

/** Other faults of `options` are not looked for here. */
function check(path: string, options: unknown, names: object): void {
  if (typeof options !== 'object' || options === null) return;
  const known = Object.keys(names);
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(names, name)) continue;
    const prefix = path === '' ? '' : `${path}.`;
    const meant = nearest(name, known);
    const hint = meant === undefined ? `: there are ${known.join(', ')}` : `: did you mean "${prefix}${meant}"?`;
    throw invalidValue(`${prefix}${name}`, `does not exist${hint}`, value);
  }
}
