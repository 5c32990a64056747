/** Seeded queries: names with any octets, all types, flags and EDNS. */
import type { Random } from '../coredns/random.js';

const types = [1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 48, 52, 64, 65, 255, 257, 65_280];

/** A query, and its name in wire format. */
export interface OracleQuery {
  message: Buffer;
  name: Buffer;
  labels: Buffer[];
  hasEdns: boolean;
}

/** Makes the query with an ID. */
export function queryWith(random: Random, id: number): OracleQuery {
  const labels = labelsOf(random);
  const name = Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
  const hasEdns = random.below(2) === 0;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id);
  // RD, AD and CD.
  header.writeUInt16BE(random.pick([0x0100, 0, 0x0120, 0x0110, 0x0130]), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(hasEdns ? 1 : 0, 10);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(random.pick(types));
  tail.writeUInt16BE(1, 2);
  const opt = Buffer.from('00002904d0000000000000', 'hex');
  if (random.below(2) === 0) opt.writeUInt16BE(0x8000, 7); // DO
  return { message: Buffer.concat([header, name, tail, ...(hasEdns ? [opt] : [])]), name, labels, hasEdns };
}

function labelsOf(random: Random): Buffer[] {
  const label = (): Buffer => {
    const length = 1 + random.below(random.below(10) === 0 ? 40 : 8);
    const any = random.below(4) === 0;
    const letters = 'abcXYZ019-_';
    return Buffer.from(Array.from({ length }, () => (any ? random.below(256) : letters.charCodeAt(random.below(11)))));
  };
  const odd = (): Buffer =>
    random.pick(['bücher', 'a.b', 'a\\b', '\\046', '\u{1f600}'].map((text) => Buffer.from(text)));
  return Array.from({ length: random.below(5) }, () => (random.below(8) === 0 ? odd() : label()));
}
