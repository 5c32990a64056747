/** The names of DNS parameters and their numbers (IANA, "Domain Name System (DNS) Parameters"). */

const TYPES: readonly (readonly [string, number])[] = [
  ['A', 1],
  ['NS', 2],
  ['CNAME', 5],
  ['SOA', 6],
  ['NULL', 10],
  ['PTR', 12],
  ['HINFO', 13],
  ['MX', 15],
  ['TXT', 16],
  ['RP', 17],
  ['AFSDB', 18],
  ['SIG', 24],
  ['KEY', 25],
  ['AAAA', 28],
  ['LOC', 29],
  ['SRV', 33],
  ['NAPTR', 35],
  ['KX', 36],
  ['CERT', 37],
  ['DNAME', 39],
  ['OPT', 41],
  ['APL', 42],
  ['DS', 43],
  ['SSHFP', 44],
  ['IPSECKEY', 45],
  ['RRSIG', 46],
  ['NSEC', 47],
  ['DNSKEY', 48],
  ['DHCID', 49],
  ['NSEC3', 50],
  ['NSEC3PARAM', 51],
  ['TLSA', 52],
  ['SMIMEA', 53],
  ['HIP', 55],
  ['CDS', 59],
  ['CDNSKEY', 60],
  ['OPENPGPKEY', 61],
  ['CSYNC', 62],
  ['ZONEMD', 63],
  ['SVCB', 64],
  ['HTTPS', 65],
  ['SPF', 99],
  ['EUI48', 108],
  ['EUI64', 109],
  ['TKEY', 249],
  ['TSIG', 250],
  ['IXFR', 251],
  ['AXFR', 252],
  ['ANY', 255],
  ['URI', 256],
  ['CAA', 257],
  ['TA', 32768],
  ['DLV', 32769],
];

const CLASSES: readonly (readonly [string, number])[] = [
  ['IN', 1],
  ['CS', 2],
  ['CH', 3],
  ['HS', 4],
  ['NONE', 254],
  ['ANY', 255],
];

const RCODES = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
} as const;

/** The name of a response code (RFC 1035 s.4.1.1, RFC 6895 s.2.3). */
export type Rcode = keyof typeof RCODES;

const typeNames = new Map(TYPES.map(([name, number]) => [number, name]));
const typeNumbers = new Map(TYPES);
const classNames = new Map(CLASSES.map(([name, number]) => [number, name]));
const classNumbers = new Map(CLASSES);
const rcodeNumbers = new Map<string, number>(Object.entries(RCODES));
const rcodeNames = new Map([...rcodeNumbers].map(([name, number]) => [number, name as Rcode]));

/** The name of a resource record type; `TYPE65280` for one that has none (RFC 3597 s.5). */
export function typeName(number: number): string {
  return typeNames.get(number) ?? `TYPE${number}`;
}

/**
 * The number of a type by its name, `TYPE65280` or dns-packet's `UNKNOWN_65280`; upper case. Undefined for what is none.
 */
export function typeNumber(name: string): number | undefined {
  return typeNumbers.get(name) ?? generic(/^(?:TYPE|UNKNOWN_)(\d{1,5})$/.exec(name));
}

/** The name of a class; `CLASS32` for one that has none (RFC 3597 s.5). */
export function className(number: number): string {
  return classNames.get(number) ?? `CLASS${number}`;
}

/** The number of a class by its name, `CLASS32` or dns-packet's `UNKNOWN_32`; upper case. Undefined for what is none. */
export function classNumber(name: string): number | undefined {
  return classNumbers.get(name) ?? generic(/^(?:CLASS|UNKNOWN_)(\d{1,5})$/.exec(name));
}

/** The name of a response code, with its upper eight bits from OPT; undefined for one that has none. */
export function rcodeName(number: number): Rcode | undefined {
  return rcodeNames.get(number);
}

/** The number of a response code, 0 to 23; undefined for a name that is none. */
export function rcodeNumber(name: string): number | undefined {
  return rcodeNumbers.get(name);
}

function generic(match: RegExpExecArray | null): number | undefined {
  const number = Number(match?.[1] ?? NaN);
  return number <= 0xffff ? number : undefined;
}
