/** Answers of primaries, octet by octet, for scripts of an upstream. */
import { encoded } from '../../dist/dns/records/codec.js';
import { writeRdata } from '../../dist/dns/records/index.js';
import { typeNumber } from '../../dist/dns/registry.js';
import type { ResourceRecord } from '../../dist/index.js';
import type { Asked, Script } from './upstream.js';

/** A record on the wire, names uncompressed. */
export function recordBytes({ name, type, ttl = 0, data }: ResourceRecord, recordClass = 1): Buffer {
  return encoded((writer) => {
    const number = typeNumber(type) ?? 0;
    writer.name(name, false);
    writer.u16(number);
    writer.u16(recordClass);
    writer.u32(ttl);
    writeRdata(writer, number, type, data);
  });
}

/** An SOA record with small times. */
export function soa(
  origin: string,
  serial: number,
  times: Partial<Record<'refresh' | 'retry' | 'expire', number>> = {},
): ResourceRecord {
  const data = {
    mname: `ns.${origin}`,
    rname: `h.${origin}`,
    serial,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: 60,
  };
  return { name: origin, type: 'SOA', ttl: 300, data: { ...data, ...times } };
}

/** How an answer differs from a right one. */
export interface AnswerStyle {
  flags?: number;
  id?: number;
  question?: boolean;
}

/** An answer to `query` with these records in its answer section. */
export function answerBytes(query: Buffer, records: readonly Buffer[], style: AnswerStyle = {}): Buffer {
  const { flags = 0x8400, id = query.readUInt16BE(0), question = true } = style;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(question ? 1 : 0, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question ? questionOf(query) : Buffer.alloc(0), ...records]);
}

/** Answers SOA, AXFR and IXFR from a whole zone, which begins with its SOA record; IXFR as AXFR. */
export function serving(zone: () => readonly ResourceRecord[]): Script {
  return (asked) => {
    const records = zone().map((record) => recordBytes(record));
    const wanted = typeAsked(asked) === 'SOA' ? records.slice(0, 1) : [...records, records[0]];
    asked.send(answerBytes(asked.message, wanted));
  };
}

/** The type that a query asks for. */
export function typeAsked({ decoded }: Asked): string {
  return decoded.questions?.[0].type ?? '';
}

function questionOf(query: Buffer): Buffer {
  let at = 12;
  while (query[at] !== 0) at += query[at] + 1;
  return query.subarray(12, at + 5);
}
