/** Resource records: their shapes, after those of dns-packet, and how a record is written. */
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
 * A resource record in dns-packet's shape: `{ type: 'A', name: 'example.org', ttl: 300, data: '192.0.2.1' }`. `ttl` is
 * in seconds, 0 to 2^31 - 1, default 0; `class` defaults to the question's.
 *
 * Names are in presentation form (RFC 1035 s.5.1). The data of a type that dns-packet does not know are its RDATA as a
 * Buffer, `{ type: 'TYPE65280', data: Buffer }` (RFC 3597). Any other type takes RDATA as a Buffer, too, except
 * `'TXT'`, where a Buffer is one string; `'TYPE16'` takes the RDATA of a TXT record.
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
 * Records of types that dns-packet does not know. SVCB and HTTPS: an object or text, see {@link ServiceBinding}. CDS,
 * DLV and TA are as DS, CDNSKEY as DNSKEY, SMIMEA as TLSA, SPF as TXT, SIG as RRSIG. The data of a {@link TextType} are
 * text in presentation form, as in a zone file, with absolute names.
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

/** Types whose data are octets, or text in presentation form. */
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
 * A decoded record of SVCB or HTTPS. Its data are the RDATA as a Buffer if they are malformed, or if a {@link
 * ServiceBinding} would be encoded to other octets. So every decoded record can be encoded again.
 */
export type ServiceRecord = Typed<'SVCB' | 'HTTPS', ServiceBinding> | Typed<'SVCB' | 'HTTPS', Buffer>;

/** A record with its RDATA in wire format, without RDLENGTH. */
export interface RawRecord {
  type: string;
  name: string;
  ttl?: number | undefined;
  class?: string | undefined;
  data: Buffer;
}

/**
 * Writes a record. `questionClass` is the class of a record without one.
 *
 * Throws `Error` for an unknown type or class, an OPT record (the server writes it), an invalid TTL or name, and data
 * that do not fit the type.
 */
export function writeRecord(writer: MessageWriter, record: ResourceRecord, questionClass: number): void {
  const type = typeNumber(record.type);
  if (type === undefined) throw new Error(`unknown type ${JSON.stringify(record.type)}`);
  if (type === TYPE.OPT) throw new Error('a reply cannot have an OPT record of its own: the server writes it');
  const recordClass = record.class === undefined ? questionClass : classNumber(record.class);
  if (recordClass === undefined) throw new Error(`unknown class ${JSON.stringify(record.class)}`);
  const ttl = checkNumber('TTL', record.ttl, MAX_TTL);
  writer.name(record.name, true);
  writer.u16(type);
  writer.u16(recordClass);
  writer.u32(ttl);
  writeRdata(writer, type, record.type, record.data);
}
