/** Record types for addresses and other identifiers of hosts. */
import { isIPv6 } from 'node:net';
import { ipv4At, ipv6At } from '../ip-text.js';
import type { WireReader } from '../reader.js';
import { checkIPv4, checkIPv6, invalid, type TextReader } from '../text/reader.js';
import { MessageWriter } from '../writer.js';
import { octets, single, type Field, type RecordCodec } from './codec.js';
import { base64, ipv4, ipv6, u16, writeIPv4, writeIPv6 } from './fields.js';

/** Octets. Their text is `size` groups of `digits` hexadecimal digits with `separator` between them. */
function groups(size: number, digits: number, separator: string): Field<Buffer> {
  const group = `[\\da-f]{${digits}}`;
  const form = new RegExp(`^${group}(?:${separator}${group}){${size - 1}}$`, 'i');
  return {
    read: (reader) => reader.octets((size * digits) / 2),
    write: (writer, value) => {
      writer.bytes(value);
    },
    parse(text, what) {
      const word = text.word(`the ${what}`);
      if (!form.test(word)) {
        throw invalid(what, word, `${size} groups of ${digits} hexadecimal digits with "${separator}" between them`);
      }
      return Buffer.from(word.replaceAll(separator, ''), 'hex');
    },
    print: (value) => (value.toString('hex').match(new RegExp(group, 'gi')) ?? []).join(separator),
  };
}

/**
 * Octets up to the end of the data. Their text is `0x` and hexadecimal digits, with dots anywhere between them (RFC
 * 1706 s.7).
 */
const nsap: Field<Buffer> = {
  read: (reader) => reader.rest(),
  write: (writer, value) => {
    writer.bytes(value);
  },
  parse(text, what) {
    const word = text.rest(`the ${what}`);
    const digits = word.slice(2).replaceAll('.', '');
    if (!/^0x/i.test(word) || !/^(?:[\da-f]{2})+$/i.test(digits))
      throw invalid(what, word, '0x and hexadecimal digits');
    return Buffer.from(digits, 'hex');
  },
  print: (value) => `0x${value.toString('hex')}`,
};

/** An ATM address. Its text is hexadecimal digits, or `+` and decimal digits (ATM Name System Specification). */
const atma: Field<Buffer> = {
  read: (reader) => reader.rest(),
  write: (writer, value) => {
    writer.bytes(value);
  },
  parse(text, what) {
    const word = text.rest(`the ${what}`);
    if (/^\+\d+$/.test(word)) return Buffer.from(`\x01${word.slice(1)}`, 'latin1');
    const digits = word.replaceAll('.', '');
    if (!/^(?:[\da-f]{2})+$/i.test(digits)) throw invalid(what, word, 'hexadecimal digits, or + and decimal digits');
    return Buffer.from(`00${digits}`, 'hex');
  },
  print(value) {
    const text = value.toString('latin1', 1);
    if (value[0] === 1 && /^\d+$/.test(text)) return `+${text}`;
    if (value[0] === 0 && text !== '') return value.toString('hex', 1);
    throw new Error('malformed ATM address');
  },
};

/** Address prefixes (RFC 3123 s.4). */
const prefixes: Field<readonly string[]> = {
  read(reader) {
    const found: string[] = [];
    while (reader.left > 0) found.push(readPrefix(reader));
    return found;
  },
  write(writer, items) {
    for (const item of items) writePrefix(writer, item);
  },
  parse(text) {
    const found: string[] = [];
    while (!text.atEnd) found.push(text.word('a prefix'));
    return found;
  },
  print: (items) => items.join(' '),
};

function readPrefix(reader: WireReader): string {
  const family = reader.u16();
  const length = reader.u8();
  const sign = reader.u8();
  const size = family === 1 ? 4 : 16;
  const address = Buffer.alloc(size);
  const part = reader.octets(sign & 0x7f);
  if ((family !== 1 && family !== 2) || part.length > size) throw new Error(`unknown address family ${family}`);
  part.copy(address);
  const text = family === 1 ? ipv4At(address, 0) : ipv6At(address, 0);
  return `${sign & 0x80 ? '!' : ''}${family}:${text}/${length}`;
}

function writePrefix(writer: MessageWriter, item: string): void {
  const [, not, family, address, digits] = /^(!?)([12]):(.+)\/(\d{1,3})$/.exec(item) ?? [];
  const most = family === '1' ? 32 : 128;
  if ((digits as string | undefined) === undefined || Number(digits) > most) {
    throw invalid('prefix', item, '1:IPV4/LENGTH or 2:IPV6/LENGTH, with ! before it for a negation');
  }
  const octets = Buffer.alloc(16);
  const own = new MessageWriter();
  own.begin(octets, 0, octets.length, '.');
  if (family === '1') writeIPv4(own, checkIPv4(address));
  else writeIPv6(own, checkIPv6(address));
  let length = own.at;
  while (length > 0 && octets[length - 1] === 0) length--; // zeros at the end are left out
  writer.u16(Number(family));
  writer.u8(Number(digits));
  writer.u8((not === '!' ? 0x80 : 0) | length);
  writer.bytes(octets, 0, length);
}

/** Protocols of WKS that have a name. */
const PROTOCOLS: Readonly<Record<string, number>> = { ICMP: 1, IGMP: 2, TCP: 6, UDP: 17 };

/** Services of WKS that have a name: those of its time (RFC 1010, RFC 1700). */
const SERVICES: Readonly<Record<string, number>> = {
  ECHO: 7,
  DISCARD: 9,
  SYSTAT: 11,
  DAYTIME: 13,
  NETSTAT: 15,
  QOTD: 17,
  CHARGEN: 19,
  'FTP-DATA': 20,
  FTP: 21,
  SSH: 22,
  TELNET: 23,
  SMTP: 25,
  TIME: 37,
  NAMESERVER: 42,
  WHOIS: 43,
  DOMAIN: 53,
  TFTP: 69,
  GOPHER: 70,
  FINGER: 79,
  HTTP: 80,
  WWW: 80,
  KERBEROS: 88,
  POP2: 109,
  POP3: 110,
  SUNRPC: 111,
  AUTH: 113,
  NNTP: 119,
  NTP: 123,
  IMAP: 143,
  IMAP2: 143,
  SNMP: 161,
  BGP: 179,
  IRC: 194,
  LDAP: 389,
  HTTPS: 443,
};

/** Protocol and ports (RFC 1035 s.3.4.2). */
const services: Field<{ protocol: number; ports: readonly number[] }> = {
  read(reader) {
    const protocol = reader.u8();
    const ports: number[] = [];
    reader.rest().forEach((bits, i) => {
      for (let bit = 0; bit < 8; bit++) if (bits & (0x80 >> bit)) ports.push(i * 8 + bit);
    });
    return { protocol, ports };
  },
  write(writer, { protocol, ports }) {
    writer.u8(protocol);
    const bits = new Uint8Array(ports.length === 0 ? 0 : (Math.max(...ports) >> 3) + 1);
    for (const port of ports) bits[port >> 3] |= 0x80 >> (port & 7);
    writer.bytes(bits);
  },
  parse(text) {
    const protocol = numberOf(text, 'protocol', PROTOCOLS, 0xff);
    const ports: number[] = [];
    while (!text.atEnd) ports.push(numberOf(text, 'port', SERVICES, 0xffff));
    return { protocol, ports };
  },
  print: ({ protocol, ports }) => [protocol, ...ports].join(' '),
};

function numberOf(text: TextReader, what: string, names: Readonly<Record<string, number>>, most: number): number {
  const word = text.word(`the ${what}`);
  const number = /^\d+$/.test(word) ? Number(word) : (names[word.toUpperCase()] as number | undefined);
  if (number === undefined || number > most) {
    throw invalid(what, word, `0 to ${most}, or one of ${Object.keys(names).join(', ')}`);
  }
  return number;
}

/** The locator of NID and L64: 64 bits as four groups (RFC 6742 s.2.1.2). Leading zeros of a group may be left out. */
const locator: Field<Buffer> = {
  ...groups(4, 4, ':'),
  parse(text, what) {
    const word = text.word(`the ${what}`);
    if (!/^[\da-f]{1,4}(?::[\da-f]{1,4}){3}$/i.test(word) || isIPv6(word)) {
      throw invalid(what, word, 'four groups of hexadecimal digits with ":" between them');
    }
    return Buffer.from(
      word
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .join(''),
      'hex',
    );
  },
};

/** The codecs of A, AAAA and other types that hold addresses, by the name of the type. */
export const addressRecords: Readonly<Record<string, RecordCodec>> = {
  A: single('address', ipv4),
  AAAA: single('address', ipv6),
  WKS: octets(['address', ipv4], ['services', services]),
  NSAP: octets(['address', nsap]),
  ATMA: octets(['address', atma]),
  APL: octets(['prefixes', prefixes]),
  DHCID: octets(['digest', base64]),
  NID: octets(['preference', u16], ['node ID', locator]),
  L32: octets(['preference', u16], ['locator', ipv4]),
  L64: octets(['preference', u16], ['locator', locator]),
  EUI48: octets(['address', groups(6, 2, '-')]),
  EUI64: octets(['address', groups(8, 2, '-')]),
};
