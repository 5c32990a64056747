/** Unread bytes of a stream in the order of arrival, from `start` to `end` of `bytes`. */
export class FrameInput {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** When the first unread byte came; undefined if there is none. */
  startedAt: number | undefined;

  /** Adds a chunk; it is not copied if nothing else is unread. `now`: by the clock of `startedAt`. */
  push(chunk: Buffer, now: number): void {
    const left = this.end - this.start;
    if (left === 0) {
      this.bytes = chunk;
      this.start = 0;
      this.end = chunk.length;
      this.startedAt = now;
      return;
    }
    if (this.end + chunk.length > this.bytes.length) {
      // Twice the needed size: a client that sends single bytes must not cause a full copy for each.
      const larger = Buffer.allocUnsafe(2 * (left + chunk.length));
      this.bytes.copy(larger, 0, this.start, this.end);
      this.bytes = larger;
      this.start = 0;
      this.end = left;
    }
    this.end += chunk.copy(this.bytes, this.end);
  }

  /** Removes the bytes before `offset`. */
  consume(offset: number, now: number): void {
    this.start = offset;
    this.startedAt = offset < this.end ? now : undefined;
  }
}
