/**
 * A Unix stream socket over which processes of one user pass descriptors, or one that listens for such connections.
 * Nothing blocks: `undefined` means that nothing can be done before {@link wait} has called back. System errors are
 * thrown.
 */
export interface DescriptorChannel {
  /** A listener's: a new channel's descriptor, which the caller owns. */
  accept(): number | undefined;
  /**
   * Sends some of the bytes, at least one, and with the first all descriptors, at most 252. Returns the number of
   * bytes.
   */
  send(bytes: Uint8Array, descriptors: readonly number[]): number | undefined;
  /**
   * Receives into `bytes`; `length` is 0 if the other side has closed. The caller owns the descriptors. Throws `EMFILE`
   * if there is no room for all of them; then all are closed.
   */
  receive(bytes: Uint8Array): { length: number; descriptors: number[] } | undefined;
  /** Calls `onReady` once, when the socket can be read (a listener: accepts), or written when `write` is true. */
  wait(write: boolean): void;
  close(): void;
}
