import { createHash } from 'node:crypto';
import { encoded } from '../dns/records/codec.js';

const NO_SALT = Buffer.alloc(0);

/**
 * The hash of a name for NSEC3, 20 octets (RFC 5155 s.5). `iterations`: how often it is hashed again, 0 to 65,535. Throws
 * `Error` for an invalid name.
 */
export function nsec3Hash(name: string, iterations = 0, salt: Uint8Array = NO_SALT): Buffer {
  let hash = encoded((writer) => {
    writer.lowersNames = true;
    writer.name(name, false);
  });
  for (let i = 0; i <= iterations; i++) hash = createHash('sha1').update(hash).update(salt).digest();
  return hash;
}
