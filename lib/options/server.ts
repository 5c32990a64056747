/** The options of `createServer` and of `server.reload()`. */
import type { ResourceLimits } from 'node:worker_threads';
import type { Handler, Logger } from '../message/handler.js';
import { cache, type CacheOptions } from './cache.js';
import { cookiesGroup } from './cookies.js';
import type { ListenOptions } from './listen.js';
import { invalidValue } from '../errors.js';
import {
  converted,
  flag,
  integer,
  isTexts,
  optional,
  reloads,
  required,
  text,
  value,
  type Option,
  type OptionsOf,
  type Reloadable,
  type ResolvedOf,
} from './option.js';
import { queryLogGroup } from './query-log.js';
import { rateLimitGroup } from './rate-limit.js';
import { serving } from './serving.js';
import { DAY } from './numbers.js';
import { binding, buffers, MAX_SOCKETS } from './sockets.js';
import { group, groupOfDefaults } from './table.js';
import type { TcpOptions } from './tcp.js';
import { tlsChanges, tlsGroup, type TlsSettings } from './tls.js';

type Listen = string | ListenOptions | readonly (string | ListenOptions)[];

/** Options of `auto`. */
export const auto = {
  /** The smallest and first number of sockets. 1 to 1,024; default 1. */
  min: integer({ min: 1, max: MAX_SOCKETS, default: 1 }),
  /** The largest number of sockets, at least `min`. 1 to 1,024; default: the larger of `min` and `usableCpus()`. */
  max: optional(integer({ min: 1, max: MAX_SOCKETS }), 'the larger of `min` and `usableCpus()`'),
  /** Milliseconds between checks. A check at most doubles the number, or lowers it by one. 100 to 86,400,000; default 10,000. */
  interval: integer({ min: 100, max: DAY, default: 10_000 }),
};

/** Bounds of `sockets: 'auto'`. */
export interface AdaptationBounds extends Required<OptionsOf<typeof auto>> {}

/** The options of `createServer` that no other table has. */
export const own = {
  /**
   * Where to listen: `'127.0.0.1:5300'`, `'[::1]:53'`, `'dns://[::]:53'`, `':53'`, `'tls://[::]:853'`,
   * `'https://[::]:443'`, `'http://[::1]:8053'`, `'grpc://[::]:443'`, objects, or a list of them. A `dns` address gets UDP and TCP.
   */
  listen: reloads(required(value('a string, an object or an array of them', isListen))),
  /**
   * NUM_SOCKETS: how many UDP and how many TCP sockets an address has. `'auto'`: the number follows the load by the rule
   * of `recommendSockets`, within the bounds of the option `auto`; needs workers. 1 to 1,024 or 'auto'; default:
   * `usableCpus()`.
   */
  sockets: optional(integer({ min: 1, max: MAX_SOCKETS, or: 'auto' }), '`usableCpus()`'),
  /**
   * Bounds of `sockets: 'auto'`. If the workers that serve are busy for 70 % of an interval, the number of sockets grows,
   * at most to its double. If one socket fewer would keep them 40 % busy or less for three intervals in a row, one is
   * removed. Addresses with a number of their own keep it. Each change is an `adapt` event. Default: `{}`.
   */
  auto: groupOfDefaults<Partial<AdaptationBounds>, ResolvedOf<typeof auto>>(auto),
  /** Worker threads; 0 serves on the calling thread. 0 to 1,024; default: the smaller of `sockets` and `usableCpus()`. */
  workers: optional(integer({ min: 0, max: 1024 }), 'the smaller of `sockets` and `usableCpus()`'),
  /** The module that serves, loaded in every worker: a path or a `file:` URL. See `HandlerModule`. Default: none. */
  filename: reloads(optional(value('a string or a URL', isModule), 'none')),
  /** With `workers: 0`: a function instead of a module. Default: none. */
  handler: reloads(optional(value('a function', isHandler), 'none')),
  /** As in `worker_threads`. Default: the environment of this process. */
  env: optional(value('an object', isObject) as Option<NodeJS.ProcessEnv>, 'the environment of this process'),
  /** As in `worker_threads`. Default: the options of this process. */
  execArgv: optional(value('an array of strings', isMutableTexts), 'the options of this process'),
  /** As in `worker_threads`: see `docs/guides/performance.md` for the size of the young generation. Default: the limits of V8. */
  resourceLimits: optional(value('an object', isObject) as Option<ResourceLimits>, 'the limits of V8'),
  /**
   * Whether `listen()` takes the sockets that a service manager has opened, if any (LISTEN_FDS, sd_listen_fds(3)), in
   * place of opening those of the option `listen`: a datagram and a stream socket for each entry of `dns`, in order. If
   * they have SO_REUSEPORT (systemd's `ReusePort=yes`), more sockets join, up to `sockets`. Default false.
   */
  listenFds: flag(false),
  /** Milliseconds that `close()` and `reload()` wait for answers in flight. 0 to 86,400,000; default 5,000. */
  closeTimeout: integer({ min: 0, max: DAY, default: 5000 }),
  /**
   * Milliseconds after which a worker whose event loop does not turn is helped by the others until it turns again; 0:
   * never. 0 to 86,400,000; default 1,000.
   */
  stallTimeout: integer({ min: 0, max: DAY, default: 1000 }),
  /**
   * Milliseconds after which a worker whose event loop does not turn is ended and replaced; 0: never. 0 to 86,400,000;
   * default 10,000.
   */
  killTimeout: integer({ min: 0, max: DAY, default: 10_000 }),
  /**
   * Milliseconds that a worker may take to load the handler module and to run its `setup`; `listen()` and `reload()`
   * then reject with `ERR_MULTISOCKET_START_TIMEOUT`; 0: no limit. 0 to 86,400,000; default 30,000.
   */
  startTimeout: integer({ min: 0, max: DAY, default: 30_000 }),
  /**
   * Certificates for `tls://`, `https://` and `grpc://`; `server.secure()` renews them. Without them `grpc://` is not
   * encrypted, and `tls://` and `https://` are refused. Default: none.
   */
  tls: reloads(optional(tlsGroup, 'none')),
  /** An answer cache for all workers, so that most queries need no handler. Default: no cache. */
  cache: optional(group<CacheOptions>(cache), 'no cache'),
  /** DNS Cookies; `true` is `{}`. `false`: a COOKIE option is left to the handler. Default: false. */
  cookies: cookiesGroup,
  /** Response rate limiting of all workers together. Default: no limits. */
  rateLimit: optional(rateLimitGroup, 'no limits'),
  /** A report of each query, or of a share of them. Needs the native addon. Default: false. */
  queryLog: reloads(queryLogGroup),
  /**
   * The path of a Unix socket at which `multisocket top` and other programs of this user read the state of the server;
   * see `ControlReport`. `listen()` rejects with `EADDRINUSE` if another server has it. Default: no control socket.
   */
  control: optional(converted(text(), readSocketPath), 'no control socket'),
  /** Receives what handlers log by `context.logger`. Default: `console`. */
  logger: {
    ...value('an object with the functions debug, info, warn and error', isLogger, console),
    otherwise: '`console`',
  },
  /** Closes the server when aborted. Default: none. */
  signal: optional(value('an AbortSignal', isSignal), 'none'),
};

// An editor finds the docstrings of another file through `typeof` alone.
/** Options of `createServer`. */
export const server: typeof own & typeof serving & typeof binding & typeof buffers = {
  ...own,
  ...serving,
  ...binding,
  ...buffers,
};

/** The options of `createServer`. */
export interface ServerOptions<WorkerData = unknown> extends OptionsOf<typeof server> {
  /** Cloned into every worker; a handler module finds it in `setup`'s context. Default: undefined. */
  workerData?: WorkerData;
}

const reloadable = Object.entries<Option>(server).filter(([, option]) => option.reload === true);

/** Options of `server.reload()`. */
export const reload = { ...(Object.fromEntries(reloadable) as Reloadable<typeof server>), tls: tlsChanges };

/** The options that `server.reload()` may change; a missing option stays. */
export interface ReloadOptions extends Partial<OptionsOf<typeof reload>> {
  /**
   * Other addresses. Those that are open already, by transport, address and port, keep their sockets and get the number
   * given here, by default the option `sockets`. New ones are opened. The rest is read for up to a second and then
   * closed.
   */
  listen?: Listen;
  /** Bounds for new connections; a missing one gets its default. */
  tcp?: TcpOptions;
  /**
   * Changes of the option `tls` for new connections; a missing setting stays. Must be complete if the server had no
   * `tls`. Needs `listen` beside it if an address has TLS settings of its own.
   */
  tls?: Partial<TlsSettings>;
}

function isListen(given: unknown): given is Listen {
  return typeof given === 'string' || (typeof given === 'object' && given !== null);
}

function isModule(given: unknown): given is string | URL {
  return typeof given === 'string' || given instanceof URL;
}

function isHandler(given: unknown): given is Handler {
  return typeof given === 'function';
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

function isMutableTexts(given: unknown): given is string[] {
  return isTexts(given);
}

function isLogger(given: unknown): given is Logger {
  const methods = ['debug', 'info', 'warn', 'error'] as const;
  return isObject(given) && methods.every((name) => typeof (given as Partial<Logger>)[name] === 'function');
}

function isSignal(given: unknown): given is AbortSignal {
  return given instanceof AbortSignal;
}

function readSocketPath(path: string, given: string): string {
  if (given !== '' && !given.includes('\0')) return given;
  throw invalidValue(path, 'must be the path of a Unix socket', given);
}
