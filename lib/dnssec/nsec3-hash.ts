import { createHash } from 'node:crypto';
import { canonicalName } from '../dns/wire-name.js';

/** SHA-1, the only algorithm of NSEC3 (RFC 5155 s.11). */
export const NSEC3_SHA1 = 1;
/** Octets of a hash. */
export const NSEC3_HASH_SIZE = 20;

const NO_SALT = Buffer.alloc(0);

/**
 * The hash of a name for NSEC3, 20 octets (RFC 5155 s.5). `iterations`: how often it is hashed again, 0 to 65,535. Throws
 * `Error` for an invalid name.
 */
export function nsec3Hash(name: string, iterations = 0, salt: Uint8Array = NO_SALT): Buffer {
  let hash = canonicalName(name);
  for (let i = 0; i <= iterations; i++) hash = createHash('sha1').update(hash).update(salt).digest();
  return hash;
}
