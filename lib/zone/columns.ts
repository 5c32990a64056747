/**
 * Growing memory for numbers and octets: much smaller than objects, and nothing that a garbage collector has to visit. All
 * threads of the process can read it.
 */

const FIRST_SIZE = 256;
const NUMBER_SIZE = Uint32Array.BYTES_PER_ELEMENT;
/** From this size on, memory grows where it is. Less is not worth the pages and the mapping that this takes. */
const LARGE = 1 << 16;
/** How far it grows there. The reserved addresses take no memory. */
const RESERVE = 8;

/** Memory for `length` numbers, all 0. */
export function sharedNumbers(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * NUMBER_SIZE));
}

/** Memory for `length` octets, all 0. */
export function sharedOctets(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/**
 * Memory for `size` octets that begins with those of `memory`: the same memory if it can grow. Memory that an image has
 * may grow too, since images do not see its end.
 */
function grown(memory: Uint8Array, size: number): SharedArrayBuffer {
  const buffer = memory.buffer as SharedArrayBuffer;
  if (buffer.growable && size <= buffer.maxByteLength) {
    if (size > buffer.byteLength) buffer.grow(size);
    return buffer;
  }
  return copied(memory, size);
}

/** The same in other memory. */
function copied(memory: Uint8Array, size: number): SharedArrayBuffer {
  const buffer =
    size < LARGE ? new SharedArrayBuffer(size) : new SharedArrayBuffer(size, { maxByteLength: RESERVE * size });
  new Uint8Array(buffer).set(memory);
  return buffer;
}

/** A list of numbers from 0 to 2^32 - 1. Numbers that were never set are 0. */
export class Column {
  #numbers: Uint32Array;

  /** `numbers`: its first numbers, which {@link set} changes; they begin their memory, if it can grow. */
  constructor(numbers = sharedNumbers(FIRST_SIZE)) {
    this.#numbers = numbers;
  }

  get(index: number): number {
    return index < this.#numbers.length ? this.#numbers[index] : 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#numbers.length) this.#grow(Math.max(index + 1, 2 * this.#numbers.length));
    this.#numbers[index] = value;
  }

  /** The first `count` numbers. They share memory with this object. */
  first(count: number): Uint32Array {
    if (count > this.#numbers.length) this.#grow(count);
    return this.#numbers.subarray(0, count);
  }

  /** Moves the numbers to memory that no image has. */
  unshare(): void {
    this.#numbers = new Uint32Array(copied(this.#octets(), this.#numbers.byteLength), 0, this.#numbers.length);
  }

  #grow(length: number): void {
    this.#numbers = new Uint32Array(grown(this.#octets(), length * NUMBER_SIZE), 0, length);
  }

  #octets(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.#numbers;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
}

/** Octets to which more are appended. */
export class Octets {
  #bytes: Buffer;
  #end: number;

  /** `octets`: its first octets, which {@link put} changes; they begin their memory, if it can grow. */
  constructor(octets?: Uint8Array) {
    const { buffer, byteOffset, length } = octets ?? new Uint8Array(new SharedArrayBuffer(FIRST_SIZE));
    this.#bytes = Buffer.from(buffer, byteOffset, length);
    this.#end = octets?.length ?? 0;
  }

  /** The memory. It is another one after {@link reserve}. */
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
      const length = Math.max(end, 2 * this.#bytes.length);
      this.#bytes = Buffer.from(grown(this.#bytes, length), 0, length);
    }
    this.#end = end;
    return at;
  }

  /** Copies the octets of `source` from `start` to `end` to `at`, where there is room. */
  put(at: number, source: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    for (let i = start; i < end; i++) bytes[at + i - start] = source[i];
  }

  /** All octets. They share memory with this object. */
  all(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#end);
  }

  /** Moves the octets to memory that no image has. */
  unshare(): void {
    const { length } = this.#bytes;
    this.#bytes = Buffer.from(copied(this.#bytes, length), 0, length);
  }
}
