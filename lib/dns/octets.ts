/** Copies of a few octets. */

/** From this length on `Buffer.copy` is faster than a loop: it first checks its arguments. */
const SHORT = 256;

/**
 * Copies the octets of `source` from `start` to `end` to `target` at `at`, which has room for them. Returns their
 * number.
 */
export function copyOctets(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  const length = end - start;
  if (length >= SHORT) return source.copy(target, at, start, end);
  for (let i = 0; i < length; i++) target[at + i] = source[start + i];
  return length;
}
