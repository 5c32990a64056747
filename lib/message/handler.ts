/** The handlers that users write, and the modules that contain them. */
import type { AnswerCache, NativeZoneImage, ZoneTable } from '../native/addon.js';
import type { Endpoint } from './batch.js';
import type { Query } from './query.js';
import type { Reply } from './reply.js';

/**
 * Answers a query by filling in the reply, at once or when the returned Promise resolves.
 *
 * The client gets SERVFAIL if the handler throws, rejects, leaves the reply untouched, or takes longer than
 * `handlerTimeout`.
 */
export type Handler = (query: Query, reply: Reply) => void | Promise<void>;

/** Receives log messages of handlers; `console` is one. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Receives messages of the server. */
export type MessageListener = (message: unknown) => void | Promise<void>;

/** The argument of a handler module's `setup`. */
export interface HandlerContext<WorkerData = unknown> {
  /** The server's option `workerData`, cloned into this worker. */
  workerData: WorkerData;
  /** The worker's number, from 0. */
  index: number;
  /** The server's `logger` option, from any thread. */
  logger: Logger;
  /** The server's option `maxPayloadSize`: the longest UDP reply in octets. */
  maxPayloadSize: number;
  /** Aborted when the worker is about to end. */
  signal: AbortSignal;
  /**
   * Sends a message to the server, which emits `message` with a clone of it. Throws `DataCloneError` for a value that
   * cannot be cloned.
   */
  postMessage(message: unknown): void;
  /**
   * Calls `listener` with a clone of each message that the server sends by `server.postMessage`, in their order, and with
   * the last sticky one when `setup` has ended, before the first query. A listener may return a Promise: the next message
   * waits for it, and so does the Promise of `server.postMessage`. An error of a listener is a `warning` of the server.
   */
  on: (event: 'message', listener: MessageListener) => void;
  /**
   * Lets native code answer the questions for a zone of `multisocket/zone`, as `zone.answer` does, without the handler:
   * `serveZone(zone.image())`. The longest zone that contains a name answers. The handler still gets zone transfers, signed
   * queries, other classes than IN, and DS of the zone's own name. An update of the zone shows after another call.
   *
   * Without the native addon it has no effect, so that the handler should answer by `zone.answer` what it gets.
   */
  serveZone(image: NativeZoneImage): void;
  /** Lets the handler answer again for a zone; `origin` as in `zone.origin`. */
  withdrawZone(origin: string): void;
}

/** The exports of the module that the `filename` option names. */
export interface HandlerModule<WorkerData = unknown> {
  default: Handler;
  /** Runs before the first query; the server listens when all workers have done so. */
  setup?(context: HandlerContext<WorkerData>): void | Promise<void>;
  /** @internal The caches that may answer in its place at one of our addresses and ports; called after `setup`. */
  caches?(local: Endpoint): readonly AnswerCache[];
  /** @internal The zones that native code answers in its place there; default: those of `serveZone`. */
  zones?(local: Endpoint): ZoneTable | undefined;
  /** @internal Whether it checks the signatures of queries itself; called after `setup`. */
  checksSignatures?(): boolean;
  /** Runs after the last query. */
  close?(): void | Promise<void>;
}
