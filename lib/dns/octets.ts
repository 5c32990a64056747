/** Copies of a few octets. */

/** From this length on Buffer's own copy, which has to look at its arguments first, is faster than a loop. */
const SHORT = 256;

/** Copies the octets of `source` from `start` to `end` to `at` of `target`, which has room; returns how many. */
export function copyOctets(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  const length = end - start;
  if (length >= SHORT) return source.copy(target, at, start, end);
  for (let i = 0; i < length; i++) target[at + i] = source[start + i];
  return length;
}
