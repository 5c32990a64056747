import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Endpoint } from '../../message/batch.js';

/**
 * Clients are counted in this many buckets for each worker, by a keyed hash. Two clients in one bucket share a cap;
 * without the key nobody can cause that on purpose.
 */
const BUCKETS = 4096;
/** 32-bit words of a cache line. */
const LINE = 16;
/** A worker's row: its total of connections, its buckets, and room so that no cache line has counts of two workers. */
const ROW = LINE + BUCKETS;
/** Before the rows: the key. */
const KEY = LINE;

/**
 * The connections of a server, counted in memory that its workers share: each worker writes its own row and reads all.
 * Native code counts the connections that it accepts in the same memory (`native/tcp/connection_limits.h`).
 */
export class ConnectionLimits {
  readonly #shared: Int32Array;
  readonly #row: number;

  /** The memory for that many workers. */
  static allocate(workers: number): SharedArrayBuffer {
    const memory = new SharedArrayBuffer((KEY + workers * ROW) * Int32Array.BYTES_PER_ELEMENT);
    new Int32Array(memory)[0] = randomBytes(4).readInt32LE();
    return memory;
  }

  /** Clears the row of a worker that has ended, with its connections. */
  static forget(memory: SharedArrayBuffer, worker: number): void {
    const start = KEY + worker * ROW;
    new Int32Array(memory).fill(0, start, start + ROW);
  }

  constructor(memory: SharedArrayBuffer, worker: number) {
    this.#shared = new Int32Array(memory);
    this.#row = KEY + worker * ROW;
  }

  /** The bucket of a client: of its IPv4 address, or of its IPv6 /64, the network of one site (RFC 6177). */
  bucketOf({ address }: Endpoint): number {
    let hash = this.#shared[0];
    for (const octet of isIPv6(address) ? prefix64(address) : address.split('.').map(Number)) {
      hash = Math.imul(hash ^ octet, 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    return 1 + ((hash >>> 0) % BUCKETS);
  }

  /** Open connections of all workers. */
  open(): number {
    return this.#sum(0);
  }

  /** Open connections of all workers in a bucket. */
  openOf(bucket: number): number {
    return this.#sum(bucket);
  }

  /** Counts an opened connection, in the bucket of its client too if that is known. */
  add(bucket?: number): void {
    Atomics.add(this.#shared, this.#row, 1);
    if (bucket !== undefined) this.hold(bucket);
  }

  /** Counts a closed connection. */
  remove(bucket?: number): void {
    Atomics.sub(this.#shared, this.#row, 1);
    if (bucket !== undefined) this.release(bucket);
  }

  /** Counts, in a bucket, a connection of a client, or what a client does through the connection of another one. */
  hold(bucket: number): void {
    Atomics.add(this.#shared, this.#row + bucket, 1);
  }

  /** Ends the count of {@link hold}. */
  release(bucket: number): void {
    Atomics.sub(this.#shared, this.#row + bucket, 1);
  }

  #sum(position: number): number {
    let sum = 0;
    for (let at = KEY + position; at < this.#shared.length; at += ROW) sum += Atomics.load(this.#shared, at);
    return sum;
  }
}

/** The first eight octets of an IPv6 address. */
function prefix64(address: string): number[] {
  const [head, tail] = address.split('%')[0].split('::') as [string, string | undefined];
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return groups.slice(0, 4).flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]);
}
