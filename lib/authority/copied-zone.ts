import { RDLENGTH_SIZE, TYPE } from '../dns/numbers.js';
import { TOP } from '../zone/name-tree.js';
import type { ZoneData } from '../zone/zone-data.js';
import type { ZoneImage } from '../zone/zone-image.js';
import { inHugePages } from './huge-pages.js';

/** Octets of SOA's five numbers, which end its RDATA. */
const NUMBERS = 20;

/** A zone that another server is the primary of, with the times of its SOA record (RFC 1035 s.3.3.13). It can be cloned. */
export interface CopiedZone {
  image: ZoneImage;
  serial: number;
  /** Seconds between checks for a later zone. */
  refresh: number;
  /** Seconds until the next check after one that has failed. */
  retry: number;
  /** Seconds after the last successful check until the zone is served no longer. */
  expire: number;
}

/** The image of a zone, and the numbers of its SOA record. */
export function describe(data: ZoneData): CopiedZone {
  const [soa] = data.sets.records(data.find(TOP, TYPE.SOA));
  if (soa.length < RDLENGTH_SIZE + NUMBERS) throw new Error('the SOA record is malformed');
  const at = soa.length - NUMBERS;
  const [serial, refresh, retry, expire] = [0, 4, 8, 12].map((offset) => soa.readUInt32BE(at + offset));
  return { image: inHugePages(data.image()), serial, refresh, retry, expire };
}
