/** Growing memory for numbers and octets: much smaller than objects, and nothing that a garbage collector has to visit. */

const FIRST_SIZE = 256;

/** A list of numbers from 0 to 2^32 - 1. Numbers that were never set are 0. */
export class Column {
  #numbers = new Uint32Array(FIRST_SIZE);

  get(index: number): number {
    return index < this.#numbers.length ? this.#numbers[index] : 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#numbers.length) {
      const larger = new Uint32Array(Math.max(index + 1, 2 * this.#numbers.length));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[index] = value;
  }
}

/** Octets to which more are appended. */
export class Octets {
  #bytes = Buffer.alloc(FIRST_SIZE);
  #end = 0;

  /** The memory. It is another one after {@link reserve} or {@link append}. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The number of octets. */
  get length(): number {
    return this.#end;
  }

  /** Appends room for `size` octets; returns its offset. */
  reserve(size: number): number {
    const at = this.#end;
    const end = at + size;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#end = end;
    return at;
  }

  /** Appends a copy of the octets of `source` from `start` to `end`; returns its offset. */
  append(source: Uint8Array, start: number, end: number): number {
    const at = this.reserve(end - start);
    this.put(at, source, start, end);
    return at;
  }

  /** Copies the octets of `source` from `start` to `end` to `at`, where there is room. */
  put(at: number, source: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    for (let i = start; i < end; i++) bytes[at + i - start] = source[i];
  }
}
