/** RDATA from the text of zone files to what records carry: dns-packet's shapes where names are inside, else octets. */
import packet from 'dns-packet';
import type { ResourceRecord } from '../record.js';
import type { Fields } from './fields.js';
import { wireName } from '../names.js';
import { svcb } from './svcb.js';

/** What a record's `data` may be. */
export type RecordData = ResourceRecord['data'];

const name = (fields: Fields): RecordData => fields.name();

/** The types whose data have a shape. */
const SHAPES: Readonly<Record<string, (fields: Fields) => RecordData>> = {
  A: (fields) => fields.ipv4(),
  AAAA: (fields) => fields.ipv6(),
  NS: name,
  CNAME: name,
  DNAME: name,
  PTR: name,
  MX: (fields) => ({ preference: fields.integer(16), exchange: fields.name() }),
  SRV: (fields) => ({
    priority: fields.integer(16),
    weight: fields.integer(16),
    port: fields.integer(16),
    target: fields.name(),
  }),
  SOA: (fields) => ({
    mname: fields.name(),
    rname: fields.name(),
    serial: fields.integer(32),
    refresh: fields.time(),
    retry: fields.time(),
    expire: fields.time(),
    minimum: fields.time(),
  }),
  TXT: (fields) => fields.strings(),
};

type Field = (fields: Fields) => Buffer;

const sized = (octets: Buffer): Buffer => Buffer.concat([Buffer.of(octets.length), octets]);
const u8: Field = (fields) => Buffer.of(fields.integer(8));
const u16: Field = (fields) => {
  const number = fields.integer(16);
  return Buffer.of(number >> 8, number & 0xff);
};
const domain: Field = (fields) => wireName(fields.name());
const string: Field = (fields) => sized(fields.string());
const strings: Field = (fields) => Buffer.concat(fields.strings().map(sized));
const text: Field = (fields) => fields.text();
const hex: Field = (fields) => fields.hex();
const base64: Field = (fields) => fields.base64();
/** RFC 8659 s.4.1: letters and digits. */
const tag: Field = (fields) => {
  const octets = fields.string();
  if (!/^[a-z\d]+$/i.test(octets.toString('latin1'))) throw new Error('a CAA tag is not of letters and digits');
  return sized(octets);
};

/** The types whose data are octets: their fields, in order. */
const LAYOUTS: Readonly<Record<string, readonly Field[]>> = {
  HINFO: [string, string],
  RP: [domain, domain],
  AFSDB: [u16, domain],
  KX: [u16, domain],
  NAPTR: [u16, u16, string, string, string, domain],
  SPF: [strings],
  CAA: [u8, tag, text],
  URI: [u16, u16, text],
  SSHFP: [u8, u8, hex],
  TLSA: [u8, u8, u8, hex],
  SMIMEA: [u8, u8, u8, hex],
  OPENPGPKEY: [base64],
  DS: [u16, u8, u8, hex],
  CDS: [u16, u8, u8, hex],
  DNSKEY: [u16, u8, u8, base64],
  CDNSKEY: [u16, u8, u8, base64],
  SVCB: [svcb],
  HTTPS: [svcb],
};

/** dns-packet's codec of a type's RDATA, RDLENGTH included. Its types do not tell of it. */
interface RdataCodec {
  encode: (data: unknown) => Buffer;
  decode: (rdata: Buffer) => RecordData;
}
const codecOf = (packet as unknown as { record: (type: string) => RdataCodec }).record;

/**
 * Reads the RDATA of a type, by the name that `typeName` gives it. `generic` says that it is in the form
 * of RFC 3597 s.5, the token `\#` being read already; any type may be. Throws `Error` with what is wrong.
 */
export function parseRdata(type: string, fields: Fields, generic: boolean): RecordData {
  let data: RecordData;
  if (generic) data = parseGeneric(type, fields);
  else if (Object.hasOwn(SHAPES, type)) data = SHAPES[type](fields);
  else if (Object.hasOwn(LAYOUTS, type)) data = Buffer.concat(LAYOUTS[type].map((field) => field(fields)));
  else throw new Error(`the type ${type} is known by its octets alone: \\# LENGTH HEX (RFC 3597)`);
  fields.end();
  return data;
}

function parseGeneric(type: string, fields: Fields): RecordData {
  const length = fields.integer(16);
  const octets = length === 0 && fields.atEnd ? Buffer.alloc(0) : fields.hex();
  if (octets.length !== length) throw new Error(`\\# announces ${length} octets and has ${octets.length}`);
  if (!Object.hasOwn(SHAPES, type)) return octets;
  const rdata = Buffer.concat([Buffer.of(length >> 8, length & 0xff), octets]);
  const codec = codecOf(type);
  const wrong = `the octets are no RDATA of ${type}, or have a name with a dot inside a label`;
  let data: RecordData;
  try {
    data = codec.decode(rdata);
  } catch (error) {
    throw new Error(wrong, { cause: error });
  }
  // dns-packet reads past what it does not understand; what it writes tells.
  if (!codec.encode(data).equals(rdata)) throw new Error(wrong);
  return data;
}
