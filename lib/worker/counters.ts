/**
 * The counters and their places. Each worker counts in shared memory that no other thread writes: a row of Float64
 * elements for each socket, then a row for the worker itself. Native code's counters come first in a row
 * (`native/message/layout.h`), then those of this file. A gauge also goes down.
 */
import { addon } from '../native/addon.js';
import { nativeSocketCounters, nativeWorkerCounters } from '../native/layout.js';

/** Counters of a socket, in the order of its row. */
export const socketCounters = nativeSocketCounters;

/**
 * Counters of a worker, in the order of its row: those of native code, then these.
 *
 * - `handled`: queries given to the handler. Of these `handlerThrew`, `handlerRejected`, `handlerSilent` (no answer),
 *   `handlerTimedOut` and `replyInvalid` (records that cannot be encoded) got SERVFAIL; `handlerDropped` got nothing,
 *   because the handler dropped them.
 * - `shed`: queries that were not given to the handler, because handlers held as many as they may.
 * - `truncated`: replies sent with TC=1.
 * - `inFlight`: queries that handlers hold at this moment.
 * - `tlsHandshakeFailures`: connections whose TLS handshake failed.
 * - `repliesNoError`, `repliesNxDomain`, `repliesServFail`, `repliesRefused`, `repliesOther`: replies to queries that
 *   were given to the handler or shed, by response code. Answers of native code, from the cache or to malformed
 *   messages, are not among them.
 * - `sharedMisses`: of `handled`, queries that waited until the handler had answered another one, and got that answer
 *   from the server's cache (`cache.shareMisses`).
 * - `streams`: replies of several messages that were begun. `streamsCut`: those that ended too early, because their handler
 *   failed or their connection was closed.
 * - `httpsQueries`, `httpsReplies`, `grpcQueries`, `grpcReplies`: messages received and sent by HTTPS, and by gRPC.
 */
export const workerCounters = [
  ...nativeWorkerCounters,
  'handled',
  'handlerThrew',
  'handlerRejected',
  'handlerSilent',
  'handlerTimedOut',
  'handlerDropped',
  'shed',
  'replyInvalid',
  'truncated',
  'inFlight',
  'tlsHandshakeFailures',
  'streams',
  'streamsCut',
  'httpsQueries',
  'httpsReplies',
  'grpcQueries',
  'grpcReplies',
  'repliesNoError',
  'repliesNxDomain',
  'repliesServFail',
  'repliesRefused',
  'repliesOther',
  'sharedMisses',
] as const;

/** The name of a counter of a socket. */
export type SocketCounter = (typeof socketCounters)[number];

/** The name of a counter of a worker. */
export type WorkerCounter = (typeof workerCounters)[number];

const { layout } = addon;

// A binary of another version may have another list.
if (
  layout.socketCounters.some((name, i) => name !== socketCounters[i]) ||
  layout.workerCounters.some((name, i) => name !== workerCounters[i]) ||
  workerCounters.length > layout.workerRow ||
  socketCounters.length > layout.socketRow
) {
  throw new Error('the native addon does not fit this version of the library: run "npm run build:native"');
}

/** The place of a counter in a worker's row. */
export function workerCounter(name: WorkerCounter): number {
  return workerCounters.indexOf(name);
}

/** The place of a counter in a socket's row. */
export function socketCounter(name: SocketCounter): number {
  return socketCounters.indexOf(name);
}
