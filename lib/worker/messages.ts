/** What the owner of the sockets and its worker threads say to each other. Counters are not sent: they are shared. */
import type { HttpsOptions } from './https/https-options.js';
import type { Endpoint, Transport } from '../message/batch.js';
import type { Overload } from './dispatcher.js';
import type { SharedTls } from './stream/secure-context.js';
import type { TcpOptions } from './stream/tcp-options.js';

/** A socket of a server, as far as whoever serves it must know. */
export interface ServerSocket {
  /** Its row of counters, and its name between threads. */
  number: number;
  transport: Transport;
  /** The owner's descriptor: borrowers work on a duplicate. */
  fd: number;
  /** Sockets of one protocol, address and port have the same group. */
  group: number;
  /** Whether it is bound to all addresses (0.0.0.0 or ::). */
  wildcard: boolean;
  /** What it is bound to. */
  local: Endpoint;
  /** Its address as the option `listen` has it: `tls://[::]:853`, port 0 included. */
  entry: string;
}

/** How to serve: what every worker of a server is told. */
export interface ServingOptions {
  maxPayloadSize: number;
  /** The name server identifier; undefined: there is none. */
  nsid: Uint8Array | undefined;
  handlerTimeout: number;
  tcp: Required<TcpOptions>;
  tls: SharedTls | undefined;
  https: Required<HttpsOptions>;
  /** The TLS settings that addresses have for themselves, by {@link ServerSocket.entry}; null: it is not encrypted. */
  ownTls: Readonly<Record<string, SharedTls | null>>;
  /** The number of the answer cache; 0: there is none. */
  cache: number;
  /** The number of the cookies and rate limits; 0: there are none. */
  guard: number;
  workerData: unknown;
  /** The worker's number, from 0. */
  index: number;
  /** The number of its row of counters. */
  seat: number;
  /** Milliseconds between beats (see `heartbeat.ts`); 0: none. */
  heartbeat: number;
  /** Whether the worker's thread is tied to a CPU. */
  pinned: boolean;
  maxInFlight: number;
  maxQueueDelay: number;
  overload: Overload;
  /** Counters: Float64 elements, rows of sockets and of workers. */
  memory: SharedArrayBuffer;
  /** The element of `memory` at which the worker's row starts. */
  row: number;
  /** Open TCP connections, a row a worker (see `ConnectionLimits`). */
  connections: SharedArrayBuffer;
}

/** What a worker thread is started with. */
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

/** From the owner to a worker. Each but `ref` and `unref` is answered by `done` with the same `id`, or `failed`. */
export type Order =
  | { kind: 'lend'; id: number; sockets: ServerSocket[] }
  | { kind: 'release'; id: number; sockets: number[] }
  | { kind: 'secure'; id: number; tls: SharedTls }
  | { kind: 'drain'; id: number };

/** From a worker to the owner. */
export type Report =
  | { kind: 'ready' }
  | { kind: 'done'; id: number }
  | { kind: 'failed'; id: number | undefined; error: ReportedError }
  | { kind: 'warning'; error: ReportedError }
  | { kind: 'message'; message: unknown }
  | { kind: 'log'; level: 'debug' | 'info' | 'warn' | 'error'; message: string };

/** Makes an error fit to be sent. */
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

/** The error that {@link toReported} was given, as far as it can be had. */
export function fromReported(reported: ReportedError): Error {
  const options = reported.cause === undefined ? {} : { cause: fromReported(reported.cause) };
  const error = new Error(reported.message, options);
  error.name = reported.name;
  if (reported.stack !== undefined) error.stack = reported.stack;
  return reported.code === undefined ? error : Object.assign(error, { code: reported.code });
}
