/** Zones and questions for differential tests: random, the same for the same seed. */

/** A question: the name in presentation form with the last dot, in any case. */
export interface GeneratedQuestion {
  name: string;
  type: string;
}

/** The zone that {@link generateZone} makes. */
export const ORIGIN = 'example.org';

/** A seeded source of numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** True `percent` times of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** The letters of `text` in random case. */
  mixCase(text: string): string {
    return text.replace(/\\\d{3}|[a-z]/gi, (letter) =>
      letter.length > 1 ? letter : this.chance(50) ? letter.toUpperCase() : letter.toLowerCase(),
    );
  }
}

const HOSTS = 500;
const GROUPS = 60;

/** What {@link generateZone} makes: a zone file for {@link ORIGIN}, and its names, relative, with their types. */
export interface GeneratedZone {
  text: string;
  names: [name: string, types: string[]][];
}

/** A zone of more than 2,000 records. */
export function generateZone(random: Random): GeneratedZone {
  const lines = [
    `$ORIGIN ${ORIGIN}.`,
    '$TTL 1h',
    '@ 2h IN SOA ns1 host\\.master ( 2026010101 ; serial',
    '  1d 2h 4w 15m )',
    '  NS ns1',
    '  NS NS2',
    '  NS ns.elsewhere.example.',
    '  MX 10 mail',
    '  TXT "v=spf1 -all" "second; string"',
    'ns1 A 192.0.2.1',
    'ns1 AAAA 2001:db8::1',
    'ns2 A 192.0.2.2',
    'mail A 192.0.2.3',
  ];
  const names = new Map([
    ['@', ['SOA', 'NS', 'MX', 'TXT']],
    ['ns1', ['A', 'AAAA']],
    ['ns2', ['A']],
    ['mail', ['A']],
  ]);
  const add = (name: string, ...records: string[]): void => {
    const types = names.get(name) ?? [];
    for (const record of records) {
      lines.push(`${random.mixCase(name)} ${record}`);
      types.push(/[A-Z]\S*/.exec(record)![0]);
    }
    names.set(name, types);
  };
  const address = (): string => `A 198.51.${random.below(256)}.${random.below(256)}`;
  const address6 = (): string =>
    `AAAA 2001:db8::${random.below(65536).toString(16)}:${random.below(65536).toString(16)}`;
  const host = (): string => random.mixCase(`h${random.below(HOSTS)}`);

  for (let i = 0; i < HOSTS; i++) {
    add(`h${i}`, address(), ...(i % 2 ? [address6()] : []), ...(i % 3 ? [] : [address()]));
    if (i % 5 === 0) add(`h${i}`, `MX 10 ${host()}`, `MX 20 ns.d${i % GROUPS}`, 'MX 30 mail.elsewhere.example.');
    if (i % 7 === 0) add(`h${i}`, `600 TXT "host ${i}"`);
    if (i % 11 === 0) add(`_sip._udp.h${i}`, `SRV 0 5 5060 ${host()}`, `SRV 1 5 5060 ${host()}`);
    if (i % 13 === 0) add(`h${i}`, 'CAA 0 issue "ca.example.net; policy=ev"', 'TYPE65280 \\# 4 0A00 0001');
    if (i % 17 === 0) add(`h${i}`, 'HTTPS 1 . alpn=h2,h3 port=8443', 'NAPTR 10 20 "u" "E2U+sip" "!^.*$!x!" .');
    if (i % 19 === 0) add(`deep${i}.a.b.ent${i}`, address()); // three empty non-terminals
    if (i % 23 === 0) add(`p${i}`, `PTR ${host()}`);
  }
  for (let i = 0; i < GROUPS; i++) {
    // Wildcards, names that block them, and empty non-terminals below them.
    add(`*.w${i}`, address(), address6(), `TXT "wild ${i}"`, `MX 5 ${host()}`);
    if (i % 2) add(`exists.w${i}`, `TXT "blocks"`);
    if (i % 3 === 0) add(`leaf.mid.w${i}`, address());
    if (i % 5 === 0) add(`sub.*.w${i}`, address());
    add(
      `*.wc${i}`,
      `CNAME ${random.pick([host(), `x.w${i}`, 'gone', 'www.elsewhere.example.', `y.d${i}`, `z.dn${i}`])}`,
    );
    if (i % 10 === 0) add(`*.wn${i}`, 'NS ns1');
    if (i % 10 === 1) add(`*.wd${i}`, `DNAME tree${i}`);
    // Delegations: glue below the cut, of a sibling, of the zone itself, outside of the zone, through a wildcard, none.
    add(`d${i}`, `NS ns.d${i}`, `NS ns.d${random.below(GROUPS)}`);
    add(`d${i}`, `NS ${random.pick([host(), 'ns.elsewhere.example.', `x.w${i}`, `gone.d${i}`, 'gone'])}`);
    add(`ns.d${i}`, address(), ...(i % 2 ? [address6()] : []));
    if (i % 3 === 0) add(`d${i}`, `DS ${i} 8 2 ${'0123456789ABCDEF'.repeat(4)}`);
    if (i % 4 === 0) add(`www.d${i}`, address(), 'TXT "occluded"');
    if (i % 6 === 0) add(`cut.d${i}`, 'NS ns.elsewhere.example.');
    if (i % 7 === 0) add(`d${i}`, address());
    // DNAMEs: to names of the zone, to a wildcard, to nothing, outside, to another DNAME, to a name that is nearly too long.
    const long = `${'l'.repeat(60)}.${'m'.repeat(60)}.${'n'.repeat(60)}.${'o'.repeat(30)}`;
    const target = random.chance(15)
      ? long
      : random.pick([
          'deep0.a.b.ent0',
          `tree${i}`,
          `w${i}`,
          'gone',
          'elsewhere.example.',
          `dn${(i + 1) % GROUPS}`,
          `d${i}`,
          long,
        ]);
    add(`dn${i}`, `DNAME ${target}`, ...(i % 2 ? ['TXT "beside DNAME"'] : []));
    add(`h.tree${i}`, address());
    add(`c.tree${i}`, `CNAME h.tree${i}`);
    // Chains of CNAMEs and what they end at.
    const ends = [
      host(),
      'gone',
      'www.elsewhere.example.',
      `x.d${i}`,
      `d${i}`,
      `x.wc${i}`,
      `q.w${i}`,
      `h.dn${i}`,
      `w${i}`,
      'ent0',
    ];
    const length = 1 + random.below(6);
    for (let k = 0; k < length; k++) {
      add(`c${i}-${k}`, `CNAME ${random.mixCase(k + 1 < length ? `c${i}-${k + 1}` : random.pick(ends))}`);
    }
  }
  for (const name of ['a\\.b', 'sp\\032ace', 'back\\\\slash', 'b\\200in', '"quoted"', 'x.a\\.b', '*\\.h1']) {
    add(name, address());
  }
  // CNAMEs that go in circles, and a chain that is very long.
  add('self', 'CNAME self');
  add('*.round', 'CNAME x.round');
  for (let i = 0; i < 3; i++) add(`circle${i}`, `CNAME circle${(i + 1) % 3}`);
  for (let i = 0; i < 20; i++) add(`long${i}`, `CNAME ${i < 19 ? `long${i + 1}` : host()}`);
  return { text: `${lines.join('\n')}\n`, names: [...names] };
}

const TYPES = [
  'A',
  'A',
  'A',
  'AAAA',
  'AAAA',
  'MX',
  'TXT',
  'NS',
  'SOA',
  'CNAME',
  'DNAME',
  'DS',
  'SRV',
  'PTR',
  'CAA',
  'HTTPS',
  'NAPTR',
  'TYPE65280',
  'ANY',
];
const LABEL = /(?:\\.|[^\\.])+/g;
const LABELS = ['*', 'x', 'www', 'ns', 'h', 'c', 'mid', 'exists', 'deep', 'a\\.b', '\\000', 'l'.repeat(63), 'gone'];

/** A question about one of a zone's names, or one near it; half of them for a type that the name has. */
export function generateQuestion(random: Random, names: GeneratedZone['names']): GeneratedQuestion {
  const [name, types] = random.pick(names);
  let labels = name.match(LABEL) as string[];
  if (random.chance(10)) labels = labels.slice(1);
  if (random.chance(25)) labels = [random.pick(LABELS), ...labels];
  if (random.chance(10)) labels = [random.pick(LABELS), ...labels];
  const relative = labels.filter((label) => label !== '@');
  return {
    name: random.mixCase([...relative, ORIGIN, ''].join('.')),
    type: random.pick(random.chance(50) ? types : TYPES),
  };
}
