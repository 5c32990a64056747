/** Converts messages that another library has encoded to replies of this one. */
import type { Packet } from 'dns-packet';
import { RecordWalk } from '../dns/record-walk.js';
import { MAX_TTL, OPTION, RECORD_FIXED_SIZE, TYPE } from '../dns/numbers.js';
import { readOptions, type EdnsOption } from '../dns/edns.js';
import { findSections } from '../dns/encoded-message.js';
import type { RawRecord, ResourceRecord } from '../dns/record.js';
import { rcodeName, typeName, type Rcode } from '../dns/registry.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { presentation, readName, wire, type QuestionName } from './question-name.js';

/** NSID, COOKIE, edns-tcp-keepalive and Padding, which are between the client and the server itself. */
const SERVER_OPTIONS: ReadonlySet<number> = new Set([OPTION.NSID, OPTION.COOKIE, OPTION.TCP_KEEPALIVE, OPTION.PADDING]);

/** The layout of RDATA with names, by type: a number of octets, a name, a character-string; the rest has no name. */
const layouts = new Map<number, readonly (number | 'name' | 'string')[]>([
  [TYPE.NS, ['name']],
  [TYPE.MD, ['name']],
  [TYPE.MF, ['name']],
  [TYPE.CNAME, ['name']],
  [TYPE.SOA, ['name', 'name']],
  [TYPE.MB, ['name']],
  [TYPE.MG, ['name']],
  [TYPE.MR, ['name']],
  [TYPE.PTR, ['name']],
  [TYPE.MINFO, ['name', 'name']],
  [TYPE.MX, [2, 'name']],
  [TYPE.RP, ['name', 'name']],
  [TYPE.AFSDB, [2, 'name']],
  [TYPE.RT, [2, 'name']],
  [TYPE.SIG, [18, 'name']],
  [TYPE.PX, [2, 'name', 'name']],
  [TYPE.NXT, ['name']],
  [TYPE.SRV, [6, 'name']],
  [TYPE.NAPTR, [4, 'string', 'string', 'string', 'name']],
  [TYPE.KX, [2, 'name']],
  [TYPE.DNAME, ['name']],
  [TYPE.RRSIG, [18, 'name']],
  [TYPE.NSEC, ['name']],
  [TYPE.SVCB, [2, 'name']],
  [TYPE.HTTPS, [2, 'name']],
]);

/** A record of an encoded message: in the form for a reply, or the contents of OPT. */
export type EncodedRecord = { record: RawRecord; end: number } | { opt: Opt; end: number };

/** The contents of an OPT record (RFC 6891 s.6.1.2, s.6.1.3). */
export interface Opt {
  /** The upper eight bits of the response code. */
  extendedRcode: number;
  options: readonly EdnsOption[];
}

/** The records of a message except OPT. */
export type Sections = Record<'answers' | 'authorities' | 'additionals', ResourceRecord[]>;

/**
 * Answers with an encoded message. Records, response code, the flags AA, TC, RA and AD, and EDNS options are taken
 * over, except the options that the server answers itself. Throws `Error` for a malformed message.
 */
export function sendEncoded(query: Query, reply: Reply, message: Buffer, question: QuestionName): void {
  const sections = findSections(message, query.question);
  if (sections !== undefined) {
    reply.takeOver(sections);
    addOptions(reply, readOptions(message, sections.optionsStart, sections.optionsEnd));
    return;
  }
  const opts: Opt[] = [];
  const records: Sections = { answers: [], authorities: [], additionals: [] };
  const walk = new RecordWalk(message);
  while (walk.next()) {
    const read = readRecord(message, walk.start, question);
    if ('opt' in read) opts.push(read.opt);
    else records[walk.section].push(read.record);
  }
  sendRecords(reply, message.readUInt16BE(2), records, opts);
}

/**
 * Answers with the flags of a header, records, and the contents of OPT records, as {@link sendEncoded} does with a
 * message.
 */
export function sendRecords(reply: Reply, flags: number, sections: Sections, opts: readonly Opt[]): void {
  // The types of dns-packet have no record of an unknown type.
  reply.send({ flags, ...sections } as Packet);
  for (const { extendedRcode, options } of opts) {
    if (extendedRcode > 0) reply.rcode = extended(flags, extendedRcode);
    addOptions(reply, options);
  }
}

function extended(flags: number, extendedRcode: number): Rcode {
  const number = (flags & 0x0f) | (extendedRcode << 4);
  const rcode = rcodeName(number);
  if (rcode === undefined) throw new RangeError(`the response code ${number} has no name`);
  return rcode;
}

function addOptions(reply: Reply, options: readonly EdnsOption[]): void {
  reply.addOptions(options.filter(({ code }) => !SERVER_OPTIONS.has(code)));
}

/** Reads the record at `at` of a message. Throws `Error` for a malformed one. */
export function readRecord(message: Buffer, at: number, question: QuestionName): EncodedRecord {
  const { labels, end: fixed } = readName(message, at);
  const type = message.readUInt16BE(fixed);
  const classNumber = message.readUInt16BE(fixed + 2);
  const ttl = message.readUInt32BE(fixed + 4);
  const start = fixed + RECORD_FIXED_SIZE;
  const end = start + message.readUInt16BE(fixed + 8);
  if (end > message.length) throw new Error('the message ends within a record');
  if (type === TYPE.OPT) return { opt: { extendedRcode: ttl >>> 24, options: readOptions(message, start, end) }, end };
  const record = {
    name: presentation(question.restore(labels)),
    // The generic name, so that the RDATA is sent unchanged.
    type: `TYPE${type}`,
    class: `CLASS${classNumber}`,
    ttl: Math.min(ttl, MAX_TTL),
    data: readRdata(message, start, end, type, question),
  };
  return { record, end };
}

/** RDATA without compression. */
function readRdata(message: Buffer, start: number, end: number, type: number, question: QuestionName): Buffer {
  const parts: Buffer[] = [];
  let at = start;
  for (const part of layouts.get(type) ?? []) {
    if (at >= end) break;
    if (part === 'name') {
      const { labels, end: next } = readName(message, at);
      parts.push(wire(question.restore(labels)));
      at = next;
      continue;
    }
    const size = part === 'string' ? 1 + message[at] : part;
    parts.push(message.subarray(at, at + size));
    at += size;
  }
  if (at > end) throw new Error(`the data of a ${typeName(type)} record is longer than its length says`);
  return Buffer.concat([...parts, message.subarray(at, end)]);
}
