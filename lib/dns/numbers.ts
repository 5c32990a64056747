/** The numbers of the DNS protocol, each defined once (RFC 1035, and IANA's "Domain Name System (DNS) Parameters"). */

/** Octets of a message's header (RFC 1035 s.4.1.1). */
export const HEADER_SIZE = 12;
/** Octets of a question after its name: QTYPE and QCLASS. */
export const QUESTION_FIXED_SIZE = 4;
/** Octets of a record after its name and before its RDATA: TYPE, CLASS, TTL and RDLENGTH. */
export const RECORD_FIXED_SIZE = 10;
/** Octets of an OPT record before its options: the root's name and the fixed fields (RFC 6891 s.6.1.2). */
export const OPT_FIXED_SIZE = 1 + RECORD_FIXED_SIZE;
/** Octets of an EDNS option before its data: OPTION-CODE and OPTION-LENGTH. */
export const OPTION_FIXED_SIZE = 4;
/** The longest message, in octets: what the length field of TCP holds (RFC 1035 s.4.2.2). */
export const MAX_MESSAGE = 0xffff;
/** The longest RDATA, in octets. */
export const MAX_RDATA = 0xffff;
/** Octets of RDLENGTH. */
export const RDLENGTH_SIZE = 2;
/** The longest UDP message that every client takes, in octets (RFC 1035 s.4.2.1). */
export const MIN_UDP_PAYLOAD = 512;
/** The default of what a server takes and sends by UDP, in octets: it passes any network in one packet (RFC 9715 s.3.2). */
export const DEFAULT_UDP_PAYLOAD = 1232;
/** Octets of the length before each message of a stream (RFC 1035 s.4.2.2). */
export const LENGTH_PREFIX = 2;
/** The longest name on the wire in octets, the root's label included (RFC 1035 s.2.3.4). */
export const MAX_NAME = 255;
/** The longest label, in octets. */
export const MAX_LABEL = 63;
/** The longest character-string, in octets (RFC 1035 s.3.3). */
export const MAX_STRING = 255;
/** The greatest TTL, in seconds (RFC 2181 s.8). */
export const MAX_TTL = 0x7fffffff;
/** The first two bits of a compression pointer (RFC 1035 s.4.1.4). */
export const POINTER = 0xc0;
/** The greatest offset that a compression pointer holds. */
export const MAX_POINTER = 0x3fff;
/** The greatest port number. */
export const MAX_PORT = 0xffff;
/** The greatest number of a type, a class or an EDNS option. */
export const MAX_CODE = 0xffff;

/** The flags of the header, in its third and fourth octet (RFC 1035 s.4.1.1, RFC 4035 s.3.2). */
export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 } as const;
/** The place of the opcode among the flags of the header. */
export const OPCODE_MASK = 0x7800;
/** The bits below it. */
export const OPCODE_SHIFT = 11;
/** Opcodes that servers take: RFC 1035 s.4.1.1, RFC 1996, RFC 2136. */
export const OPCODE = { QUERY: 0, NOTIFY: 4, UPDATE: 5 } as const;
/** DO, in the flags of an OPT record (RFC 3225). */
export const DNSSEC_OK = 0x8000;

/** Codes of EDNS options. */
export const OPTION = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  COOKIE: 10,
  TCP_KEEPALIVE: 11,
  PADDING: 12,
  EXTENDED_ERROR: 15,
} as const;

/** Resource record types and QTYPEs. */
export const TYPE = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  SINK: 40,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  HHIT: 67,
  BRID: 68,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  RESINFO: 261,
  WALLET: 262,
  CLA: 263,
  IPN: 264,
  TA: 32768,
  DLV: 32769,
} as const;

/** Classes and QCLASSes. */
export const CLASS = { IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Response codes, with those of EDNS and TSIG (RFC 6895 s.2.3). */
export const RCODE = {
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
