/**
 * What is counted, and where: a row of Float64 elements in shared memory for each socket and for each worker. Native
 * code's counters come first in a row (`native/message/layout.h`), then those of this file. Each element is written by one
 * thread at a time; a gauge also goes down.
 */
import { addon } from '../native/addon.js';

/** Counters of a socket, in the order of its row. */
export const socketCounters = ['queries', 'batches', 'connections'] as const;

/** Counters of a worker, in the order of its row. */
export const workerCounters = [
  'received',
  'batches',
  'sent',
  'segmentedSends',
  'sendRetries',
  'sendFailures',
  'droppedShort',
  'droppedResponse',
  'droppedPortZero',
  'droppedOversize',
  'droppedStale',
  'formatErrors',
  'notImplemented',
  'badVersions',
  'cacheHits',
  'badCookies',
  'rateLimitDropped',
  'rateLimitSlipped',
  'rateLimitBypassed',
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
  'tcpQueries',
  'tcpReplies',
  'tcpAccepted',
  'tcpAcceptFailures',
  'tcpPaused',
  'tcpOpen',
  'tcpRefused',
  'tcpRefusedClient',
  'tcpIdle',
  'tcpMessageTimeout',
  'tcpWriteTimeout',
  'tlsHandshakeFailures',
  'httpsQueries',
  'httpsReplies',
  'grpcQueries',
  'grpcReplies',
] as const;

/**
 * - `queries`: UDP: datagrams received; TCP: messages.
 * - `batches`: UDP: system calls that received them.
 * - `connections`: TCP: connections accepted.
 */
export type SocketCounter = (typeof socketCounters)[number];

/**
 * - `received`, `batches`, `sent`: datagrams received, the batches that they came in, and datagrams sent.
 * - `segmentedSends`: of `sent`, those that left together with others to the same client as one message, which the kernel
 *   or the network device cuts (Linux, UDP_SEGMENT).
 * - `sendRetries`, `sendFailures`: how often the kernel had no room for a datagram and was asked again; datagrams that
 *   it would not take at all.
 * - `droppedShort`, `droppedResponse`, `droppedPortZero`, `droppedOversize`: messages dropped without an answer: under
 *   12 bytes, with QR=1, from port 0, longer than a receive slot.
 * - `droppedStale`: datagrams dropped because they had waited in the kernel for longer than `maxQueueDelay`.
 * - `formatErrors`, `notImplemented`, `badVersions`: messages answered with FORMERR, NOTIMP, BADVERS.
 * - `cacheHits`: queries answered from the cache.
 * - `badCookies`: messages answered with BADCOOKIE.
 * - `rateLimitDropped`, `rateLimitSlipped`: responses that were too many: not sent at all, or sent short. With
 *   `rateLimit.reportOnly` they are counted and sent all the same.
 * - `rateLimitBypassed`: messages that no rate was charged for, because of a good cookie.
 * - `handled`: queries given to the handler. Of these `handlerThrew`, `handlerRejected`, `handlerSilent` (it answered
 *   nothing), `handlerTimedOut` and `replyInvalid` (its records could not be encoded) got SERVFAIL; `handlerDropped`
 *   got nothing, as the handler wished.
 * - `shed`: queries that no handler was given, because handlers held as many as they may.
 * - `truncated`: replies sent with TC=1.
 * - `inFlight`: queries that handlers hold at this moment.
 * - `tcpQueries`, `tcpReplies`: messages received and sent by TCP.
 * - `tcpAccepted`, `tcpOpen`: connections accepted, and open at this moment.
 * - `tcpAcceptFailures`: times that a waiting connection could not be accepted, for want of descriptors most likely.
 * - `tcpPaused`: times that connections had to wait in the kernel, because descriptors were running out.
 * - `tcpRefused`, `tcpRefusedClient`: connections reset at once, because of the cap in all or of the client's own.
 * - `tcpIdle`, `tcpMessageTimeout`, `tcpWriteTimeout`: connections closed because nothing came, because a message was
 *   not complete in time, because the client did not read its answers.
 * - `tlsHandshakeFailures`: connections that did not get through the TLS handshake.
 * - `httpsQueries`, `httpsReplies`, `grpcQueries`, `grpcReplies`: messages received and sent by HTTPS, and by gRPC. Those over TLS count as `tcpQueries`.
 */
export type WorkerCounter = (typeof workerCounters)[number];

const { layout } = addon;

// Two lists of the same names, one in C++: they must not drift apart.
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
