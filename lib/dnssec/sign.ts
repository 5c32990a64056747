/** Signatures of RRsets (RFC 4034 s.3). */
import type packet from 'dns-packet';
import { labelsOf } from '../dns/names.js';
import { TYPE } from '../dns/numbers.js';
import { encoded } from '../dns/records/codec.js';
import { writeRdata } from '../dns/records/index.js';
import type { SigningKey } from './signing-key.js';

/** What a signature states besides its key. */
export interface SignatureOptions {
  /** The zone: lower case, without the last dot. */
  signer: string;
  /** Seconds since 1970, of 32 bits (RFC 4034 s.3.1.5). */
  inception: number;
  expiration: number;
  /** The TTL of the records in their zone, in seconds; the octets to sign have it, too. */
  originalTtl: number;
}

/** A signature that is still to be made. */
export interface UnsignedRrsig {
  /** The data of the RRSIG record, without its signature. */
  data: packet.RrsigData;
  /** What the key signs. */
  octets: Buffer;
}

/**
 * Prepares the signature of an RRset by a key. `name` and `type` are those of the RRset, `rrset` is what `canonicalRrset`
 * returns for it.
 */
export function prepareRrsig(
  { name, type }: { name: string; type: string },
  rrset: Buffer,
  key: SigningKey,
  { signer, inception, expiration, originalTtl }: SignatureOptions,
): UnsignedRrsig {
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
  const head = encoded((writer) => {
    writer.lowersNames = true;
    writeRdata(writer, TYPE.RRSIG, 'RRSIG', data);
  }).subarray(2);
  return { data, octets: Buffer.concat([head, rrset]) };
}
