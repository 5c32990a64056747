/** Record types for keys and certificates. */
import { invalid, parseBase64, parseHex } from '../text/reader.js';
import { octets, shaped, type Field, type RecordCodec } from './codec.js';
import { algorithm } from './dnssec.js';
import { base64, hex, ipv4, ipv6, name, named, printName, u16, u8 } from './fields.js';

/** Types of certificates (RFC 4398 s.2.1). */
const CERTIFICATES = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
};

/** A fingerprint as hexadecimal digits, as in dns-packet. */
const fingerprint: Field<string> = {
  read: (reader) => digitsOf(reader.rest()),
  write: (writer, value, what) => {
    writer.bytes(parseHex(what, value));
  },
  parse: (text, what) => digitsOf(hex.parse(text, what)),
  print: (digits) => hex.print(Buffer.from(digits, 'hex')),
};

function digitsOf(octets: Buffer): string {
  return octets.toString('hex').toUpperCase();
}

/** No gateway: `.` in text, nothing on the wire. */
const none: Field<string> = {
  read: () => '.',
  write: () => undefined,
  parse(text, what) {
    const word = text.word(`the ${what}`);
    if (word !== '.') throw invalid(what, word, '"." for type 0');
    return word;
  },
  print: String,
};

/** A gateway by its type (RFC 4025 s.2.3, RFC 8777 s.4.2.3). */
const GATEWAYS: readonly Field<string>[] = [none, ipv4, ipv6, name];

function gatewayOf(kind: number): Field<string> {
  const field = GATEWAYS.at(kind);
  if (field === undefined) throw new Error(`invalid gateway type ${kind}: 0 to ${GATEWAYS.length - 1}`);
  return field;
}

interface IpsecKey {
  kind: number;
  algorithm: number;
  gateway: string;
  key: Buffer;
}

/** Gateway type, algorithm, gateway and key, which may be left out (RFC 4025 s.3.1). */
const ipsecKey: Field<IpsecKey> = {
  read(reader) {
    const kind = reader.u8();
    return { kind, algorithm: reader.u8(), gateway: gatewayOf(kind).read(reader), key: reader.rest() };
  },
  write(writer, value) {
    writer.u8(value.kind);
    writer.u8(value.algorithm);
    gatewayOf(value.kind).write(writer, value.gateway, 'gateway');
    writer.bytes(value.key);
  },
  parse(text) {
    const kind = text.integer('the gateway type', GATEWAYS.length - 1);
    const number = text.integer('the algorithm', 0xff);
    const gateway = gatewayOf(kind).parse(text, 'gateway');
    return { kind, algorithm: number, gateway, key: text.atEnd ? Buffer.alloc(0) : base64.parse(text, 'key') };
  },
  print: ({ kind, algorithm: number, gateway, key }) =>
    [kind, number, gatewayOf(kind).print(gateway), ...(key.length === 0 ? [] : [base64.print(key)])].join(' '),
};

interface Relay {
  discovery: number;
  kind: number;
  gateway: string;
}

/** Discovery flag, relay type and relay (RFC 8777 s.4.3.1). */
const relay: Field<Relay> = {
  read(reader) {
    const octet = reader.u8();
    const kind = octet & 0x7f;
    return { discovery: octet >> 7, kind, gateway: gatewayOf(kind).read(reader) };
  },
  write(writer, { discovery, kind, gateway }) {
    writer.u8((discovery << 7) | kind);
    gatewayOf(kind).write(writer, gateway, 'relay');
  },
  parse(text) {
    const discovery = text.integer('the discovery flag', 1);
    const kind = text.integer('the relay type', GATEWAYS.length - 1);
    return { discovery, kind, gateway: gatewayOf(kind).parse(text, 'relay') };
  },
  print: ({ discovery, kind, gateway }) => `${discovery} ${kind} ${gatewayOf(kind).print(gateway)}`,
};

interface Hip {
  algorithm: number;
  tag: Buffer;
  key: Buffer;
  servers: readonly string[];
}

/** Host identity (RFC 8005 s.5 and s.6). */
const hostIdentity: Field<Hip> = {
  read(reader) {
    const tagLength = reader.u8();
    const number = reader.u8();
    const keyLength = reader.u16();
    const hip = { algorithm: number, tag: reader.octets(tagLength), key: reader.octets(keyLength) };
    const servers: string[] = [];
    while (reader.left > 0) servers.push(reader.name());
    return { ...hip, servers };
  },
  write(writer, { algorithm: number, tag, key, servers }) {
    u8.write(writer, tag.length, 'length of the tag');
    writer.u8(number);
    writer.u16(key.length);
    writer.bytes(tag);
    writer.bytes(key);
    for (const server of servers) writer.name(server, false);
  },
  parse(text) {
    const number = text.integer('the algorithm', 0xff);
    const tag = parseHex('host identity tag', text.word('the host identity tag'));
    const key = parseBase64('public key', text.word('the public key'));
    const servers: string[] = [];
    while (!text.atEnd) servers.push(text.name('a rendezvous server'));
    return { algorithm: number, tag, key, servers };
  },
  print: ({ algorithm: number, tag, key, servers }) =>
    [number, hex.print(tag), base64.print(key), ...servers.map(printName)].join(' '),
};

const tlsa = shaped({ usage: u8, selector: u8, matchingType: u8, certificate: hex });

/** The codecs of certificates and keys of services, by the name of the type. */
export const certificateRecords: Readonly<Record<string, RecordCodec>> = {
  CERT: octets(['type', named(u16, CERTIFICATES)], ['key tag', u16], ['algorithm', algorithm], ['certificate', base64]),
  SSHFP: shaped({ algorithm: u8, hash: u8, fingerprint }),
  IPSECKEY: octets(['precedence', u8], ['gateway', ipsecKey]),
  TLSA: tlsa,
  SMIMEA: tlsa, // RFC 8162 s.2
  HIP: octets(['host identity', hostIdentity]),
  OPENPGPKEY: octets(['key', base64]),
  HHIT: octets(['data', base64]),
  BRID: octets(['data', base64]),
  AMTRELAY: octets(['precedence', u8], ['relay', relay]),
};
