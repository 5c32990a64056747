/** Resource records: their shape, which is dns-packet's, and how they are written. */
import type packet from 'dns-packet';
import { MAX_TTL, TYPE } from './numbers.js';
import { checkNumber } from './records/fields.js';
import { writeRdata } from './records/index.js';
import type { AfsdbData, KxData, LpData, MinfoData, PxData, RtData, TalinkData } from './records/names.js';
import type { ServiceBinding } from './records/svcb.js';
import type { UriData } from './records/text.js';
import { classNumber, typeNumber } from './registry.js';
import type { MessageWriter } from './writer.js';

/**
 * A resource record as dns-packet has it: `{ type: 'A', name: 'example.org', ttl: 300, data: '192.0.2.1' }`. `ttl` is in
 * seconds, 0 to 2^31 - 1, default 0; `class` defaults to the question's.
 *
 * Names are in presentation form (RFC 1035 s.5.1). A type that dns-packet does not know is written with its RDATA as a
 * Buffer, `{ type: 'TYPE65280', data: Buffer }` (RFC 3597), and so may be any other type but `'TXT'`, where a Buffer is
 * one string; `'TYPE16'` is the raw one.
 */
export type ResourceRecord = Exclude<packet.Answer, packet.OptAnswer> | NewerRecord | RawRecord;

interface Typed<Type extends string, Data> {
  type: Type;
  name: string;
  ttl?: number | undefined;
  class?: string | undefined;
  data: Data;
}

/**
 * Records of types that dns-packet does not know. SVCB and HTTPS: an object or text, see {@link ServiceBinding}. CDS, DLV
 * and TA are as DS, CDNSKEY as DNSKEY, SMIMEA as TLSA, SPF as TXT, SIG as RRSIG. The data of the last group are their
 * presentation form as a zone file has it, with absolute names.
 */
export type NewerRecord =
  | Typed<'SVCB' | 'HTTPS', ServiceBinding | string>
  | Typed<'URI', UriData>
  | Typed<'AFSDB', AfsdbData>
  | Typed<'KX', KxData>
  | Typed<'RT', RtData>
  | Typed<'LP', LpData>
  | Typed<'PX', PxData>
  | Typed<'MINFO', MinfoData>
  | Typed<'TALINK', TalinkData>
  | Typed<'MB' | 'MG' | 'MR' | 'MD' | 'MF' | 'NSAP-PTR', string>
  | Typed<'CDS' | 'DLV' | 'TA', packet.DsData>
  | Typed<'CDNSKEY', packet.DnskeyData>
  | Typed<'SMIMEA', packet.TlsaData>
  | Typed<'SIG', packet.RrsigData>
  | Typed<'SPF', packet.TxtData>
  | Typed<TextType, string>;

/** Types whose data are octets, and have a text form. */
export type TextType =
  | ('WKS' | 'NSAP' | 'ATMA' | 'APL' | 'DHCID' | 'NID' | 'L32' | 'L64' | 'EUI48' | 'EUI64' | 'LOC')
  | (
      | 'X25'
      | 'ISDN'
      | 'GPOS'
      | 'EID'
      | 'NIMLOC'
      | 'SINK'
      | 'NINFO'
      | 'AVC'
      | 'DOA'
      | 'RESINFO'
      | 'WALLET'
      | 'CLA'
      | 'IPN'
    )
  | ('KEY' | 'RKEY' | 'NSEC3PARAM' | 'CSYNC' | 'ZONEMD' | 'DSYNC' | 'CERT' | 'IPSECKEY' | 'HIP' | 'OPENPGPKEY')
  | ('HHIT' | 'BRID' | 'AMTRELAY');

/**
 * A decoded record of SVCB or HTTPS. Its data are a Buffer, the RDATA, where they are malformed, and where
 * {@link ServiceBinding} would not be written as the same octets, so that what is decoded can be encoded again.
 */
export type ServiceRecord = Typed<'SVCB' | 'HTTPS', ServiceBinding> | Typed<'SVCB' | 'HTTPS', Buffer>;

/** A record whose RDATA is given as it goes on the wire, without RDLENGTH. */
export interface RawRecord {
  type: string;
  name: string;
  ttl?: number | undefined;
  class?: string | undefined;
  data: Buffer;
}

/**
 * Writes a record. `questionClass` is its class when it has none.
 *
 * Throws `Error` with what is wrong with it: an unknown type or class, OPT, which is the library's own to write, a TTL or
 * a name that is none, data that does not fit the type.
 */
export function writeRecord(writer: MessageWriter, record: ResourceRecord, questionClass: number): void {
  const type = typeNumber(record.type);
  if (type === undefined) throw new Error(`unknown type ${JSON.stringify(record.type)}`);
  if (type === TYPE.OPT) throw new Error('an OPT record cannot be given: it is made from the query');
  const recordClass = record.class === undefined ? questionClass : classNumber(record.class);
  if (recordClass === undefined) throw new Error(`unknown class ${JSON.stringify(record.class)}`);
  const ttl = checkNumber('TTL', record.ttl, MAX_TTL);
  writer.name(record.name, true);
  writer.u16(type);
  writer.u16(recordClass);
  writer.u32(ttl);
  writeRdata(writer, type, record.type, record.data);
}
