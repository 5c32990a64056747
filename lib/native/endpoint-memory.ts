/** The memory that JavaScript shares with an endpoint, which keeps it alive. Its layout: `lib/native/layout.ts`. */
export interface EndpointMemory {
  /** What was received and what is to be sent: `layout.slabSize` bytes for UDP, `layout.tcp.slabSize` for TCP. */
  slab: ArrayBuffer;
  /** `layout.batchSize` rows of `layout.queryWords`. */
  queries: Uint32Array;
  /**
   * One word, the number of entries in use, and then the entries: `layout.outboxEntries` of `layout.outboxEntryWords` for
   * UDP, `layout.tcp.outboxEntries` of `layout.tcp.replyWords` for TCP.
   */
  outbox: Uint32Array;
  /** Rows of the sockets (by number, from element 0), then rows of the workers. */
  counters: Float64Array;
  /** The element at which this worker's row starts. */
  row: number;
  /** Opcodes, and the contents of the OPT records of replies: see `lib/worker/edns-settings.ts`. */
  edns: Uint8Array;
  /** `layout.envelopeSize`, or `layout.proxiedEnvelopeSize` if any socket believes a proxy. */
  envelopeSize: number;
}
