/** A name that does not exist. */
export interface MissingName {
  /** The node of its closest encloser, the longest name above it that exists (RFC 4592 s.3.3.1). */
  encloser: number;
  /** The name right below the encloser, at or above the missing one: lower case (RFC 5155 s.1.3, "next closer"). */
  nextCloser: string;
}

/** Finds the records of a chain. Each is given as the node that owns it; undefined: the chain is broken. */
export interface DenialChain {
  /** The type of its records. */
  readonly type: number;
  /** The records that show the types of a name that exists. */
  atName(node: number): (number | undefined)[];
  /** Those that show that a name does not exist, nor any below it. */
  withoutName(missing: MissingName): (number | undefined)[];
  /** Those that show which name is its closest encloser, and {@link withoutName}. */
  withEncloser(missing: MissingName): (number | undefined)[];
  /** Those of {@link withEncloser}, and that there is no wildcard below the encloser. */
  withoutWildcard(missing: MissingName): (number | undefined)[];
}
