/** The lines of a zone file that any server reads. */
import { RDLENGTH_SIZE, TYPE } from '../../dns/numbers.js';
import { codecOf, printRdata } from '../../dns/records/index.js';
import { typeName } from '../../dns/registry.js';

/** Types that BIND, NSD, Knot and ldns know by name. */
const KNOWN = new Set<number>([
  ...[TYPE.A, TYPE.NS, TYPE.CNAME, TYPE.SOA, TYPE.PTR, TYPE.HINFO, TYPE.MINFO, TYPE.MX, TYPE.TXT, TYPE.RP, TYPE.AFSDB],
  ...[
    TYPE.RT,
    TYPE.AAAA,
    TYPE.LOC,
    TYPE.SRV,
    TYPE.NAPTR,
    TYPE.KX,
    TYPE.CERT,
    TYPE.DNAME,
    TYPE.APL,
    TYPE.DS,
    TYPE.SSHFP,
  ],
  ...[TYPE.IPSECKEY, TYPE.RRSIG, TYPE.NSEC, TYPE.DNSKEY, TYPE.DHCID, TYPE.NSEC3, TYPE.NSEC3PARAM, TYPE.TLSA],
  ...[TYPE.SMIMEA, TYPE.CDS, TYPE.CDNSKEY, TYPE.OPENPGPKEY, TYPE.CSYNC, TYPE.SVCB, TYPE.HTTPS, TYPE.SPF, TYPE.NID],
  ...[TYPE.L32, TYPE.L64, TYPE.LP, TYPE.EUI48, TYPE.EUI64, TYPE.URI, TYPE.CAA],
]);

/** The name of a type: one that all servers know, or as `TYPE65280` (RFC 3597 s.5). */
export function portableType(type: number): string {
  return KNOWN.has(type) ? typeName(type) : `TYPE${type}`;
}

/** A record without its owner, which stands on the line before, from its RDLENGTH and RDATA. */
export function recordLine(type: number, ttl: number, record: Buffer): string {
  const rdata = record.subarray(RDLENGTH_SIZE);
  const generic = `\\# ${rdata.length} ${rdata.toString('hex')}`.trimEnd();
  return line(type, ttl, KNOWN.has(type) ? printRdata(type, `TYPE${type}`, rdata) : generic);
}

/** The same for data as the type's codec reads them. The names of types in them are those of {@link portableType}. */
export function dataLine(type: number, ttl: number, data: unknown): string {
  return line(type, ttl, codecOf(type)?.print(data) ?? '');
}

function line(type: number, ttl: number, rdata: string): string {
  return `\t${ttl}\tIN\t${portableType(type)}\t${rdata}\n`;
}
