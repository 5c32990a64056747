/** What a stream has brought and nobody has looked at yet. */

/** Bytes in the order in which they came, from `start` to `end` of `bytes`. */
export class FrameInput {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** When the first byte that is still here came; undefined when there is none. */
  startedAt: number | undefined;

  /** Adds a chunk, which is not copied when nothing else is here. `now`: by the clock that `startedAt` is to be read by. */
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
      // Twice what is needed, so that a client that sends single bytes does not make us copy all of them each time.
      const larger = Buffer.allocUnsafe(2 * (left + chunk.length));
      this.bytes.copy(larger, 0, this.start, this.end);
      this.bytes = larger;
      this.start = 0;
      this.end = left;
    }
    this.end += chunk.copy(this.bytes, this.end);
  }

  /** Forgets what stands before `offset`. */
  consume(offset: number, now: number): void {
    this.start = offset;
    this.startedAt = offset < this.end ? now : undefined;
  }
}
