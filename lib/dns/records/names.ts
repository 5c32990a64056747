/** Record types for names of hosts and zones. */
import { single, shaped, type RecordCodec } from './codec.js';
import { compressedName, name, string, time, u16, u32 } from './fields.js';

/** AFSDB (RFC 1183 s.1). `subtype`: 0 to 65,535, default 0. */
export interface AfsdbData {
  subtype?: number;
  hostname: string;
}

/** KX (RFC 2230 s.3). `preference`: 0 to 65,535, default 0. */
export interface KxData {
  preference?: number;
  exchanger: string;
}

/** RT (RFC 1183 s.3.3). `preference`: 0 to 65,535, default 0. */
export interface RtData {
  preference?: number;
  host: string;
}

/** LP (RFC 6742 s.2.4). `preference`: 0 to 65,535, default 0. */
export interface LpData {
  preference?: number;
  fqdn: string;
}

/** PX (RFC 2163 s.4). `preference`: 0 to 65,535, default 0. */
export interface PxData {
  preference?: number;
  map822: string;
  mapx400: string;
}

/** MINFO (RFC 1035 s.3.3.7). */
export interface MinfoData {
  rmailbx: string;
  emailbx: string;
}

/** TALINK (draft-ietf-dnsop-dnssec-trust-history). */
export interface TalinkData {
  previous: string;
  next: string;
}

/**
 * The codecs of types that hold names, by the name of the type. Only the types of RFC 1035 compress names (RFC 3597
 * s.4).
 */
export const nameRecords: Readonly<Record<string, RecordCodec>> = {
  NS: single('target', compressedName),
  MD: single('target', compressedName),
  MF: single('target', compressedName),
  CNAME: single('target', compressedName),
  MB: single('target', compressedName),
  MG: single('target', compressedName),
  MR: single('target', compressedName),
  PTR: single('target', compressedName),
  DNAME: single('target', name),
  'NSAP-PTR': single('target', name),
  SOA: shaped({
    mname: compressedName,
    rname: compressedName,
    serial: u32,
    refresh: time,
    retry: time,
    expire: time,
    minimum: time,
  }),
  MINFO: shaped({ rmailbx: compressedName, emailbx: compressedName }),
  MX: shaped({ preference: u16, exchange: compressedName }),
  RP: shaped({ mbox: name, txt: name }),
  AFSDB: shaped({ subtype: u16, hostname: name }),
  RT: shaped({ preference: u16, host: name }),
  PX: shaped({ preference: u16, map822: name, mapx400: name }),
  SRV: shaped({ priority: u16, weight: u16, port: u16, target: name }),
  NAPTR: shaped({
    order: u16,
    preference: u16,
    flags: string,
    services: string,
    regexp: string,
    replacement: name,
  }),
  KX: shaped({ preference: u16, exchanger: name }),
  TALINK: shaped({ previous: name, next: name }),
  LP: shaped({ preference: u16, fqdn: name }),
};
