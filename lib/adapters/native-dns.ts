/** Handlers as native-dns has them: `(request, response)`, records with their fields side by side, types as numbers. */
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { ResourceRecord } from '../dns/record.js';
import { rcodeName, typeName } from '../dns/registry.js';
import { untilDone } from './once.js';

/** A record as `dns.A({ name, address, ttl })` of native-dns makes it. */
export interface NativeDnsRecord {
  name: string;
  type: number;
  class?: number;
  ttl?: number;
  [field: string]: unknown;
}

/** What such a handler reads of a request. */
export interface NativeDnsRequest {
  header: { id: number; rd: number; opcode: number };
  question: { name: string; type: number; class: number }[];
  address: { address: string; port: number; family: string };
}

/** What such a handler fills in and sends. */
export interface NativeDnsResponse {
  /** `rcode`, `aa` and `ra` count. */
  header: { rcode: number; aa: number; ra: number };
  question: NativeDnsRequest['question'];
  answer: NativeDnsRecord[];
  authority: NativeDnsRecord[];
  additional: NativeDnsRecord[];
  send(): void;
}

/** The shape of native-dns's listeners of the event `request`. */
export type NativeDnsHandler = (request: NativeDnsRequest, response: NativeDnsResponse) => unknown;

/** Which fields of a record are its data, by type; the others have all in `data`. */
const fields: Readonly<Record<string, readonly (readonly [ours: string, theirs: string])[]>> = {
  MX: [
    ['preference', 'priority'],
    ['exchange', 'exchange'],
  ],
  SRV: ['priority', 'weight', 'port', 'target'].map((name) => [name, name] as const),
  SOA: [
    ['mname', 'primary'],
    ['rname', 'admin'],
    ['serial', 'serial'],
    ['refresh', 'refresh'],
    ['retry', 'retry'],
    ['expire', 'expiration'],
    ['minimum', 'minimum'],
  ],
  NAPTR: [
    ['order', 'order'],
    ['preference', 'preference'],
    ['flags', 'flags'],
    ['services', 'service'],
    ['regexp', 'regexp'],
    ['replacement', 'replacement'],
  ],
};

/** A handler from a listener of native-dns's event `request`; it is done when that calls `response.send()`. */
export function fromNativeDns(handle: NativeDnsHandler): Handler {
  return untilDone((query, reply, done, failed) => {
    const request = requestOf(query);
    const response: NativeDnsResponse = {
      header: { rcode: 0, aa: 0, ra: 0 },
      question: request.question,
      answer: [],
      authority: [],
      additional: [],
      send: () => {
        try {
          const { header, answer, authority, additional } = response;
          reply.rcode = rcodeName(header.rcode) ?? 'SERVFAIL';
          reply.authoritative = Boolean(header.aa);
          reply.recursionAvailable = Boolean(header.ra);
          reply.answer(...answer.map(toRecord));
          reply.authority(...authority.map(toRecord));
          reply.additional(...additional.map(toRecord));
          done();
        } catch (error) {
          failed(error);
        }
      },
    };
    return handle(request, response);
  });
}

function requestOf({ id, name, typeNumber, classNumber, recursionDesired, client }: Query): NativeDnsRequest {
  return {
    header: { id, rd: Number(recursionDesired), opcode: 0 },
    question: [{ name, type: typeNumber, class: classNumber }],
    address: client,
  };
}

function toRecord(record: NativeDnsRecord): ResourceRecord {
  const { name, ttl = 0 } = record;
  const type = typeName(record.type);
  const parts = fields[type] as (typeof fields)[string] | undefined;
  const data =
    parts === undefined
      ? (record.address ?? record.data)
      : Object.fromEntries(parts.map(([ours, theirs]) => [ours, record[theirs]]));
  return { type, name, ttl, data } as ResourceRecord;
}
