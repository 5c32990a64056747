/**
 * Decodes messages into dns-packet's form. Names can be encoded again, and types that dns-packet does not know are
 * decoded, too.
 */
import packet, { type DecodedPacket, type OptAnswer } from 'dns-packet';
import { CLASS, HEADER_SIZE, TYPE } from './numbers.js';
import { WireReader } from './reader.js';
import { readRdata } from './records/index.js';
import type { ResourceRecord, ServiceRecord } from './record.js';
import { className, typeName } from './registry.js';

/** A decoded record: OPT in dns-packet's shape, other types in the shape that replies take. */
export type DecodedRecord = ResourceRecord | ServiceRecord | OptAnswer;

type Section = 'answers' | 'authorities' | 'additionals';
const SECTIONS: readonly Section[] = ['answers', 'authorities', 'additionals'];

/** A message in dns-packet's shape, with {@link DecodedRecord} as its records. */
export type DecodedMessage = Omit<DecodedPacket, Section> & Partial<Record<Section, DecodedRecord[] | undefined>>;

/** Whether a record is OPT. */
export function isOpt(record: { type: string }): record is OptAnswer {
  return record.type === 'OPT';
}

/** The cache-flush bit of multicast DNS in the class of a record (RFC 6762 s.10.2). dns-packet shows it as `flush`. */
const FLUSH = 0x8000;

/**
 * Decodes a message. Names are in presentation form (RFC 1035 s.5.1). Throws `Error` for a message that is cut off or
 * malformed.
 */
export function decodeMessage(message: Buffer): DecodedMessage {
  if (message.length < HEADER_SIZE) throw new Error(`the message is shorter than a header of ${HEADER_SIZE} octets`);
  const reader = new WireReader(message);
  const decoded = packet.decode(withCounts(message, 0)) as DecodedMessage;
  reader.at = 4;
  const questions = reader.u16();
  const counts = SECTIONS.map((section) => ({ section, count: reader.u16() }));
  decoded.questions = Array.from({ length: questions }, () => ({
    name: reader.name(),
    type: nameOfType(reader.u16()) as packet.RecordType,
    class: nameOfClass(reader.u16()) as packet.RecordClass,
  }));
  for (const { section, count } of counts) {
    decoded[section] = Array.from({ length: count }, () => readRecord(reader));
  }
  return decoded;
}

function readRecord(reader: WireReader): DecodedRecord {
  const start = reader.at;
  const name = reader.name();
  const number = reader.u16();
  const recordClass = reader.u16();
  const ttl = reader.u32();
  const length = reader.u16();
  if (length > reader.left) throw new Error('the message ends within a record');
  const { end } = reader;
  const rdataEnd = reader.at + length;
  if (number === TYPE.OPT) {
    reader.at = rdataEnd;
    return decodeOpt(reader.bytes.subarray(start, rdataEnd));
  }
  reader.end = rdataEnd;
  // In an UPDATE, a record of these classes may stand for many and have no data (RFC 2136 s.2.4, s.2.5).
  const isEmpty = length === 0 && (recordClass === CLASS.ANY || recordClass === CLASS.NONE);
  const data = isEmpty ? Buffer.alloc(0) : readRdata(reader, number);
  reader.end = end;
  const type = nameOfType(number);
  const flush = (recordClass & FLUSH) !== 0;
  return { name, type, ttl, class: nameOfClass(recordClass & ~FLUSH), flush, data } as unknown as DecodedRecord;
}

/** Decodes an OPT record by dns-packet, which has a shape for each option. */
function decodeOpt(record: Buffer): OptAnswer {
  const { additionals } = packet.decode(Buffer.concat([withCounts(Buffer.alloc(HEADER_SIZE), 1), record]));
  return additionals?.[0] as OptAnswer;
}

/** The header of a message that has `additionals` records in its additional section and nothing else. */
function withCounts(message: Buffer, additionals: number): Buffer {
  return Buffer.concat([message.subarray(0, 4), Buffer.of(0, 0, 0, 0, 0, 0, 0, additionals)]);
}

/** The name of a type; `UNKNOWN_65280`, as in dns-packet, for a type without a name. */
function nameOfType(number: number): string {
  return typeName(number).replace(/^TYPE(?=\d)/, 'UNKNOWN_');
}

function nameOfClass(number: number): string {
  return className(number).replace(/^CLASS(?=\d)/, 'UNKNOWN_');
}
