/** The messages between the owner of the sockets and its worker threads. Counters are shared and not sent. */
import type { Endpoint, Transport } from '../message/batch.js';
import type { ServingConfig } from '../options/serving.js';
import type { ProxyProtocolConfig } from '../options/proxy-protocol.js';
import type { ConnectionBounds } from '../options/tcp.js';
import type { MissMemory } from './shared-misses.js';
import type { SharedTls } from './stream/secure-context.js';

/** A socket of a server, as its borrowers see it. */
export interface ServerSocket {
  /** Its row of counters, and its identifier between threads. */
  number: number;
  transport: Transport;
  /** The owner's descriptor: borrowers work on a duplicate. */
  fd: number;
  /** Sockets of one protocol, address and port have the same group. */
  group: number;
  /** Whether it is bound to all addresses (0.0.0.0 or ::). */
  wildcard: boolean;
  /** The address and port that it is bound to. */
  local: Endpoint;
  /** Its address as in the option `listen`: `tls://[::]:853`, port 0 included. */
  entry: string;
}

/** A worker's side of the query log. */
export interface WorkerLog {
  /** The ring: `layout.log`. */
  memory: SharedArrayBuffer;
  /** The share of queries that are recorded, above 0 and at most 1. */
  sample: number;
  /** Whether whole messages are recorded. */
  messages: boolean;
}

/** The settings that every worker of a server gets: the options for workers, and what the server has opened for it. */
export interface ServingOptions extends ServingConfig {
  tls: SharedTls | undefined;
  /** The TLS settings of single addresses, by {@link ServerSocket.entry}; null: not encrypted. */
  ownTls: Readonly<Record<string, SharedTls | null>>;
  /** The bounds of connections to single addresses, by {@link ServerSocket.entry}. */
  ownTcp: Readonly<Record<string, ConnectionBounds>>;
  /** The proxies of single addresses, by {@link ServerSocket.entry}; null: none. */
  ownProxyProtocol: Readonly<Record<string, ProxyProtocolConfig | null>>;
  /** The number of the answer cache; 0: none. */
  cache: number;
  /** For the cache; undefined: misses are not shared. */
  misses: MissMemory | undefined;
  /** The worker's side of the query log; undefined: there is none. */
  queryLog: WorkerLog | undefined;
  /** The number of the cookies and rate limits; 0: none. */
  guard: number;
  /** The last sticky message of `Server.postMessage`. */
  kept: Kept | undefined;
  /** The worker's number, from 0. */
  index: number;
  /** The number of its row of counters. */
  seat: number;
  /** Milliseconds between beats (see `heartbeat.ts`); 0: no beats. */
  heartbeat: number;
  /** Counters: Float64 elements, rows of sockets and of workers. */
  memory: SharedArrayBuffer;
  /** The element of `memory` at which the worker's row starts. */
  row: number;
  /** Open TCP connections, one row for each worker (see `ConnectionLimits`). */
  connections: SharedArrayBuffer;
}

/** A message that workers receive when they start. */
export interface Kept {
  message: unknown;
}

/** The data with which a worker thread starts. */
export interface WorkerStart extends ServingOptions {
  /** URL of the handler module. */
  href: string;
}

/** An error as it crosses between threads: a clone would lose its code. */
export interface ReportedError {
  name: string;
  message: string;
  code: string | undefined;
  stack: string | undefined;
  cause: ReportedError | undefined;
}

/** From the owner to a worker. The answer is `done` or `failed` with the same `id`; `ref` and `unref` get none. */
export type Order =
  | { kind: 'lend'; id: number; sockets: ServerSocket[] }
  | { kind: 'release'; id: number; sockets: number[] }
  | { kind: 'secure'; id: number; tls: SharedTls }
  | { kind: 'hear'; id: number; message: unknown }
  | { kind: 'drain'; id: number };

/** From a worker to the owner. */
export type Report =
  | { kind: 'ready' }
  | { kind: 'done'; id: number }
  | { kind: 'failed'; id: number | undefined; error: ReportedError }
  | { kind: 'warning'; error: ReportedError }
  | { kind: 'message'; message: unknown }
  | { kind: 'log'; level: 'debug' | 'info' | 'warn' | 'error'; message: string };

/** Converts an error into a form that can be sent. */
export function toReported(error: unknown): ReportedError {
  if (!(error instanceof Error)) {
    return { name: 'Error', message: String(error), code: undefined, stack: undefined, cause: undefined };
  }
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : undefined,
    stack: error.stack,
    cause: error.cause === undefined ? undefined : toReported(error.cause),
  };
}

/** Restores the error given to {@link toReported}, as far as possible. */
export function fromReported(reported: ReportedError): Error {
  const options = reported.cause === undefined ? {} : { cause: fromReported(reported.cause) };
  const error = new Error(reported.message, options);
  error.name = reported.name;
  if (reported.stack !== undefined) error.stack = reported.stack;
  return reported.code === undefined ? error : Object.assign(error, { code: reported.code });
}
