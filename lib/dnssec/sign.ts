/** Signatures of RRsets (RFC 4034 s.3). */
import type packet from 'dns-packet';
import { labelsOf } from '../dns/names.js';
import { TYPE } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import { encoded } from '../dns/records/codec.js';
import { writeRdata } from '../dns/records/index.js';
import { canonicalRrset } from './canonical.js';
import type { SigningKey } from './signing-key.js';

/** The options of {@link signRrset}. */
export interface SignatureOptions {
  /** The zone: lower case, without the last dot. */
  signer: string;
  /** Seconds since 1970, of 32 bits (RFC 4034 s.3.1.5). */
  inception: number;
  expiration: number;
  /** The TTL of the records in their zone, in seconds. */
  originalTtl: number;
}

/**
 * Signs an RRset: records of one name, type and class IN. Returns its RRSIG, whose TTL is that of the first record.
 * Throws `Error` for records that cannot be encoded.
 */
export function signRrset(
  records: readonly ResourceRecord[],
  key: SigningKey,
  { signer, inception, expiration, originalTtl }: SignatureOptions,
): ResourceRecord {
  const [{ name, type, ttl }] = records;
  const labels = labelsOf(name);
  const data: packet.RrsigData = {
    typeCovered: type,
    algorithm: key.data.algorithm,
    // A wildcard is not counted (RFC 4034 s.3.1.3).
    labels: labels[0] === '*' ? labels.length - 1 : labels.length,
    originalTTL: originalTtl,
    expiration,
    inception,
    keyTag: key.tag,
    signersName: signer,
    signature: Buffer.alloc(0),
  };
  const unsigned = encoded((writer) => {
    writer.lowersNames = true;
    writeRdata(writer, TYPE.RRSIG, 'RRSIG', data);
  }).subarray(2);
  const signature = key.sign(Buffer.concat([unsigned, canonicalRrset(records, originalTtl)]));
  return { type: 'RRSIG', name, ...(ttl === undefined ? {} : { ttl }), class: 'IN', data: { ...data, signature } };
}
