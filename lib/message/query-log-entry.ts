import type { Rcode } from '../dns/registry.js';
import type { Endpoint, Transport } from './batch.js';

/** A query that was answered, as the option `queryLog` reports it. */
export interface QueryLogEntry {
  /** When the reply was ready, in milliseconds since 1970 (UTC), with a fraction. */
  time: number;
  /** The name as in `Query.name`: safe in logs. */
  name: string;
  /** QTYPE by its name, as in `Query.type`. */
  type: string;
  /** QCLASS by its name. */
  class: string;
  client: Endpoint;
  /** Our address that the client asked. */
  local: Endpoint;
  transport: Transport;
  /** The response code of the reply; undefined if none is sent, because the handler dropped the query. */
  rcode: Rcode | undefined;
  /** Whether a cache has answered: the server's own, or that of the directive `cache`. */
  cached: boolean;
  /** Milliseconds from when the server took the query up to when its reply was ready, with a fraction. */
  latency: number;
  /** The reply's length in octets; 0 if none is sent. */
  length: number;
  /** With `messages: true`: the query as it was sent; otherwise undefined. */
  query: Buffer | undefined;
  /** With `messages: true`: the reply as it is sent; undefined without, and if none is sent. */
  reply: Buffer | undefined;
}

/** What else a sink is told. */
export interface QueryLogInfo {
  /** Queries that were not reported since the last call, because a buffer was full. */
  lost: number;
}

/**
 * Receives entries, in the order of each worker. If it returns a Promise, the next call waits for it; what the buffers
 * cannot hold meanwhile is lost and counted.
 */
export type QueryLogSink = (entries: QueryLogEntry[], info: QueryLogInfo) => void | Promise<void>;
