/** A version of a zone in memory that all threads share: `ZoneImage` of `lib/zone/zone-image.ts`. */
export interface NativeZoneImage {
  readonly origin: string;
  readonly seed: number;
  readonly heads: Uint32Array;
  readonly nodes: Uint32Array;
  readonly labels: Uint8Array;
  readonly sets: Uint32Array;
  readonly octets: Uint8Array;
  readonly order: Uint32Array;
  readonly nsec3Hashes: Uint8Array;
  readonly nsec3Sets: Uint32Array;
  readonly nsec3Iterations: number;
  readonly nsec3Salt: Uint8Array;
}

/** What native code leaves to the handler. */
export interface ZoneRules {
  /** Names without records: those that do not exist, or only because longer ones do. */
  leavesVacant: boolean;
  /** Aliases that lead out of the zone, or to another entry of the table. */
  leavesAliases: boolean;
}

/** The zones that native code answers on some sockets of a thread, by name. Names are in wire format and lower case. */
export interface ZoneTable {
  /**
   * Answers questions for a name, and for names below it without longer entry, from an image of the zone `origin`, which
   * contains the name. Without an image, such questions are left to the handler. Replaces an earlier entry from the next
   * query on. Throws `RangeError` if the columns of the image do not fit together.
   */
  put(name: Uint8Array, rules: ZoneRules, image?: NativeZoneImage, origin?: Uint8Array): void;
  remove(name: Uint8Array): void;
}
