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

/** Columns of an image up to this many octets are packed: larger ones are not worth the copy. */
const MAX_PACKED = 1 << 20;

/**
 * The image of a small zone with all its columns in one piece of memory, without room to grow: a few hundred octets for a
 * zone with a few records, and quick to send. The image of a large zone as it is.
 */
export function packedImage(image: ZoneImage): ZoneImage {
  const columns = Object.entries(image).filter((entry): entry is [string, Uint8Array | Uint32Array] =>
    ArrayBuffer.isView(entry[1]),
  );
  // The columns of numbers come first, so that they stand at multiples of four.
  columns.sort(([, a], [, b]) => b.BYTES_PER_ELEMENT - a.BYTES_PER_ELEMENT);
  const size = columns.reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
  if (size > MAX_PACKED) return image;
  const memory = new SharedArrayBuffer(size);
  let at = 0;
  const packed = columns.map(([name, column]) => {
    const { length } = column;
    const moved =
      column instanceof Uint32Array ? new Uint32Array(memory, at, length) : new Uint8Array(memory, at, length);
    moved.set(column);
    at += column.byteLength;
    return [name, moved];
  });
  return { ...image, ...Object.fromEntries(packed) } as ZoneImage;
}
