/** Signatures of RRsets (RFC 4034 s.3). */
import type packet from 'dns-packet';
import { labelsOf } from '../dns/names.js';
import { TYPE } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import { encoded } from '../dns/records/codec.js';
import { writeRdata } from '../dns/records/index.js';
import type { SigningKey } from './signing-key.js';

/** The options of {@link signRrset}. */
export interface SignatureOptions {
  /** The zone: lower case, without the last dot. */
  signer: string;
  /** Seconds since 1970, of 32 bits (RFC 4034 s.3.1.5). */
  inception: number;
  expiration: number;
  /** The TTL of the records in their zone, in seconds; `rrset` has it, too. */
  originalTtl: number;
}

/**
 * Signs an RRset: `first` is its first record, of class IN, `rrset` all of them as `canonicalRrset` returns them. Returns
 * its RRSIG, whose TTL is that of `first`.
 */
export function signRrset(
  first: ResourceRecord,
  rrset: Buffer,
  key: SigningKey,
  { signer, inception, expiration, originalTtl }: SignatureOptions,
): ResourceRecord {
  const { name, type, ttl } = first;
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
  const signature = key.sign(Buffer.concat([unsigned, rrset]));
  return { type: 'RRSIG', name, ...(ttl === undefined ? {} : { ttl }), class: 'IN', data: { ...data, signature } };
}
