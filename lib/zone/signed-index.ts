import { TYPE } from '../dns/numbers.js';
import { TOP } from './name-tree.js';
import { nsec3Index } from './nsec3-index.js';
import { nsecOrder } from './nsec-order.js';
import { NO_SET } from './rrsets.js';
import type { ZoneData } from './zone-data.js';
import { UNSIGNED, type SignedIndex } from './zone-image.js';

/** The indexes of a zone: of its NSEC records if its own name has one, and of its NSEC3 records. */
export function signedIndex(data: ZoneData): SignedIndex {
  const hasNsec = data.find(TOP, TYPE.NSEC) !== NO_SET;
  const nsec3 = nsec3Index(data);
  if (!hasNsec && nsec3 === undefined) return UNSIGNED;
  return { ...UNSIGNED, ...nsec3, ...(hasNsec ? { order: nsecOrder(data) } : {}) };
}
