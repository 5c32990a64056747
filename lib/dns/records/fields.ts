/** The fields of record data. */
import { isUtf8 } from 'node:buffer';
import { isIPv4, isIPv6 } from 'node:net';
import { inspect } from 'node:util';
import { decimalEscape, quoted } from '../escapes.js';
import { ipv4At, ipv6At } from '../ip-text.js';
import { MAX_STRING } from '../numbers.js';
import { typeName, typeNumber } from '../registry.js';
import { invalid, parseBase64, parseHex } from '../text/reader.js';
import type { MessageWriter } from '../writer.js';
import type { Field } from './codec.js';

/** Checks a number of a record and returns it; 0 for undefined. Throws `Error`, which names it. */
export function checkNumber(what: string, value: number | undefined, most: number): number {
  const number = value ?? 0;
  if (!Number.isInteger(number) || number < 0 || number > most) {
    throw new Error(`the ${what} ${inspect(number)} is not an integer from 0 to ${most}`);
  }
  return number;
}

/** A number of 8, 16 or 32 bits. */
function unsigned(method: 'u8' | 'u16' | 'u32', most: number): Field<number> {
  return {
    read: (reader) => reader[method](),
    write: (writer, value, what) => {
      writer[method](checkNumber(what, value, most));
    },
    parse: (text, what) => text.integer(`the ${what}`, most),
    print: String,
  };
}

/** An integer of 8 bits. */
export const u8 = unsigned('u8', 0xff);
/** An integer of 16 bits. */
export const u16 = unsigned('u16', 0xffff);
/** An integer of 32 bits. */
export const u32 = unsigned('u32', 0xffffffff);

/** Seconds; in text with or without units. */
export const time: Field<number> = { ...u32, parse: (text, what) => text.time(`the ${what}`) };

/** A number for which text may have one of `names`, in upper or lower case. */
export function named(field: Field<number>, names: Readonly<Record<string, number>>): Field<number> {
  return {
    ...field,
    parse(text, what) {
      const word = text.following?.toUpperCase() ?? '';
      if (!Object.hasOwn(names, word)) {
        if (/^[a-z]/i.test(word)) throw invalid(what, word, `a number, or one of ${Object.keys(names).join(', ')}`);
        return field.parse(text, what);
      }
      text.word(what);
      return names[word];
    },
  };
}

/** A name. `compress`: only for the types of RFC 1035 (RFC 3597 s.4). */
function nameField(compress: boolean): Field<string> {
  return {
    read: (reader) => reader.name(),
    write: (writer, value) => {
      writer.name(value, compress);
    },
    parse: (text, what) => text.name(`the name ${what}`),
    print: printName,
  };
}

/** A name that may be compressed (RFC 3597 s.4). */
export const compressedName = nameField(true);
/** A name that is never compressed. */
export const name = nameField(false);

/**
 * A name as text of a zone file, absolute. Characters other than letters, digits, `*`, `-`, `/` and `_` are escapes: many
 * have a meaning there, Knot refuses the others, and BIND refuses `\[`.
 */
export function printName(value: string): string {
  if (value === '.') return value;
  const escape = (at: string): string => (at.length > 1 ? at : decimalEscape(at.charCodeAt(0)));
  return `${value.replaceAll(/\\.|[^\w*./-]/gs, escape)}.`;
}

/** An IPv4 address. */
export const ipv4: Field<string> = {
  read: (reader) => ipv4At(reader.octets(4), 0),
  write: writeIPv4,
  parse: (text) => text.ipv4(),
  print: String,
};

/** An IPv6 address; without a zone. */
export const ipv6: Field<string> = {
  read: (reader) => ipv6At(reader.octets(16), 0),
  write: writeIPv6,
  parse: (text) => text.ipv6(),
  print: String,
};

/** Writes an IPv4 address. Throws `Error` for other text. */
export function writeIPv4(writer: MessageWriter, data: string): void {
  if (!isIPv4(data)) throw new Error(`invalid IPv4 address ${inspect(data)}`);
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

/** Writes an IPv6 address. Throws `Error` for other text. */
export function writeIPv6(writer: MessageWriter, data: string): void {
  if (!isIPv6(data) || data.includes('%')) throw new Error(`invalid IPv6 address ${inspect(data)}`);
  const [before, after = []] = data.split('::').map(groupsOf);
  for (const group of before) writer.u16(group);
  for (let left = 8 - before.length - after.length; left > 0; left--) writer.u16(0);
  for (const group of after) writer.u16(group);
}

/** The numbers of some groups of an IPv6 address, which may end with an IPv4 address (RFC 4291 s.2.2). */
function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return parseInt(group, 16);
    const [a, b, c, d] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** A type, by its name. */
export const type: Field<string> = {
  read: (reader) => typeName(reader.u16()),
  write: (writer, value) => {
    writer.u16(knownType(value));
  },
  parse: (text, what) => typeOfText(text.word(`the ${what}`)),
  print: String,
};

/** Lists of types (RFC 4034 s.4.1.2): for each 256 of them, in ascending order, a map of bits as long as it has to be. */
export const types: Field<readonly string[]> = {
  read(reader) {
    const found: string[] = [];
    while (reader.left > 0) {
      const window = reader.u8();
      reader.string().forEach((bits, i) => {
        for (let bit = 0; bit < 8; bit++)
          if (bits & (0x80 >> bit)) found.push(typeName((window << 8) | (i << 3) | bit));
      });
    }
    return found;
  },
  write(writer, names) {
    const numbers = names.map(knownType).sort((a, b) => a - b);
    for (let i = 0; i < numbers.length;) {
      const window = numbers[i] >> 8;
      const bits = new Uint8Array(32);
      let last = 0;
      for (; i < numbers.length && numbers[i] >> 8 === window; i++) {
        last = (numbers[i] & 0xff) >> 3;
        bits[last] |= 0x80 >> (numbers[i] & 7);
      }
      writer.u8(window);
      writer.u8(last + 1);
      writer.bytes(bits, 0, last + 1);
    }
  },
  parse(text, what) {
    const found: string[] = [];
    while (!text.atEnd) found.push(typeOfText(text.word(what)));
    return found;
  },
  print: (names) => names.join(' '),
};

function knownType(value: string): number {
  const number = typeNumber(value);
  if (number === undefined) throw new Error(`unknown type ${inspect(value)}`);
  return number;
}

function typeOfText(text: string): string {
  const number = typeNumber(text.toUpperCase());
  if (number === undefined) throw invalid('type', text, 'a name such as AAAA, or TYPE65280');
  return typeName(number);
}

/** Octets of a record: a string if they are UTF-8, as in dns-packet, else a Buffer. */
export type StringOrOctets = string | Uint8Array;

function stringOrOctets(octets: Buffer): StringOrOctets {
  return isUtf8(octets) ? octets.toString() : octets;
}

function octetsOf(value: StringOrOctets): Uint8Array {
  const octets = typeof value === 'string' ? Buffer.from(value) : value;
  if (!(octets instanceof Uint8Array)) throw new Error(`a string or a Buffer is needed, not ${inspect(value)}`);
  return octets;
}

/** Octets as a quoted string (RFC 1035 s.5.1). */
function quote(value: StringOrOctets): string {
  return quoted(octetsOf(value));
}

/** Writes a length and as many octets (RFC 1035 s.3.3). Throws `Error` for more than 255. */
export function writeString(writer: MessageWriter, value: StringOrOctets): void {
  const octets = octetsOf(value);
  if (octets.length > MAX_STRING) throw new Error(`a string has more than ${MAX_STRING} octets`);
  writer.u8(octets.length);
  writer.bytes(octets);
}

/** A character-string (RFC 1035 s.3.3). */
export const string: Field<StringOrOctets> = {
  read: (reader) => stringOrOctets(reader.string()),
  write: writeString,
  parse(text, what) {
    const octets = text.octets(`the ${what}`);
    if (octets.length > MAX_STRING) throw new Error(`the ${what} has more than ${MAX_STRING} octets`);
    return stringOrOctets(octets);
  },
  print: quote,
};

/** All that is left, as text. */
export const remainingText: Field<StringOrOctets> = {
  read: (reader) => stringOrOctets(reader.rest()),
  write: (writer, value) => {
    writer.bytes(octetsOf(value));
  },
  parse: (text, what) => stringOrOctets(text.octets(`the ${what}`)),
  print: quote,
};

/** One or more character-strings up to the end of the data. A text of more than 255 octets becomes several. */
export const strings: Field<StringOrOctets | readonly StringOrOctets[]> = {
  read(reader) {
    const found: Buffer[] = [];
    while (reader.left > 0) found.push(reader.string());
    return found;
  },
  write(writer, value, what) {
    const all = (Array.isArray(value) ? value : [value]) as readonly StringOrOctets[];
    if (all.length === 0) throw new Error(`${what} needs at least one string`);
    for (const item of all) writeString(writer, item);
  },
  parse(text, what) {
    const found: Buffer[] = [];
    do {
      const octets = text.octets(`the ${what}`);
      for (let at = 0; at === 0 || at < octets.length; at += MAX_STRING) {
        found.push(octets.subarray(at, at + MAX_STRING));
      }
    } while (!text.atEnd);
    return found;
  },
  print: (value) => (Array.isArray(value) ? value : [value]).map(quote).join(' '),
};

/** Octets up to the end of the data, at least one in text. */
function remaining(parse: (what: string, text: string) => Buffer, print: (octets: Buffer) => string): Field<Buffer> {
  return {
    read: (reader) => reader.rest(),
    write: (writer, value, what) => {
      writer.bytes(checkOctets(what, value));
    },
    parse: (text, what) => parse(what, text.rest(`the ${what}`)),
    print(octets) {
      if (octets.length === 0) throw new Error('there are no octets, which has no form in text');
      return print(octets);
    },
  };
}

/** Returns octets. Throws `Error` for another value. */
export function checkOctets(what: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error(`the ${what} must be a Buffer, not ${inspect(value)}`);
  return value;
}

/** Octets to the end of the record; in text as hex. */
export const hex = remaining(parseHex, (octets) => octets.toString('hex').toUpperCase());
/** Octets to the end of the record; in text as base64. */
export const base64 = remaining(parseBase64, (octets) => octets.toString('base64'));
