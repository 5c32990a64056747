/** The indexes of a signed zone, made once, in shared memory. All are empty for a zone without signatures. */
export interface SignedIndex {
  /** The nodes that own an NSEC record, in canonical order (RFC 4034 s.6.1). */
  readonly order: Uint32Array;
  /** The hashes of the NSEC3 chain in use, sorted, 20 octets each. */
  readonly nsec3Hashes: Uint8Array;
  /** The node that owns the NSEC3 record of each hash. */
  readonly nsec3Sets: Uint32Array;
  /** Its additional iterations, 0 to 65,535. */
  readonly nsec3Iterations: number;
  /** Its salt, 0 to 255 octets. */
  readonly nsec3Salt: Uint8Array;
}

/**
 * One version of a zone that does not change any more, as plain data that can be sent to other threads: they share its
 * memory, and native code reads it too. The classes `NameTree` and `RRsets` say what the columns hold.
 */
export interface ZoneImage extends SignedIndex {
  /** The zone's name, in lower case. */
  readonly origin: string;
  /** Of the hash table over the names: random, 31 bits. */
  readonly seed: number;
  readonly counts: {
    readonly records: number;
    /** Octets of {@link octets} that are in use. The rest belongs to records of earlier versions. */
    readonly octets: number;
  };
  /** The rows of the hash table, a power of two. */
  readonly heads: Uint32Array;
  readonly nodes: Uint32Array;
  readonly labels: Uint8Array;
  readonly sets: Uint32Array;
  readonly octets: Uint8Array;
}

/** The indexes of a zone without signatures. */
export const UNSIGNED: SignedIndex = Object.freeze({
  order: new Uint32Array(),
  nsec3Hashes: new Uint8Array(),
  nsec3Sets: new Uint32Array(),
  nsec3Iterations: 0,
  nsec3Salt: new Uint8Array(),
});
