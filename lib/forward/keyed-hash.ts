/**
 * HalfSipHash-1-3 (Aumasson and Bernstein) with a random key for each thread. An attacker who does not know the key
 * cannot choose inputs that collide.
 */
import { randomBytes } from 'node:crypto';

const key = new Int32Array(2);
randomBytes(8).copy(Buffer.from(key.buffer));
const FINAL_ROUNDS = 3;

/** Hashes the first `count` integers of `words`; returns 32 bits, as a signed number. */
export function keyedHash(words: Int32Array, count: number): number {
  let v0 = key[0];
  let v1 = key[1];
  let v2 = key[0] ^ 0x6c796765;
  let v3 = key[1] ^ 0x74656462;
  for (let i = 0; i < count + FINAL_ROUNDS; i++) {
    const word = i < count ? words[i] : 0;
    if (i === count) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
