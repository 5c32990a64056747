/**
 * Adapter for handlers of native-dns: `(request, response)`, records with their fields side by side, types as numbers.
 */
import { inspect } from 'node:util';
import { DNSSEC_OK, TYPE } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import { typeName } from '../dns/registry.js';
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import { sendRecords, type Opt } from './encoded-reply.js';
import { untilDone } from './once.js';
import { presentation, QuestionName } from './question-name.js';

/** A record as made by `dns.A({ name, address, ttl })` of native-dns. */
export interface NativeDnsRecord {
  name: string;
  type: number;
  class?: number;
  ttl?: number;
  [field: string]: unknown;
}

/** An OPT record in native-dns's form: `class` is the payload size in octets. */
export interface NativeDnsEdns {
  name: string;
  type: number;
  class: number;
  ttl: number;
  rcode: number;
  version: number;
  /** 1: the client wants DNSSEC records. */
  do: number;
  options: { code: number; data: Buffer }[];
}

/** The header of a message; every flag is 0 or 1. */
export type NativeDnsHeader = Record<
  'id' | 'qr' | 'opcode' | 'aa' | 'tc' | 'rd' | 'ra' | 'res1' | 'res2' | 'res3' | 'rcode',
  number
>;

interface Message {
  header: NativeDnsHeader;
  question: { name: string; type: number; class: number }[];
  answer: NativeDnsRecord[];
  authority: NativeDnsRecord[];
  additional: NativeDnsRecord[];
}

/** A request for such a handler. */
export interface NativeDnsRequest extends Message {
  address: { address: string; port: number; family: string; size: number };
  edns?: NativeDnsEdns;
  edns_version?: number;
  edns_options: NativeDnsEdns['options'];
  /** The client's payload size in octets, if it used EDNS. */
  payload?: number;
}

/** The response of such a handler. `rcode`, `aa`, `tc`, `ra` and `res2` (AD) of the header are used. */
export interface NativeDnsResponse extends Message {
  send(): void;
}

/** The shape of native-dns's listeners of the event `request`. */
export type NativeDnsHandler = (request: NativeDnsRequest, response: NativeDnsResponse) => unknown;

type Kind = 'name' | 'number' | 'address' | 'string' | 'strings' | 'octets';
/** A field by its name here and by native-dns's. */
type Field = readonly [ours: string, theirs: string, kind: Kind];

const DATA: readonly Field[] = [['', 'data', 'name']];
const ADDRESS: readonly Field[] = [['', 'address', 'address']];
const STRINGS: readonly Field[] = [['', 'data', 'strings']];

/**
 * The records that native-dns can write; for all others `data` is the RDATA. A field without a name of ours is the
 * whole data.
 */
const layouts: Readonly<Record<string, readonly Field[]>> = {
  A: ADDRESS,
  AAAA: ADDRESS,
  NS: DATA,
  CNAME: DATA,
  PTR: DATA,
  TXT: STRINGS,
  SPF: STRINGS,
  MX: [
    ['preference', 'priority', 'number'],
    ['exchange', 'exchange', 'name'],
  ],
  SRV: [
    ['priority', 'priority', 'number'],
    ['weight', 'weight', 'number'],
    ['port', 'port', 'number'],
    ['target', 'target', 'name'],
  ],
  SOA: [
    ['mname', 'primary', 'name'],
    ['rname', 'admin', 'name'],
    ['serial', 'serial', 'number'],
    ['refresh', 'refresh', 'number'],
    ['retry', 'retry', 'number'],
    ['expire', 'expiration', 'number'],
    ['minimum', 'minimum', 'number'],
  ],
  NAPTR: [
    ['order', 'order', 'number'],
    ['preference', 'preference', 'number'],
    ['flags', 'flags', 'string'],
    ['services', 'service', 'string'],
    ['regexp', 'regexp', 'string'],
    ['replacement', 'replacement', 'name'],
  ],
  TLSA: [
    ['usage', 'usage', 'number'],
    ['selector', 'selector', 'number'],
    ['matchingType', 'matchingtype', 'number'],
    ['certificate', 'buff', 'octets'],
  ],
};

/**
 * Makes a handler from a listener of native-dns's event `request`; it is done when the listener calls
 * `response.send()`.
 */
export function fromNativeDns(handle: NativeDnsHandler): Handler {
  return untilDone((query, reply, done, failed) => {
    const question = new QuestionName(query.question, 'ascii');
    const request = requestOf(query, question);
    const response: NativeDnsResponse = {
      header: { ...headerOf(0), id: query.id, qr: 1, rd: 1 },
      question: request.question,
      answer: [],
      authority: [],
      additional: [],
      send: () => {
        try {
          const { header, answer, authority, additional } = response;
          const isOpt = ({ type }: NativeDnsRecord): boolean => type === TYPE.OPT;
          const sections = {
            answers: answer.map((record) => toRecord(record, question)),
            authorities: authority.map((record) => toRecord(record, question)),
            additionals: additional.filter((record) => !isOpt(record)).map((record) => toRecord(record, question)),
          };
          sendRecords(reply, flagsOf(header), sections, additional.filter(isOpt).map(toOpt));
          done();
        } catch (error) {
          failed(error);
        }
      },
    };
    return handle(request, response);
  });
}

function requestOf(query: Query, question: QuestionName): NativeDnsRequest {
  const { id, flags, typeNumber, classNumber, client, edns, length } = query;
  const asked = { name: question.shown, type: typeNumber, class: classNumber };
  const request: NativeDnsRequest = {
    header: { ...headerOf(flags), id },
    question: [asked],
    answer: [],
    authority: [],
    additional: [],
    edns_options: [],
    address: { ...client, size: length },
  };
  if (edns === undefined) return request;
  const { udpPayloadSize, dnssecOk } = edns;
  const options = [...edns.options];
  const ttl = dnssecOk ? DNSSEC_OK : 0;
  const opt = {
    name: '',
    type: TYPE.OPT,
    class: udpPayloadSize,
    ttl,
    rcode: 0,
    version: 0,
    do: Number(dnssecOk),
    options,
  };
  const more = { edns: opt, edns_version: 0, edns_options: options, payload: udpPayloadSize };
  return Object.assign(request, more, { additional: [opt] });
}

/** The flags of a header (RFC 1035 s.4.1.1); `res2` and `res3` are AD and CD (RFC 4035 s.3.2). */
function headerOf(flags: number): NativeDnsHeader {
  const bit = (place: number): number => (flags >> place) & 1;
  const [qr, aa, tc, rd, ra, res1, res2, res3] = [15, 10, 9, 8, 7, 6, 5, 4].map(bit);
  return { id: 0, qr, opcode: (flags >> 11) & 0x0f, aa, tc, rd, ra, res1, res2, res3, rcode: flags & 0x0f };
}

function flagsOf({ aa, tc, ra, res2, rcode }: NativeDnsHeader): number {
  const bit = (on: number, place: number): number => (on ? 1 << place : 0);
  return bit(aa, 10) | bit(tc, 9) | bit(ra, 7) | bit(res2, 5) | (rcode & 0x0f);
}

function toOpt(record: NativeDnsRecord): Opt {
  return { extendedRcode: 0, options: (record.options ?? []) as Opt['options'] };
}

/** Throws `Error` for a record of another type without RDATA, and for one that lacks a field of its type. */
function toRecord(record: NativeDnsRecord, question: QuestionName): ResourceRecord {
  const type = typeName(record.type);
  const fixed = { name: nameOf(record.name, question), class: `CLASS${record.class ?? 1}`, ttl: record.ttl ?? 0 };
  const layout = layouts[type] as readonly Field[] | undefined;
  if (layout === undefined) {
    const { data } = record;
    if (data instanceof Uint8Array) return { ...fixed, type: `TYPE${record.type}`, data: Buffer.from(data) };
    throw new Error(`a record of type ${type} needs its RDATA as a Buffer in "data", not ${inspect(data)}`);
  }
  const values = layout.map(([ours, theirs, kind]) => [ours, valueOf(type, theirs, kind, record[theirs], question)]);
  const data: unknown = layout[0][0] === '' ? values[0][1] : Object.fromEntries(values);
  return { ...fixed, type, data } as ResourceRecord;
}

/** Converts the value of a field to the form of records here. */
function valueOf(type: string, field: string, kind: Kind, value: unknown, question: QuestionName): unknown {
  const wrong = (expected: string): Error =>
    new Error(`a record of type ${type} needs ${expected} in "${field}", not ${inspect(value)}`);
  switch (kind) {
    case 'number':
      if (typeof value !== 'number') throw wrong('a number');
      return value;
    case 'name':
      if (typeof value !== 'string') throw wrong('a name');
      return nameOf(value, question);
    case 'strings':
      if (typeof value !== 'string' && !Array.isArray(value)) throw wrong('a string or an array of strings');
      return value;
    case 'octets':
      if (!(value instanceof Uint8Array)) throw wrong('a Buffer');
      return value;
    default:
      if (typeof value !== 'string') throw wrong(kind === 'string' ? 'a string' : 'an address');
      return kind === 'string' ? Buffer.from(value, 'latin1') : value;
  }
}

/** Converts a name of native-dns, which has no escapes, to presentation form. */
function nameOf(text: string, question: QuestionName): string {
  const labels = text.split('.').filter((label) => label !== '');
  return presentation(question.restore(labels.map((label) => Buffer.from(label, 'latin1'))));
}
