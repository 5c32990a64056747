import { LENGTH_PREFIX, MAX_MESSAGE } from '../../dns/numbers.js';

const SIZE = 4 * (LENGTH_PREFIX + MAX_MESSAGE);

/** A buffer for the replies of one read. Each stands behind its length. */
export class FrameOutput {
  readonly bytes = Buffer.alloc(SIZE);
  #end = 0;

  /** The offset in {@link bytes} of the next message's length. */
  get end(): number {
    return this.#end;
  }

  /** The offset in {@link bytes} of the next message. */
  get next(): number {
    return this.#end + LENGTH_PREFIX;
  }

  /** Whether there may be no room for another message: {@link take} makes room. */
  get full(): boolean {
    return this.#end + LENGTH_PREFIX + MAX_MESSAGE > SIZE;
  }

  /** Adds the message of that length at {@link next}. */
  add(length: number): void {
    this.bytes.writeUInt16BE(length, this.#end);
    this.#end += LENGTH_PREFIX + length;
  }

  /** Adds the messages up to `end`, each of which has its length in front; returns their number. */
  addAnswers(end: number): number {
    let count = 0;
    for (; this.#end < end; count++) this.#end += LENGTH_PREFIX + this.bytes.readUInt16BE(this.#end);
    return count;
  }

  /** The gathered frames, in place. */
  frames(): Buffer {
    return this.bytes.subarray(0, this.#end);
  }

  /** Removes the gathered frames. */
  clear(): void {
    this.#end = 0;
  }

  /** Removes the gathered replies and returns a copy; undefined if there are none. */
  take(): Buffer | undefined {
    if (this.#end === 0) return undefined;
    const taken = Buffer.from(this.frames());
    this.clear();
    return taken;
  }
}
