/** Resource records: their shape, which is dns-packet's, and how they are written. */
import { isIPv4 } from 'node:net';
import packet from 'dns-packet';
import { classNumber, typeNumber } from './registry.js';
import type { MessageWriter } from './writer.js';

/**
 * A resource record as dns-packet has it: `{ type: 'A', name: 'example.org', ttl: 300, data: '192.0.2.1' }`. `ttl` is in
 * seconds, 0 to 2^31 - 1, default 0; `class` defaults to the question's.
 *
 * Names are in presentation form (RFC 1035 s.5.1). A type that dns-packet does not know is written with its RDATA as a
 * Buffer, `{ type: 'TYPE65280', data: Buffer }` (RFC 3597), and so may be any other type.
 */
export type ResourceRecord = Exclude<packet.Answer, packet.OptAnswer> | RawRecord;

/** A record whose RDATA is given as it goes on the wire, without RDLENGTH. */
export interface RawRecord {
  type: string;
  name: string;
  ttl?: number | undefined;
  class?: string | undefined;
  data: Buffer;
}

/** dns-packet's codec of a type's RDATA, RDLENGTH included. Its types do not tell of it. */
interface RdataCodec {
  encode(this: void, data: unknown, target: Buffer, offset: number): Buffer;
  encodingLength(this: void, data: unknown): number;
}
const codecOf = (packet as unknown as { record: (type: string) => RdataCodec }).record;

type RdataWriter = (writer: MessageWriter, data: never) => void;

/**
 * RDATA that is written here: A because it is what is asked for most, those with names because dns-packet compresses
 * none and knows no escapes, TXT because dns-packet does not check the length of its strings. Names are compressed in the
 * types of RFC 1035 alone (RFC 3597 s.4).
 */
const writers = new Map<number, RdataWriter>([
  [1, writeA],
  [2, compressedName],
  [5, compressedName],
  [12, compressedName],
  [39, plainName],
  [6, writeSoa],
  [15, writeMx],
  [16, writeTxt],
  [33, writeSrv],
]);

const TYPE_TXT = 16;

/**
 * Writes a record. `questionClass` is its class when it has none.
 *
 * Throws `Error` with what is wrong with it: an unknown type or class, a TTL or a name that is none, data that does not
 * fit the type.
 */
export function writeRecord(writer: MessageWriter, record: ResourceRecord, questionClass: number): void {
  const type = typeNumber(record.type);
  if (type === undefined) throw new Error(`unknown type ${JSON.stringify(record.type)}`);
  const recordClass = record.class === undefined ? questionClass : classNumber(record.class);
  if (recordClass === undefined) throw new Error(`unknown class ${JSON.stringify(record.class)}`);
  const ttl = record.ttl ?? 0;
  if (!(ttl >= 0 && ttl <= 0x7fffffff)) throw new Error(`the TTL ${ttl} is not from 0 to 2147483647`);
  writer.name(record.name, true);
  writer.u16(type);
  writer.u16(recordClass);
  writer.u32(ttl);
  writeRdata(writer, type, record);
}

function writeRdata(writer: MessageWriter, type: number, record: ResourceRecord): void {
  const data: unknown = record.data;
  if (data instanceof Uint8Array && type !== TYPE_TXT) {
    if (data.length > 0xffff) throw new Error('RDATA has more than 65,535 octets');
    writer.u16(data.length);
    writer.bytes(data);
    return;
  }
  const write = writers.get(type);
  if (write !== undefined) {
    writer.sized(() => {
      write(writer, data as never);
    });
    return;
  }
  const codec = codecOf(record.type);
  const rdata = Buffer.alloc(codec.encodingLength(data));
  codec.encode(data, rdata, 0);
  writer.bytes(rdata);
}

function writeA(writer: MessageWriter, data: string): void {
  if (!isIPv4(data)) throw new Error(`${JSON.stringify(data)} is no IPv4 address`);
  let octet = 0;
  for (let i = 0; i < data.length; i++) {
    const code = data.charCodeAt(i);
    if (code === 0x2e) {
      writer.u8(octet);
      octet = 0;
    } else {
      octet = octet * 10 + code - 0x30;
    }
  }
  writer.u8(octet);
}

function compressedName(writer: MessageWriter, data: string): void {
  writer.name(data, true);
}

function plainName(writer: MessageWriter, data: string): void {
  writer.name(data, false);
}

function writeSoa(writer: MessageWriter, data: packet.SoaData): void {
  writer.name(data.mname, true);
  writer.name(data.rname, true);
  for (const number of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) writer.u32(number ?? 0);
}

function writeMx(writer: MessageWriter, data: packet.MxData): void {
  writer.u16(data.preference ?? 0);
  writer.name(data.exchange, true);
}

function writeSrv(writer: MessageWriter, data: packet.SrvData): void {
  writer.u16(data.priority ?? 0);
  writer.u16(data.weight ?? 0);
  writer.u16(data.port);
  writer.name(data.target, false); // RFC 2782
}

function writeTxt(writer: MessageWriter, data: packet.TxtData): void {
  const strings = Array.isArray(data) ? data : [data];
  if (strings.length === 0) throw new Error('TXT needs at least one string');
  for (const string of strings) {
    const bytes = typeof string === 'string' ? Buffer.from(string) : string;
    if (bytes.length > 255) throw new Error('a string of a TXT record has more than 255 octets');
    writer.u8(bytes.length);
    writer.bytes(bytes);
  }
}
