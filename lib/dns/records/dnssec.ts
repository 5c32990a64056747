/** Record types of DNSSEC, and types with the same fields. */
import { fromBase32, toBase32 } from '../base32.js';
import { invalid } from '../text/reader.js';
import { octets, shaped, type Field, type RecordCodec } from './codec.js';
import { base64, checkOctets, hex, name, named, type, types, u16, u32, u8, writeString } from './fields.js';

/** DNSSEC algorithms by their names in zone files (IANA, "DNS Security Algorithm Numbers"; BIND's too). */
const ALGORITHMS = {
  DELETE: 0,
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  ECC: 4,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  NSEC3DSA: 6,
  'RSASHA1-NSEC3-SHA1': 7,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECCGOST: 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};

/** Digests of DS (IANA, "DS RR Type Digest Algorithms"), with and without the hyphen. */
const DIGESTS = { 'SHA-1': 1, SHA1: 1, 'SHA-256': 2, SHA256: 2, GOST: 3, 'SHA-384': 4, SHA384: 4 };

/** Protocols of KEY (RFC 2535 s.3.1.3). */
const PROTOCOLS = { NONE: 0, TLS: 1, EMAIL: 2, DNSSEC: 3, IPSEC: 4, ALL: 255 };

/** An algorithm of DNSSEC: a number of 8 bits, or its name. */
export const algorithm = named(u8, ALGORITHMS);

/** The protocol of DNSKEY, which is always 3 and not in the data (RFC 4034 s.2.1.2). */
const protocol3: Field<undefined> = {
  read(reader) {
    const value = reader.u8();
    if (value !== 3) throw new Error(`invalid protocol ${value}: 3 (RFC 4034 section 2.1.2)`);
    return undefined;
  },
  write(writer) {
    writer.u8(3);
  },
  parse(text, what) {
    const word = text.word(`the ${what}`);
    if (word !== '3') throw invalid(what, word, '3 (RFC 4034 section 2.1.2)');
    return undefined;
  },
  print: () => '3',
};

/** A key. Text leaves it out if the flags say that there is none (RFC 2535 s.3.1.2). */
const optionalKey: Field<Buffer> = {
  ...base64,
  parse: (text, what) => (text.atEnd ? Buffer.alloc(0) : base64.parse(text, what)),
  print: (octets) => (octets.length === 0 ? '' : base64.print(octets)),
};

/** Seconds since 1970 of `YYYYMMDDHHmmSS`; undefined if there is no such time. The signatures of a zone have few of them. */
function secondsOf(digits: string): number | undefined {
  const number = (from: number, to: number): number => Number(digits.slice(from, to));
  const [month, day, hour, minute, second] = [4, 6, 8, 10, 12].map((at) => number(at, at + 2));
  const date = new Date(0);
  date.setUTCFullYear(number(0, 4), month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exists =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return exists ? date.getTime() / 1000 : undefined;
}

/** A time in seconds since 1970 of 32 bits, or `YYYYMMDDHHmmSS` (RFC 4034 s.3.2). */
const date: Field<number> = {
  ...u32,
  parse(text, what) {
    if (!/^\d{14}$/.test(text.following ?? '')) return u32.parse(text, what);
    const word = text.word(what);
    const seconds = secondsOf(word);
    if (seconds === undefined) throw invalid(what, word, 'YYYYMMDDHHmmSS, or seconds since 1970');
    return seconds % 2 ** 32;
  },
  print: (value) => new Date(value * 1000).toISOString().replaceAll(/[-:T]|\.000Z/g, ''),
};

/** The salt of NSEC3: a length and octets, hexadecimal in text, `-` for none (RFC 5155 s.3.3). */
const salt: Field<Buffer> = {
  read: (reader) => reader.string(),
  write: (writer, value, what) => {
    writeString(writer, checkOctets(what, value));
  },
  parse(text, what) {
    const word = text.word(`the ${what}`);
    if (word === '-') return Buffer.alloc(0);
    if (!/^(?:[\da-f]{2}){1,255}$/i.test(word)) throw invalid(what, word, '-, or pairs of hexadecimal digits');
    return Buffer.from(word, 'hex');
  },
  print: (value) => (value.length === 0 ? '-' : value.toString('hex').toUpperCase()),
};

/** The hash of NSEC3: a length and octets, Base32 with the extended hexadecimal alphabet in text (RFC 5155 s.3.3). */
const hash: Field<Buffer> = {
  read: (reader) => reader.string(),
  write: (writer, value, what) => {
    writeString(writer, checkOctets(what, value));
  },
  parse(text, what) {
    const word = text.word(`the ${what}`);
    const octets = fromBase32(word);
    if (octets === undefined) throw invalid(what, word, 'Base32 with the digits 0 to 9 and A to V');
    return octets;
  },
  print: toBase32,
};

const ds = shaped({ keyTag: u16, algorithm, digestType: named(u8, DIGESTS), digest: hex });
const dnskey = shaped({ flags: u16, protocol: protocol3, algorithm, key: base64 });
const key = octets(['flags', u16], ['protocol', named(u8, PROTOCOLS)], ['algorithm', algorithm], ['key', optionalKey]);
const signature = shaped({
  typeCovered: type,
  algorithm,
  labels: u8,
  originalTTL: u32,
  expiration: date,
  inception: date,
  keyTag: u16,
  signersName: name,
  signature: base64,
});

/** The codecs of DNSSEC types, by the name of the type. */
export const dnssecRecords: Readonly<Record<string, RecordCodec>> = {
  SIG: signature,
  KEY: key,
  DS: ds,
  RRSIG: signature,
  NSEC: shaped({ nextDomain: name, rrtypes: types }),
  DNSKEY: dnskey,
  NSEC3: shaped({ algorithm: u8, flags: u8, iterations: u16, salt, nextDomain: hash, rrtypes: types }),
  NSEC3PARAM: octets(['algorithm', u8], ['flags', u8], ['iterations', u16], ['salt', salt]),
  RKEY: key,
  CDS: ds, // RFC 7344 s.3.1
  CDNSKEY: dnskey, // RFC 7344 s.3.2
  CSYNC: octets(['serial', u32], ['flags', u16], ['types', types]),
  ZONEMD: octets(['serial', u32], ['scheme', u8], ['algorithm', u8], ['digest', hex]),
  DSYNC: octets(['type', type], ['scheme', named(u8, { NOTIFY: 1 })], ['port', u16], ['target', name]),
  TA: ds,
  DLV: ds, // RFC 4431 s.2
};
