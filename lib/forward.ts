/**
 * `multisocket/forward`: a client of upstream servers, for handlers that forward and for programs that only ask.
 *
 * @packageDocumentation
 */
export { createForwarder, Forwarder } from './forward/forwarder.js';
export type { Answer } from './forward/answer.js';
export type { ForwarderStatistics, UpstreamStatistics } from './forward/statistics.js';
export type { ForwarderOptions, HealthCheckOptions, UpstreamTlsOptions } from './options/forwarder.js';
export type { QuestionOptions } from './options/question.js';
export type { Histogram } from './histogram.js';
export type { CodedError } from './errors.js';
export type { Query } from './message/query.js';
export type { Reply } from './message/reply.js';
export type { EdnsOption } from './dns/edns.js';
export type { ResourceRecord } from './dns/record.js';
export type { Rcode } from './dns/registry.js';
