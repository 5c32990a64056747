/** Record types for text. */
import type { CaaData } from 'dns-packet';
import { octets, shaped, single, type Field, type RecordCodec } from './codec.js';
import { base64, hex, remainingText, string, strings, u16, u32, u8, type StringOrOctets } from './fields.js';
import { invalid } from '../text/reader.js';

/** URI (RFC 7553 s.4). `priority` and `weight`: 0 to 65,535, default 0. */
export interface UriData {
  priority?: number;
  weight?: number;
  /** Without quotes; it is not a character-string. A Buffer if it is not UTF-8. */
  target: string | Uint8Array;
}

const CRITICAL = 0x80;

/** The tag of CAA, which stands in text without quotes. */
const tag: Field<StringOrOctets> = {
  ...string,
  parse: (text, what) => checkTag(string.parse(text, what)),
  print: checkTag,
};

function checkTag(value: StringOrOctets): string {
  const text = String(value);
  if (!/^[a-z\d]+$/i.test(text)) throw invalid('tag', text, 'letters and digits (RFC 8659 section 4.1)');
  return text;
}

const caaFields = shaped({ flags: u8, tag, value: remainingText });

/** CAA (RFC 8659 s.4.1), with dns-packet's `issuerCritical`. */
const caa: RecordCodec = {
  read: (reader) => withCritical(caaFields.read(reader)),
  write(writer, data) {
    const { issuerCritical, flags, ...rest } = data as CaaData;
    caaFields.write(writer, { ...rest, flags: issuerCritical === true ? CRITICAL : flags });
  },
  parse(text) {
    return withCritical(caaFields.parse(text));
  },
  print: (data) => caaFields.print(data),
};

function withCritical(data: unknown): CaaData {
  const caaData = data as CaaData;
  return { ...caaData, issuerCritical: ((caaData.flags ?? 0) & CRITICAL) !== 0 };
}

/** A string that may be left out at the end (RFC 1183 s.3.2). */
const optionalString: Field<string | Uint8Array> = {
  read: (reader) => (reader.left === 0 ? '' : string.read(reader)),
  write: (writer, value, what) => {
    if (value.length > 0) string.write(writer, value, what);
  },
  parse: (text, what) => (text.atEnd ? '' : string.parse(text, what)),
  print: (value) => (value.length === 0 ? '' : string.print(value)),
};

/** A string of digits: a PSDN address (RFC 1183 s.3.1). */
const digits: Field<string | Uint8Array> = {
  ...string,
  parse(text, what) {
    const value = string.parse(text, what);
    if (typeof value !== 'string' || !/^\d{4,}$/.test(value)) throw invalid(what, String(value), 'four or more digits');
    return value;
  },
};

/** A decimal number as a string (RFC 1712 s.3). */
const decimal: Field<string | Uint8Array> = {
  ...string,
  parse(text, what) {
    const value = string.parse(text, what);
    if (typeof value !== 'string' || !/^[-+]?\d+(?:\.\d*)?$/.test(value)) {
      throw invalid(what, String(value), 'a decimal number');
    }
    return value;
  },
};

/** Octets up to the end of the data. Their text is Base64, `-` for none. */
const base64OrNone: Field<Buffer> = {
  ...base64,
  parse(text, what) {
    if (text.following !== '-') return base64.parse(text, what);
    text.word(what);
    return Buffer.alloc(0);
  },
  print: (value) => (value.length === 0 ? '-' : base64.print(value)),
};

/** A number of 64 bits. */
const u64: Field<bigint> = {
  read: (reader) => reader.octets(8).readBigUInt64BE(),
  write: (writer, value) => {
    writer.u32(Number(value >> 32n));
    writer.u32(Number(value & 0xffffffffn));
  },
  parse(text, what) {
    const word = text.word(`the ${what}`);
    if (!/^\d{1,20}$/.test(word) || BigInt(word) >= 1n << 64n)
      throw invalid(what, word, 'an integer from 0 to 2^64 - 1');
    return BigInt(word);
  },
  print: String,
};

/** The codecs of types that hold character strings, by the name of the type. */
export const textRecords: Readonly<Record<string, RecordCodec>> = {
  HINFO: shaped({ cpu: string, os: string }),
  TXT: single('text', strings),
  SPF: single('text', strings),
  X25: octets(['address', digits]),
  ISDN: octets(['address', string], ['subaddress', optionalString]),
  GPOS: octets(['longitude', decimal], ['latitude', decimal], ['altitude', decimal]),
  EID: octets(['identifier', hex]),
  NIMLOC: octets(['locator', hex]),
  SINK: octets(['meaning', u8], ['coding', u8], ['subcoding', u8], ['data', base64]),
  NINFO: octets(['text', strings]),
  URI: shaped({ priority: u16, weight: u16, target: remainingText }),
  CAA: caa,
  AVC: octets(['text', strings]),
  DOA: octets(['enterprise', u32], ['type', u32], ['location', u8], ['media type', string], ['data', base64OrNone]),
  RESINFO: octets(['text', strings]),
  WALLET: octets(['text', strings]),
  CLA: octets(['text', strings]),
  IPN: octets(['number', u64]),
};
