/** What the handlers of the oracle answer: the same for each library, chosen by the question alone. */
import { Random } from '../coredns/random.js';

/** A record as the libraries' handlers translate it into their own. */
export type NeutralRecord =
  | { type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'; name: string; ttl: number; data: string }
  | { type: 'TXT'; name: string; ttl: number; data: string[] }
  | { type: 'MX'; name: string; ttl: number; data: { preference: number; exchange: string } }
  | {
      type: 'SRV';
      name: string;
      ttl: number;
      data: { priority: number; weight: number; port: number; target: string };
    };

export interface NeutralAnswer {
  /** The handler throws, and answers nothing. */
  throws: boolean;
  /** The response code, 0 to 5. */
  rcode: number;
  authoritative: boolean;
  truncated: boolean;
  recursionAvailable: boolean;
  answers: NeutralRecord[];
  authorities: NeutralRecord[];
  additionals: NeutralRecord[];
}

const texts = ['', 'x', 'v=spf1 -all', 'bücher', 'a"b\\c', 'x'.repeat(255)];

/** The answer for a name, as the library shows it, to the query with that ID. */
export function answerFor(id: number, name: string): NeutralAnswer {
  const random = new Random(id);
  const own = name === '.' ? '' : name;
  // Not below names that are long already: no name has more than 255 octets.
  const below = (label: string): string => (own === '' ? label : own.length > 100 ? own : `${label}.${own}`);
  const names = [own === '' ? 'root.test' : own, below('www'), 'other.test', below('NS1')];
  const record = (): NeutralRecord => {
    const ttl = random.pick([0, 1, 300, 86_400, 0x7fffffff]);
    const fixed = { name: random.pick(names), ttl };
    const target = random.pick(names);
    switch (random.below(8)) {
      case 0:
        return { ...fixed, type: 'AAAA', data: random.pick(['2001:db8::1', 'fe80::1:2', '2001:db8:1:2:3:4:5:6']) };
      case 1:
        return { ...fixed, type: random.pick(['CNAME', 'NS', 'PTR'] as const), data: target };
      case 2:
        return { ...fixed, type: 'TXT', data: Array.from({ length: 1 + random.below(3) }, () => random.pick(texts)) };
      case 3:
        return { ...fixed, type: 'MX', data: { preference: random.below(65_536), exchange: target } };
      case 4:
        return { ...fixed, type: 'SRV', data: { priority: 1, weight: random.below(65_536), port: 53, target } };
      default:
        return { ...fixed, type: 'A', data: `192.0.2.${random.below(256)}` };
    }
  };
  const records = (most: number): NeutralRecord[] => Array.from({ length: random.below(most + 1) }, record);
  return {
    throws: random.below(40) === 0,
    rcode: random.pick([0, 0, 0, 1, 2, 3, 4, 5]),
    authoritative: random.below(2) === 0,
    truncated: random.below(10) === 0,
    recursionAvailable: random.below(2) === 0,
    answers: records(5),
    authorities: records(2),
    additionals: records(2),
  };
}
