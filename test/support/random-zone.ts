/** Zone files by chance: delegations with and without DS, glue, wildcards, empty non-terminals, DNAME, odd octets. */
import { seededNumbers } from './seeded-numbers.js';

const DIGEST = '00'.repeat(32);

/** The text of a zone that follows from a seed, with names relative to its origin. */
export function randomZone(seed: string, names = 60): string {
  const numbers = seededNumbers(seed);
  const pick = <T>(values: readonly T[]): T => values[numbers.next().value % values.length];
  const label = (): string =>
    pick([
      () => pick(['a', 'B', 'c', 'www', 'x-1', '_tcp', '0', 'ent', 'Mixed']),
      () => `n${numbers.next().value % 50}`,
      () => `\\${String(numbers.next().value % 256).padStart(3, '0')}z`,
      () => pick(['a\\.b', 'q\\"q', 'q\\;q', 'q\\(q', 'q\\@q', 'q\\$q', 'q\\\\q', `long${'y'.repeat(55)}`]),
    ])();
  const name = (): string => Array.from({ length: 1 + (numbers.next().value % 3) }, label).join('.');
  const lines = [
    '$TTL 300',
    '@ 3600 SOA ns.elsewhere. Host.Master 2017042745 3600 900 604800 1800',
    '@ NS ns.elsewhere.',
  ];
  const taken = new Set<string>();
  const address = (): string => `192.0.2.${numbers.next().value % 256}`;
  for (let i = 0; i < names; i++) {
    const owner = name();
    // Names below a DNAME, and data beside CNAME, are errors.
    const tops = owner
      .toLowerCase()
      .split(/(?<!\\)\./)
      .map((_, at, labels) => labels.slice(at).join('.'));
    if (tops.some((top) => taken.has(top))) continue;
    pick<() => void>([
      () => lines.push(`${owner} A ${address()}`, `${owner} 60 AAAA 2001:db8::${i}`),
      () => lines.push(`${owner} ${i} MX 10 Mail.Example.ORG.`, `${owner} MX 5 ${name()}`, `${owner} TXT "a" "\\200;"`),
      () => lines.push(`*.${owner} TXT "wild"`),
      () => lines.push(`${owner} NS ns.${owner}`, `ns.${owner} A ${address()}`),
      () => lines.push(`${owner} NS ns.elsewhere.`, `${owner} DS 1234 13 2 ${DIGEST}`, `${owner} A ${address()}`),
      () => lines.push(`${owner} NS ns.elsewhere.`, `x.y.${owner} TXT "below a cut"`),
      () => lines.push(`${owner} TYPE65280 \\# 3 010203`, `${owner} HTTPS 1 . alpn=h2`, `${owner} RESINFO "qnamemin"`),
      () => {
        lines.push(`c${i}.${owner} CNAME ${name()}`, `d${i}.${owner} DNAME ${name()}`);
        taken.add(`c${i}.${owner}`.toLowerCase()).add(`d${i}.${owner}`.toLowerCase());
      },
      () => lines.push(`${owner} SRV 1 2 3 WWW`, `${owner} NAPTR 1 2 "U" "E2U+sip" "!^.*$!sip:a@b!" Repl`),
      () => lines.push(`${owner} CAA 0 issue "ca.example"`, `${owner} LOC 52 22 23 N 4 53 32 E -2m 0m 10000m 10m`),
    ])();
  }
  return `${lines.join('\n')}\n`;
}
