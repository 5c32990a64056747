/** Prerequisites of updates (RFC 2136 s.3.2). */
import type { Rcode } from '../dns/registry.js';
import type { ResourceRecord } from '../dns/record.js';
import type { Prerequisite } from '../dns/update.js';
import { NO_SET } from './rrsets.js';
import { canonicalData, encodeData } from './same-data.js';
import { dataType, keyIn, refuse } from './update-error.js';
import type { ZoneData } from './zone-data.js';

/** A response code that says why a prerequisite does not hold; `'NOERROR'`: it holds. */
export type PrerequisiteRcode = Extract<Rcode, 'NOERROR' | 'NXDOMAIN' | 'YXDOMAIN' | 'NXRRSET' | 'YXRRSET'>;

/** The first prerequisite that does not hold decides. Throws `ERR_MULTISOCKET_UPDATE`. */
export function checkPrerequisites(data: ZoneData, prerequisites: Iterable<Prerequisite>): PrerequisiteRcode {
  let failed: PrerequisiteRcode = 'NOERROR';
  // All are read, since one outside of the zone makes the whole update invalid.
  for (const prerequisite of prerequisites) {
    const rcode = check(data, prerequisite);
    if (failed === 'NOERROR') failed = rcode;
  }
  return failed;
}

function check(data: ZoneData, prerequisite: Prerequisite): PrerequisiteRcode {
  const { kind } = prerequisite;
  const node = data.names.at(keyIn(data.origin, prerequisite.name));
  // An empty non-terminal is not in use (RFC 2136 s.2.4.4).
  const inUse = node !== undefined && data.first(node) !== NO_SET;
  if (kind === 'nameInUse') return inUse ? 'NOERROR' : 'NXDOMAIN';
  if (kind === 'nameNotInUse') return inUse ? 'YXDOMAIN' : 'NOERROR';
  if (!('type' in prerequisite)) return refuse('FORMERR', `unknown prerequisite ${JSON.stringify(kind)}`);
  const type = dataType(prerequisite.type);
  const sets = node === undefined ? [] : [...data.findAll(node, type)];
  if (kind === 'rrsetExists') return sets.length === 0 ? 'NXRRSET' : 'NOERROR';
  if (kind === 'rrsetNotExists') return sets.length === 0 ? 'NOERROR' : 'YXRRSET';
  if (!('records' in prerequisite)) return refuse('FORMERR', `unknown prerequisite ${JSON.stringify(kind)}`);
  const wanted = new Set(prerequisite.records.map((record) => encode(type, record)));
  const found = sets.flatMap((set) => Array.from(data.sets.records(set), (rdata) => canonicalData(type, rdata)));
  return found.length === wanted.size && found.every((rdata) => wanted.has(rdata)) ? 'NOERROR' : 'NXRRSET';
}

function encode(type: number, { type: name, data }: ResourceRecord): string {
  try {
    return canonicalData(type, encodeData(type, name, data));
  } catch (error) {
    return refuse('FORMERR', `${name}: ${(error as Error).message}`);
  }
}
