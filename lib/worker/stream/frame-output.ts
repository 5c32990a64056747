/** Replies of one read, gathered so that they leave with one write, each behind its length (RFC 7766 s.8). */

const PREFIX = 2;
const MAX_MESSAGE = 0xffff;
const SIZE = 4 * (PREFIX + MAX_MESSAGE);

/** A buffer for the replies of one read. Each stands behind its length. */
export class FrameOutput {
  readonly bytes = Buffer.alloc(SIZE);
  #end = 0;

  /** Where in {@link bytes} the next message's length goes. */
  get end(): number {
    return this.#end;
  }

  /** Where in {@link bytes} the next message goes. */
  get next(): number {
    return this.#end + PREFIX;
  }

  /** Whether there may be no room for one more message: {@link take} makes it. */
  get full(): boolean {
    return this.#end + PREFIX + MAX_MESSAGE > SIZE;
  }

  /** Adds the message of that length that stands at {@link next}. */
  add(length: number): void {
    this.bytes.writeUInt16BE(length, this.#end);
    this.#end += PREFIX + length;
  }

  /** Adds the messages that stand, each behind its length, up to `end`; returns how many. */
  addAnswers(end: number): number {
    let count = 0;
    for (; this.#end < end; count++) this.#end += PREFIX + this.bytes.readUInt16BE(this.#end);
    return count;
  }

  /** Takes out what was added, as a copy; undefined when there is nothing. */
  take(): Buffer | undefined {
    if (this.#end === 0) return undefined;
    const taken = Buffer.from(this.bytes.subarray(0, this.#end));
    this.#end = 0;
    return taken;
  }
}
