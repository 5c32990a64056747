/**
 * `multisocket`: DNS servers in Node that use the whole machine.
 *
 * @packageDocumentation
 */
export { createServer } from './run/create-server.js';
export { Server, type ServerEvents } from './server/server.js';
export { CorefileServer, type CorefileReloadOptions } from './run/corefile-server.js';
export type { CorefileOptions } from './run/corefile-options.js';
export { ServerCache } from './server/server-cache.js';
export type { CacheCounters } from './native/addon.js';
export type { Dependency, VaryBy } from './message/cache-choice.js';
export type { AdaptationBounds, ReloadOptions, ServerOptions } from './options/server.js';
export type { CacheOptions, PrefetchOptions } from './options/cache.js';
export type { QueryLogOptions } from './options/query-log.js';
export type { QueryLogEntry, QueryLogInfo, QueryLogSink } from './message/query-log-entry.js';
export type { CookieOptions } from './options/cookies.js';
export type { HttpsOptions } from './options/https.js';
export type { ListenOptions } from './options/listen.js';
export type { ProxyProtocolOptions } from './options/proxy-protocol.js';
export type { TsigKeyOptions, TsigOptions } from './options/tsig.js';
export type { Overload } from './options/serving.js';
export type { RateLimitOptions } from './options/rate-limit.js';
export type { ConnectionBounds, TcpOptions } from './options/tcp.js';
export type { TlsSettings } from './options/tls.js';
export { MAX_SOCKETS, type Steering } from './options/sockets.js';
export type { CloseOptions, CloseReport, PostMessageOptions } from './server/server.js';
export type { ControlReport } from './server/control.js';
export type { BoundAddress } from './server/served-address.js';
export type { ServerStatistics, SocketStatistics, WorkerStatistics } from './server/statistics.js';
export type { CodedError } from './errors.js';
export type { Handler, HandlerContext, HandlerModule, Logger, MessageListener } from './message/handler.js';
export type { Endpoint, Transport } from './message/batch.js';
export type { QueryConnection, QueryRequest } from './message/connection.js';
export { Query } from './message/query.js';
export type { LookupAnswer } from './message/lookup-answer.js';
export type { QueryTsig } from './message/query-signature.js';
export type { Change, Notify, Prerequisite, Update, UpdateZone } from './dns/update.js';
export type { TsigAlgorithm } from './dns/tsig.js';
export { Reply, type ReplyObserver, type ReplyOutcome } from './message/reply.js';
export { packRecords, type PackedRecords, type PackOptions } from './message/pack-records.js';
export type { MessageSource, StreamMessage } from './message/stream.js';
export type { DecodedMessage, DecodedRecord } from './dns/decode.js';
export type { NewerRecord, RawRecord, TextType, ResourceRecord, ServiceRecord } from './dns/record.js';
export type { AfsdbData, KxData, LpData, MinfoData, PxData, RtData, TalinkData } from './dns/records/names.js';
export type { UriData } from './dns/records/text.js';
export type { ServiceBinding } from './dns/records/svcb.js';
export type { ServiceParameters } from './dns/records/service-parameters.js';
export type { Opcode, Rcode } from './dns/registry.js';
export type { Edns, EdnsOption } from './dns/edns.js';
export type { ClientSubnet } from './dns/client-subnet.js';
export { registerDirective } from './corefile/registry.js';
export type * from './corefile/directive.js';
export type { MetricSample } from './corefile/metric-sample.js';
export type { Histogram } from './histogram.js';
export { usableCpus } from './socket/cpus.js';
export { recommendSockets, type CpuUse } from './socket/recommend-sockets.js';
export type { AdaptationStep } from './server/adaptation.js';
