/** RDATA, by type, in the shapes that dns-packet has for it. */
import { inspect } from 'node:util';
import packet from 'dns-packet';
import { u16, u32, u8, writeA, writeAaaa, writeString } from './rdata-fields.js';
import { typeNumber } from './registry.js';
import { parseServiceBinding } from './svcb-text.js';
import { writeServiceBinding, type ServiceBinding } from './svcb.js';
import type { MessageWriter } from './writer.js';

/** dns-packet's codec of a type's RDATA, RDLENGTH included. Its types do not tell of it. */
interface RdataCodec {
  encode(this: void, data: unknown, target: Buffer, offset: number): Buffer;
  encodingLength(this: void, data: unknown): number;
}
const codecOf = (packet as unknown as { record: (type: string) => RdataCodec }).record;
/** What dns-packet has for the types that it does not know. */
const unknownCodec = codecOf('TYPE0');

/** AFSDB (RFC 1183 s.1). `subtype`, `preference`, `priority` and `weight`: 0 to 65,535, default 0. */
export interface AfsdbData {
  subtype?: number;
  hostname: string;
}

/** KX (RFC 2230 s.3). */
export interface KxData {
  preference?: number;
  exchanger: string;
}

/** URI (RFC 7553 s.4). */
export interface UriData {
  priority?: number;
  weight?: number;
  /** Not quoted, not as a character-string. */
  target: string;
}

type RdataWriter = (writer: MessageWriter, data: never) => void;

/**
 * RDATA that is written here: A because it is what is asked for most, the others because dns-packet compresses no names
 * and knows no escapes in them, nor newer types in lists of types, misreads some IPv6 addresses, and does not check addresses or the length of strings.
 * Names are compressed in the types of RFC 1035 alone (RFC 3597 s.4).
 */
const writers = new Map<number, RdataWriter>([
  [1, writeA],
  [2, writeCompressedName], // NS
  [5, writeCompressedName], // CNAME
  [6, writeSoa],
  [12, writeCompressedName], // PTR
  [13, writeHinfo],
  [15, writeMx],
  [16, writeTxt],
  [17, writeRp],
  [18, writeAfsdb],
  [28, writeAaaa],
  [33, writeSrv],
  [35, writeNaptr],
  [36, writeKx],
  [39, writeName], // DNAME
  [46, writeRrsig],
  [47, writeNsec],
  [50, writeNsec3],
  [64, writeSvcb],
  [65, writeSvcb], // HTTPS
  [99, writeTxt], // SPF
  [256, writeUri],
  [257, writeCaa],
]);

/** Types that dns-packet does not know, and one of the same layout that it does. */
const likeness = new Map([
  ['CDS', 'DS'], // RFC 7344 s.3.1
  ['CDNSKEY', 'DNSKEY'], // RFC 7344 s.3.2
  ['SMIMEA', 'TLSA'], // RFC 8162 s.2
  ['DLV', 'DS'], // RFC 4431 s.2
]);

/**
 * Writes RDLENGTH and RDATA. A Buffer is written as it is, but for `'TXT'`, where it is one string. `name` is what the
 * record calls its type, `type` its number.
 *
 * Throws `Error` for data that does not fit the type.
 */
export function writeRdata(writer: MessageWriter, type: number, name: string, data: unknown): void {
  if (data instanceof Uint8Array && name !== 'TXT') {
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
  const codec = codecOf(likeness.get(name) ?? name);
  if (codec === unknownCodec) throw new Error(`the data of ${name} must be a Buffer, not ${inspect(data)}`);
  const rdata = Buffer.alloc(codec.encodingLength(data));
  codec.encode(data, rdata, 0);
  writer.bytes(rdata);
}

function writeCompressedName(writer: MessageWriter, data: string): void {
  writer.name(data, true);
}

function writeName(writer: MessageWriter, data: string): void {
  writer.name(data, false);
}

function writeSoa(writer: MessageWriter, data: packet.SoaData): void {
  writer.name(data.mname, true);
  writer.name(data.rname, true);
  for (const field of ['serial', 'refresh', 'retry', 'expire', 'minimum'] as const) u32(writer, field, data[field]);
}

function writeHinfo(writer: MessageWriter, data: packet.HInfoData): void {
  writeString(writer, data.cpu);
  writeString(writer, data.os);
}

function writeMx(writer: MessageWriter, data: packet.MxData): void {
  u16(writer, 'preference', data.preference);
  writer.name(data.exchange, true);
}

function writeTxt(writer: MessageWriter, data: packet.TxtData): void {
  const strings = Array.isArray(data) ? data : [data];
  if (strings.length === 0) throw new Error('TXT needs at least one string');
  for (const string of strings) writeString(writer, string);
}

function writeRp(writer: MessageWriter, data: packet.RpData): void {
  writer.name(data.mbox, false);
  writer.name(data.txt, false);
}

function writeAfsdb(writer: MessageWriter, data: AfsdbData): void {
  u16(writer, 'subtype', data.subtype);
  writer.name(data.hostname, false); // RFC 3597 s.4
}

function writeKx(writer: MessageWriter, data: KxData): void {
  u16(writer, 'preference', data.preference);
  writer.name(data.exchanger, false);
}

function writeUri(writer: MessageWriter, data: UriData): void {
  u16(writer, 'priority', data.priority);
  u16(writer, 'weight', data.weight);
  writer.bytes(Buffer.from(data.target));
}

function writeSvcb(writer: MessageWriter, data: ServiceBinding | string): void {
  writeServiceBinding(writer, typeof data === 'string' ? parseServiceBinding(data) : data);
}

function writeSrv(writer: MessageWriter, data: packet.SrvData): void {
  u16(writer, 'priority', data.priority);
  u16(writer, 'weight', data.weight);
  u16(writer, 'port', data.port);
  writer.name(data.target, false); // RFC 2782
}

function writeNaptr(writer: MessageWriter, data: packet.NaptrData): void {
  u16(writer, 'order', data.order);
  u16(writer, 'preference', data.preference);
  writeString(writer, data.flags);
  writeString(writer, data.services);
  writeString(writer, data.regexp);
  writer.name(data.replacement, false);
}

function writeRrsig(writer: MessageWriter, data: packet.RrsigData): void {
  writer.u16(knownType(data.typeCovered));
  u8(writer, 'algorithm', data.algorithm);
  u8(writer, 'labels', data.labels);
  u32(writer, 'originalTTL', data.originalTTL);
  u32(writer, 'expiration', data.expiration);
  u32(writer, 'inception', data.inception);
  u16(writer, 'keyTag', data.keyTag);
  writer.name(data.signersName, false);
  writer.bytes(data.signature);
}

function writeNsec(writer: MessageWriter, data: packet.NsecData): void {
  writer.name(data.nextDomain, false);
  writeTypes(writer, data.rrtypes);
}

function writeNsec3(writer: MessageWriter, data: packet.Nsec3Data): void {
  u8(writer, 'algorithm', data.algorithm);
  u8(writer, 'flags', data.flags);
  u16(writer, 'iterations', data.iterations);
  writeString(writer, data.salt);
  writeString(writer, data.nextDomain);
  writeTypes(writer, data.rrtypes);
}

function writeCaa(writer: MessageWriter, data: packet.CaaData): void {
  u8(writer, 'flags', data.issuerCritical === true ? 0x80 : data.flags);
  writeString(writer, data.tag);
  writer.bytes(Buffer.from(data.value));
}

/** Lists of types (RFC 4034 s.4.1.2): for each 256 of them, in ascending order, a map of bits as long as it has to be. */
function writeTypes(writer: MessageWriter, names: readonly string[]): void {
  const types = names.map(knownType).sort((a, b) => a - b);
  for (let i = 0; i < types.length;) {
    const window = types[i] >> 8;
    const bits = new Uint8Array(32);
    let last = 0;
    for (; i < types.length && types[i] >> 8 === window; i++) {
      last = (types[i] & 0xff) >> 3;
      bits[last] |= 0x80 >> (types[i] & 7);
    }
    writer.u8(window);
    writer.u8(last + 1);
    writer.bytes(bits, 0, last + 1);
  }
}

function knownType(name: string): number {
  const type = typeNumber(name);
  if (type === undefined) throw new Error(`unknown type ${inspect(name)}`);
  return type;
}
