/** The chain of NSEC3 records: hashes of names in order, each of which knows the next one (RFC 5155). */
import { fromBase32 } from '../dns/base32.js';
import { RDLENGTH_SIZE, TYPE } from '../dns/numbers.js';
import { NSEC3_HASH_SIZE, NSEC3_SHA1, nsec3Hash } from '../dnssec/nsec3-hash.js';
import { sharedNumbers, sharedOctets } from './columns.js';
import { TOP } from './name-tree.js';
import { NO_SET } from './rrsets.js';
import type { ZoneData } from './zone-data.js';
import type { SignedIndex } from './zone-image.js';

/** The Base32 digits of a hash. */
const LABEL_SIZE = 32;
/** A chain with more iterations is not used: no validator has to accept it (RFC 5155 s.10.3). */
export const MAX_ITERATIONS = 2500;

/** The index of a chain of NSEC3 records. */
export type Nsec3Index = Pick<SignedIndex, 'nsec3Hashes' | 'nsec3Sets' | 'nsec3Iterations' | 'nsec3Salt'>;

/** The parameters of a chain. */
interface Parameters {
  iterations: number;
  salt: Buffer;
}

/**
 * The chain in use: the first whose NSEC3PARAM has no flags (RFC 5155 s.4.1.2) and for which the zone's own name has an
 * NSEC3. Undefined without any.
 */
export function nsec3Index(data: ZoneData): Nsec3Index | undefined {
  const param = data.find(TOP, TYPE.NSEC3PARAM);
  if (param === NO_SET) return undefined;
  for (const rdata of data.sets.records(param)) {
    const parameters = parametersIn(rdata);
    if (flagsIn(rdata) !== 0 || parameters === undefined || parameters.iterations > MAX_ITERATIONS) continue;
    const index = indexOf(data, parameters);
    if (hashAt(index, nsec3Hash(data.origin, parameters.iterations, parameters.salt))?.exact === true) return index;
  }
  return undefined;
}

/** What an index has for a hash: the last one that is not greater, or the last of all, which precedes the first one. */
export function hashAt(
  { nsec3Hashes, nsec3Sets }: Nsec3Index,
  hash: Buffer,
): { node: number; exact: boolean } | undefined {
  const count = nsec3Sets.length;
  if (count === 0) return undefined;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareHash(nsec3Hashes, middle, hash) <= 0) low = middle + 1;
    else high = middle;
  }
  const exact = low > 0 && compareHash(nsec3Hashes, low - 1, hash) === 0;
  return { node: nsec3Sets[low === 0 ? count - 1 : low - 1], exact };
}

function compareHash(hashes: Uint8Array, index: number, hash: Uint8Array): number {
  const at = index * NSEC3_HASH_SIZE;
  for (let i = 0; i < NSEC3_HASH_SIZE; i++) if (hashes[at + i] !== hash[i]) return hashes[at + i] - hash[i];
  return 0;
}

function indexOf(data: ZoneData, { iterations, salt }: Parameters): Nsec3Index {
  const { names } = data;
  const owners: number[] = [];
  for (let node = 1; node < names.count; node++) {
    if (names.parent(node) === TOP && hasRecord(data, node, iterations, salt)) owners.push(node);
  }
  // Base32 with the extended alphabet has the order of the octets.
  owners.sort((one, other) => names.compareLabels(one, other));
  const nsec3Sets = sharedNumbers(owners.length);
  const nsec3Hashes = sharedOctets(owners.length * NSEC3_HASH_SIZE);
  for (const [i, node] of owners.entries()) {
    nsec3Sets[i] = node;
    nsec3Hashes.set(fromBase32(names.label(node).toString('latin1')) ?? [], i * NSEC3_HASH_SIZE);
  }
  const nsec3Salt = sharedOctets(salt.length);
  nsec3Salt.set(salt);
  return { nsec3Hashes, nsec3Sets, nsec3Iterations: iterations, nsec3Salt };
}

/** Whether a node has a hash as its label, and an NSEC3 with the parameters. */
function hasRecord(data: ZoneData, node: number, iterations: number, salt: Buffer): boolean {
  const set = data.find(node, TYPE.NSEC3);
  if (set === NO_SET) return false;
  const label = data.names.label(node);
  if (label.length !== LABEL_SIZE || !/^[\da-v]*$/.test(label.toString('latin1'))) return false;
  for (const rdata of data.sets.records(set)) {
    const found = parametersIn(rdata);
    if (found?.iterations === iterations && found.salt.equals(salt)) return true;
  }
  return false;
}

/** The parameters in NSEC3 and NSEC3PARAM, which begin alike; undefined for an unknown hash. */
function parametersIn(rdata: Buffer): Parameters | undefined {
  if (rdata[RDLENGTH_SIZE] !== NSEC3_SHA1) return undefined;
  const salt = RDLENGTH_SIZE + 5;
  return { iterations: rdata.readUInt16BE(RDLENGTH_SIZE + 2), salt: rdata.subarray(salt, salt + rdata[salt - 1]) };
}

function flagsIn(rdata: Buffer): number {
  return rdata[RDLENGTH_SIZE + 1];
}
