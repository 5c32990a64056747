/** UPDATE and NOTIFY messages (RFC 2136, RFC 1996), octet by octet, and their TSIG (RFC 8945). */
import { createHmac } from 'node:crypto';
import { header, hex, nameHex, question } from '../conformance/wire.js';

const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, OPT: 41, TSIG: 250, AXFR: 252, ANY: 255 };
const CLASSES = { IN: 1, CH: 3, NONE: 254, ANY: 255 };
export const OPCODES = { NOTIFY: 4, UPDATE: 5 };

/** A record: `data` in hexadecimal. */
export interface RecordParts {
  name?: string;
  type?: keyof typeof TYPES | number;
  class?: keyof typeof CLASSES | number;
  ttl?: number;
  data?: string;
}

/** A message: its sections, by default those of an empty UPDATE of `example.org`. */
export interface MessageParts {
  opcode?: keyof typeof OPCODES;
  id?: number;
  flags?: number;
  zone?: string;
  zoneType?: number;
  zoneClass?: number;
  /** The first section of records, prerequisites or answers; then changes; then additional records. */
  first?: readonly RecordParts[];
  second?: readonly RecordParts[];
  additional?: readonly RecordParts[];
}

/** A record as octets in hexadecimal. */
export function recordHex({ name = 'www.example.org', data = '', ttl = 0, ...parts }: RecordParts): string {
  const type = typeof parts.type === 'number' ? parts.type : TYPES[parts.type ?? 'A'];
  const recordClass = typeof parts.class === 'number' ? parts.class : CLASSES[parts.class ?? 'IN'];
  return nameHex(name) + hex(type) + hex(recordClass) + hex(ttl, 4) + hex(data.length / 2) + data;
}

/** A message on the wire. */
export function message({ first = [], second = [], additional = [], ...parts }: MessageParts = {}): Buffer {
  const { opcode = 'UPDATE', id = 0x4321, flags = 0, zone = 'example.org', zoneType = 6, zoneClass = 1 } = parts;
  const head = header(id, (OPCODES[opcode] << 11) | flags, 1, first.length, second.length, additional.length);
  const records = [...first, ...second, ...additional].map(recordHex).join('');
  return Buffer.from(head + question(zone, zoneType, zoneClass) + records, 'hex');
}

/** How a message is signed. */
export interface Signing {
  key: string;
  secret: Buffer;
  algorithm?: string;
  /** Seconds since 1970; default: now. */
  time?: number;
  fudge?: number;
  /** The MAC of the query, for replies. */
  previous?: Buffer;
  /** Octets of the MAC that are sent; default: all. */
  macSize?: number;
  error?: number;
  other?: string;
  originalId?: number;
  /** Later messages of a stream (RFC 8945 s.5.3.1). */
  timersOnly?: boolean;
}

const times = (time: number, fudge: number): string => hex(time, 6) + hex(fudge);

/** The MAC of a message without TSIG. */
export function macOf(unsigned: Buffer, signing: Signing): Buffer {
  const { key, secret, algorithm = 'hmac-sha256', fudge = 300, other = '', error = 0, previous } = signing;
  const { time = Math.floor(Date.now() / 1000), originalId = unsigned.readUInt16BE(0) } = signing;
  const hmac = createHmac(algorithm.slice('hmac-'.length), secret);
  if (previous !== undefined) hmac.update(Buffer.from(hex(previous.length), 'hex')).update(previous);
  hmac.update(Buffer.from(hex(originalId), 'hex')).update(unsigned.subarray(2));
  if (signing.timersOnly === true) return hmac.update(Buffer.from(times(time, fudge), 'hex')).digest();
  const names = [nameHex(key.toLowerCase()), hex(255), hex(0, 4), nameHex(algorithm)];
  const covered = [...names, times(time, fudge), hex(error), hex(other.length / 2), other].join('');
  return hmac.update(Buffer.from(covered, 'hex')).digest();
}

/** The message with a TSIG record at its end. */
export function sign(unsigned: Buffer, signing: Signing): Buffer {
  const { key, algorithm = 'hmac-sha256', time = Math.floor(Date.now() / 1000), fudge = 300 } = signing;
  const mac = macOf(unsigned, { ...signing, time });
  const { macSize = mac.length, originalId = unsigned.readUInt16BE(0), error = 0, other = '' } = signing;
  const sent = Buffer.concat([mac, Buffer.alloc(64)]).subarray(0, macSize);
  const data = [nameHex(algorithm), times(time, fudge), hex(macSize), sent.toString('hex')];
  const rdata = [...data, hex(originalId), hex(error), hex(other.length / 2), other].join('');
  return withRecord(unsigned, { name: key, type: 'TSIG', class: 'ANY', data: rdata });
}

/** The message with one more additional record. */
export function withRecord(before: Buffer, record: RecordParts): Buffer {
  const longer = Buffer.concat([before, Buffer.from(recordHex(record), 'hex')]);
  longer.writeUInt16BE(before.readUInt16BE(10) + 1, 10);
  return longer;
}

/** The TSIG record at the end of a message, and the message without it. */
export interface SignedMessage {
  key: string;
  algorithm: string;
  ttl: number;
  time: number;
  fudge: number;
  mac: Buffer;
  originalId: number;
  error: number;
  other: string;
  unsigned: Buffer;
}

/** Reads the TSIG record of a message that ends with one; undefined if it does not. */
export function tsigOf(signed: Buffer): SignedMessage | undefined {
  const counts = [4, 6, 8, 10].map((at) => signed.readUInt16BE(at));
  let at = 12;
  const name = (): string => {
    const labels: string[] = [];
    for (; signed[at] !== 0 && signed[at] < 0xc0; at += signed[at] + 1)
      labels.push(signed.toString('latin1', at + 1, at + 1 + signed[at]));
    at += signed[at] === 0 ? 1 : 2;
    return labels.join('.');
  };
  for (let left = counts[0]; left > 0; left--) {
    name();
    at += 4;
  }
  for (let left = counts[1] + counts[2] + counts[3]; left > 1; left--) {
    name();
    at += 10 + signed.readUInt16BE(at + 8);
  }
  const start = at;
  if (counts[1] + counts[2] + counts[3] === 0) return undefined;
  const key = name();
  if (signed.readUInt16BE(at) !== TYPES.TSIG) return undefined;
  const ttl = signed.readUInt32BE(at + 4);
  at += 10;
  const algorithm = name();
  const [time, fudge] = [signed.readUIntBE(at, 6), signed.readUInt16BE(at + 6)];
  const mac = signed.subarray(at + 10, at + 10 + signed.readUInt16BE(at + 8));
  at += 10 + mac.length;
  const [originalId, error, length] = [0, 2, 4].map((offset) => signed.readUInt16BE(at + offset));
  const other = signed.toString('hex', at + 6, at + 6 + length);
  const unsigned = Buffer.from(signed.subarray(0, start));
  unsigned.writeUInt16BE(counts[3] - 1, 10);
  return { key, algorithm, ttl, time, fudge, mac, originalId, error, other, unsigned };
}
