import { NetworkSet } from '../dns/networks.js';
import { addon, type AnswerCache, type Guard, type QueryLog } from '../native/addon.js';
import { createDispatcher } from './checked-dispatcher.js';
import { workerCounter } from './counters.js';
import type { Dispatcher, DispatcherOptions } from './dispatcher.js';
import { ednsSettings, type EdnsSettings } from './edns-settings.js';
import { HandlerFailures, type Report } from './handler-failures.js';
import type { LoadedHandler } from './handler-module.js';
import { LoggedEncoder, type Encoder } from './logged-encoder.js';
import type { ServingOptions } from './messages.js';
import { Proxies } from './proxies.js';
import { ReplyEncoder } from './reply-encoder.js';
import { allBounds } from './stream/connection-bounds.js';
import { shareMisses } from './shared-handler.js';
import { SharedMisses } from './shared-misses.js';
import { ConnectionLimits } from './stream/connection-limits.js';
import { StreamTurns } from './stream/stream-turns.js';

/** What all transports of a worker share. */
export interface WorkerContext {
  /** The server's options. */
  settings: ServingOptions;
  /** All rows of counters (see `lib/worker/counters.ts`). */
  counters: Float64Array;
  /** The element of `counters` at which this worker's row starts. */
  row: number;
  /** The contents of OPT records, by transport. */
  edns: EdnsSettings;
  /** Cookies and rate limits; undefined if the server has neither. */
  guard: Guard | undefined;
  /** The server's own answer cache; undefined if it has none. */
  cache: AnswerCache | undefined;
  /** HTTP proxies whose word for their clients is taken. */
  trustedProxies: NetworkSet;
  /** Which proxies the server's addresses believe, by the PROXY protocol. */
  proxies: Proxies;
  /** The caps on connections, shared by all workers. */
  limits: ConnectionLimits;
  dispatcher: Dispatcher;
  encoder: Encoder;
  /** The worker's side of the query log; undefined: there is none. */
  log: QueryLog | undefined;
  /** The turns of streams of messages. */
  streamTurns: StreamTurns;
  /** Passes a report on, unless its code was reported too recently. */
  report: Report;
}

/** Attaches to what the server opened, and makes the objects that every transport needs. */
export function createContext(
  settings: ServingOptions,
  { handler, checksSignatures }: Pick<LoadedHandler, 'handler' | 'checksSignatures'>,
  report: Report,
): WorkerContext {
  const { row, maxPayloadSize } = settings;
  const counters = new Float64Array(settings.memory);
  const failures = new HandlerFailures(counters, row, report);
  const cache = settings.cache === 0 ? undefined : new addon.AnswerCache(settings.cache);
  const guard = settings.guard === 0 ? undefined : new addon.Guard(settings.guard);
  const edns = ednsSettings({
    opcodes: settings.opcodes,
    signatures: checksSignatures || settings.tsig !== undefined,
    maxPayloadSize,
    // The shortest: no client may rely on more than its address allows.
    idleTimeout: Math.min(...allBounds(settings).map((bounds) => bounds.idleTimeout)),
    grpcEncrypted: [settings.tls, ...Object.values(settings.ownTls)].some((tls) => tls !== undefined && tls !== null),
    nsid: settings.nsid,
  });
  const proxies = new Proxies(settings);
  const limits = new ConnectionLimits(settings.connections, settings.seat);
  const trustedProxies = new NetworkSet(settings.trustedProxies);
  const around = sharing(settings, cache, counters);
  const dispatcher = createDispatcher({ ...settings, handler, around, cache, counters, failures, report }, settings);
  const plain = new ReplyEncoder({ cache, maxPayloadSize, edns, counters, row, failures });
  const streamTurns = new StreamTurns();
  const ours = { settings, counters, row, edns, guard, cache, trustedProxies, proxies, limits, dispatcher };
  return { ...ours, ...logging(settings, plain), streamTurns, report };
}

function logging({ queryLog }: ServingOptions, encoder: ReplyEncoder): Pick<WorkerContext, 'log' | 'encoder'> {
  if (queryLog === undefined) return { log: undefined, encoder };
  const { memory, sample, messages } = queryLog;
  const log = new addon.QueryLog(new Uint32Array(memory), sample, messages);
  return { log, encoder: new LoggedEncoder(encoder, log, sample) };
}

/** Undefined if the server's own cache does not share misses. */
function sharing(
  { misses, row }: ServingOptions,
  cache: AnswerCache | undefined,
  counters: Float64Array,
): DispatcherOptions['around'] {
  if (misses === undefined || cache === undefined) return undefined;
  const place = row + workerCounter('sharedMisses');
  return (handler) =>
    shareMisses(handler, cache, new SharedMisses(misses), () => {
      counters[place]++;
    });
}
