/** What is wrong with the signed part of a zone. Like BIND and NSD, the zone is served nevertheless. */
import { RDLENGTH_SIZE, TYPE } from '../dns/numbers.js';
import { canonicalName } from '../dns/wire-name.js';
import { TOP } from './name-tree.js';
import { NSEC3_HASH_SIZE } from '../dnssec/nsec3-hash.js';
import { MAX_ITERATIONS } from './nsec3-index.js';
import { isSignature, NO_SET } from './rrsets.js';
import type { ZoneData } from './zone-data.js';

/** With more iterations, validators may take answers for insecure (RFC 9276 s.3.2). */
const MANY_ITERATIONS = 100;
/** From the start of a record of NSEC3 to the length of its salt. */
const SALT = RDLENGTH_SIZE + 4;

/** The warnings of a zone that has its indexes: at most one of each kind. None for an unsigned zone. */
export function signingWarnings(data: ZoneData): string[] {
  const isSigned = [TYPE.DNSKEY, TYPE.NSEC, TYPE.NSEC3PARAM].some((type) => data.find(TOP, type) !== NO_SET);
  const warnings = isSigned ? [ofParameters(data), ofSignatures(data), ofNsec(data), ofNsec3(data)] : [];
  return warnings.filter((warning) => warning !== undefined);
}

function ofParameters(data: ZoneData): string | undefined {
  const { nsec3Sets, nsec3Iterations } = data.index;
  if (nsec3Iterations > MANY_ITERATIONS) {
    return `${data.origin} NSEC3PARAM: ${nsec3Iterations} iterations, but resolvers may refuse more than ${MANY_ITERATIONS}: use 0 (RFC 9276 s.3.1)`;
  }
  if (data.find(TOP, TYPE.NSEC3PARAM) === NO_SET || nsec3Sets.length > 0) return undefined;
  return `${data.origin} NSEC3PARAM: no NSEC3 chain is used: it has flags, an unknown hash, more than ${MAX_ITERATIONS} iterations, or no NSEC3 record of ${data.origin}`;
}

/** Signatures of types that their name does not have. */
function ofSignatures(data: ZoneData): string | undefined {
  const { names, sets } = data;
  for (let node = 0; node < names.count; node++) {
    for (let set = data.first(node); set !== NO_SET; set = sets.next(set)) {
      const type = sets.type(set);
      if (isSignature(type) && data.find(node, type & 0xffff) === NO_SET)
        return `${names.nameOf(node)} RRSIG: it signs records that the zone does not have`;
    }
  }
  return undefined;
}

/** The first NSEC record whose next name is not that of the next record. */
function ofNsec(data: ZoneData): string | undefined {
  const { names, index, sets } = data;
  const { order } = index;
  const origin = canonicalName(data.origin);
  for (const [i, node] of order.entries()) {
    const next = order[(i + 1) % order.length];
    for (const rdata of sets.records(data.find(node, TYPE.NSEC))) {
      if (isNameOf(data, rdata, next, origin)) continue;
      return `${names.nameOf(node)} NSEC: the chain is broken: the next name is not ${names.nameOf(next)}`;
    }
  }
  return undefined;
}

/** Whether the name at the start of RDATA is that of a node. */
function isNameOf({ names }: ZoneData, rdata: Buffer, node: number, origin: Buffer): boolean {
  let at = RDLENGTH_SIZE;
  for (let part = node; part !== TOP; part = names.parent(part)) {
    const label = names.label(part);
    if (rdata[at] !== label.length || !sameLetters(rdata, at + 1, label)) return false;
    at += 1 + label.length;
  }
  return sameLetters(rdata, at, origin);
}

/** Whether the octets at `at` are `lower`, but for the case of letters. */
function sameLetters(octets: Buffer, at: number, lower: Buffer): boolean {
  for (let i = 0; i < lower.length; i++) {
    const octet = octets[at + i];
    if ((octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet) !== lower[i]) return false;
  }
  return true;
}

/** The first NSEC3 record of the chain whose next hash is not that of the next record. */
function ofNsec3(data: ZoneData): string | undefined {
  const { names, index, sets } = data;
  const { nsec3Hashes, nsec3Sets } = index;
  for (const [i, node] of nsec3Sets.entries()) {
    const next = ((i + 1) % nsec3Sets.length) * NSEC3_HASH_SIZE;
    const hash = Buffer.from(nsec3Hashes.buffer, nsec3Hashes.byteOffset + next, NSEC3_HASH_SIZE);
    // A set may also have a record of another chain.
    const isWhole = [...sets.records(data.find(node, TYPE.NSEC3))].some((rdata) => {
      const at = SALT + 1 + rdata[SALT];
      return rdata[at] === NSEC3_HASH_SIZE && rdata.subarray(at + 1, at + 1 + NSEC3_HASH_SIZE).equals(hash);
    });
    if (!isWhole)
      return `${names.nameOf(node)} NSEC3: the chain is broken: the next hash is not that of the next record`;
  }
  return undefined;
}
