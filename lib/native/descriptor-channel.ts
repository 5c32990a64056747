/**
 * A Unix stream socket over which processes of one user pass descriptors, or one that listens for such. Nothing blocks:
 * `undefined` means that there is nothing to do before {@link wait} has called back. System errors are thrown.
 */
export interface DescriptorChannel {
  /** A listener's: a new channel's descriptor, which the caller owns. */
  accept(): number | undefined;
  /** Sends some of the bytes, at least one, and with the first all the descriptors, at most 252. Returns how many bytes. */
  send(bytes: Uint8Array, descriptors: readonly number[]): number | undefined;
  /**
   * Receives into `bytes`; `length` is 0 when the other side has closed. The caller owns the descriptors. `EMFILE` when
   * there is no room for all of them: those that there was room for are closed then.
   */
  receive(bytes: Uint8Array): { length: number; descriptors: number[] } | undefined;
  /** Calls `onReady` once, when the socket can be read (a listener: accepts), or written when `write` is true. */
  wait(write: boolean): void;
  close(): void;
}
