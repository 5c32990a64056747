import { generateZone, Random, type GeneratedZone } from '../../directives/file/zone-generator.js';

/** What not all signers read: quotes around an owner, and NS at a wildcard (RFC 4592 s.4.2 leaves its meaning open). */
const LEFT_OUT = /^(?:"|\*\.wn\d+$)/i;

/** A zone that BIND, ldns and Knot can sign. */
export function signableZone(seed: number): GeneratedZone {
  const { text, names } = generateZone(new Random(seed));
  return {
    text: text
      .split('\n')
      .filter((line) => !LEFT_OUT.test(line.split(' ')[0]))
      .join('\n'),
    names: names.filter(([name]) => !LEFT_OUT.test(name)),
  };
}
