import { createHash } from 'node:crypto';

/** Numbers of 32 bits that follow from a seed. */
export function* seededNumbers(seed: string): Generator<number, never> {
  for (let i = 0; ; i++) yield createHash('sha256').update(`${seed} ${i}`).digest().readUInt32BE(0);
}
