import type { AnswerFront } from './cache.js';

/** The memory of a {@link StreamAdmission}, which keeps it alive. Its layout: `lib/native/layout.ts`. */
export interface StreamMemory {
  /** Rows of `layout.queryWords`, at most `layout.batchSize` of them. */
  queries: Uint32Array;
  /** Names, in presentation form: two of `layout.maxText` characters for each row. */
  text: Uint8Array;
  /** Counters, and the element at which this worker's row starts. */
  counters: Float64Array;
  row: number;
  /** `layout.streamWords` words, named in `layout.stream`. */
  words: Uint32Array;
  /**
   * Opcodes, and the contents of the OPT records of replies: see `lib/worker/edns-settings.ts`. Default: QUERY alone,
   * and a payload size of 1,232.
   */
  edns?: Uint8Array;
  /** The memory for answers that need no handler. Required for a guard, and for a front. */
  output?: Uint8Array;
}

/** Checks the messages of streams, before a handler sees them. */
export interface StreamAdmission {
  /**
   * Checks the length-prefixed messages (RFC 1035 s.4.2.2) in `input` between `start` and `end`. Fills rows, whose `offset`
   * and `length` words say where the messages are, and counts. Returns how many rows it filled. A reply that native code
   * made stands where the message stood.
   *
   * Messages that `front` or the guard can answer get no row: their answers are put into the output, each behind its
   * length. `origin`: see `Addon.queryOrigin`; required for a guard, and for a front.
   */
  check(input: Uint8Array, start: number, end: number, front?: AnswerFront, origin?: Uint8Array): number;
}
