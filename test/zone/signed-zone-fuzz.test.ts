/** Signed zones with broken chains: each question gets an answer, at a bounded cost. */
import assert from 'node:assert/strict';
import { toBase32 } from '../../dist/dns/base32.js';
import { nsec3Hash } from '../../dist/dnssec/nsec3-hash.js';
import { parseZone, type Zone, type ZoneAnswer } from '../../dist/zone.js';
import { Random } from '../directives/file/zone-generator.js';

const ZONES = Number(process.env.ZONES ?? 60);
const NAMES = [
  '@',
  'a',
  'b',
  'c.b',
  'd.c.b',
  '*.w',
  'x.*.w',
  'sub',
  'ns.sub',
  'deep.ent.of.opt',
  'alias',
  'dn',
  '\\000.\\255',
];
const TYPES = ['A', 'DS', 'NS', 'TXT', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'RRSIG', 'ANY', 'CNAME', 'SOA', 'TYPE65280'];
const DATA = `$TTL 60
@ SOA ns1 host 1 2 3 4 5
@ NS ns1
a A 192.0.2.1
c.b A 192.0.2.2
*.w TXT "wild"
x.*.w A 192.0.2.3
sub NS ns.sub
ns.sub A 192.0.2.4
deep.ent.of.opt NS ns1
alias CNAME y.w
dn DNAME w
`;

/** Records of chains by chance: some are left out, point anywhere, have other parameters, or stand at odd names. */
function chains(random: Random): string {
  const lines: string[] = [];
  const some = (): string => random.pick(NAMES);
  const type = (): string => random.pick(['A NS RRSIG', 'NSEC', '', 'SOA DNSKEY', 'TYPE65535']);
  const hash = (name: string, iterations: number, salt: string): string => {
    const full = name === '@' ? 'example.org' : `${name}.example.org`;
    const text = toBase32(nsec3Hash(full, iterations, Buffer.from(salt === '-' ? '' : salt, 'hex')));
    if (random.chance(5)) return text.slice(0, random.pick([2, 8, 24]));
    return random.chance(5) ? random.pick(['0', 'V']).repeat(random.pick([32, 40, 56])) : text;
  };
  const [iterations, salt] = [
    random.pick([0, 0, 3, 100, 2500, 2501, 65535]),
    random.pick(['-', 'AB', 'FF'.repeat(255)]),
  ];
  const lowered = Math.min(iterations, 3000);
  if (random.chance(80)) lines.push(`@ NSEC3PARAM 1 ${random.chance(10) ? 1 : 0} ${iterations} ${salt}`);
  if (random.chance(30)) lines.push('@ NSEC3PARAM 7 0 0 -', `@ NSEC3PARAM 1 0 ${random.below(5)} CC`);
  for (const name of NAMES) {
    if (random.chance(70)) lines.push(`${name} NSEC ${random.pick([some(), 'example.com.', '.', 'zz'])} ${type()}`);
    if (!random.chance(80)) continue;
    const own = random.chance(90) ? lowered : random.below(10);
    const at = random.chance(95) ? '' : `.${some()}`;
    const owner = hash(name, own, salt).replace('@', 'x') + at.replace('.@', '');
    lines.push(
      `${owner} NSEC3 ${random.chance(95) ? 1 : 2} ${random.below(2)} ${iterations} ${salt} ${hash(some(), own, salt)} ${type()}`,
    );
  }
  for (let i = 0; i < 10; i++) {
    const covered = random.pick(['A', 'NSEC', 'NSEC3', 'SOA', 'RRSIG', 'TYPE0', 'TYPE65535', 'CNAME', 'DS']);
    lines.push(`${some()} RRSIG ${covered} 13 2 60 20300101000000 20200101000000 1 example.org. aGVsbG8=`);
  }
  return lines.join('\n');
}

function zoneOf(random: Random): Zone | undefined {
  try {
    return parseZone(`${DATA}${chains(random)}\n`, { origin: 'example.org' });
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'ERR_MULTISOCKET_ZONE');
    return undefined;
  }
}

describe('signed zones with broken chains', function () {
  this.timeout(300_000);

  it('answer each question, with proofs of bounded size, and are the same after a transfer', () => {
    const random = new Random(20261129);
    let loaded = 0;
    let proofs = 0;
    for (let i = 0; i < ZONES; i++) {
      const zone = zoneOf(random);
      if (zone === undefined) continue;
      loaded++;
      for (const name of [
        ...NAMES,
        'no',
        'x.y.z',
        'q.w',
        'any.q.w',
        'f.d.c.b',
        'under.dn',
        'x.sub',
        'of.opt',
        '\\255',
      ]) {
        const full = name === '@' ? 'example.org' : `${name}.example.org`;
        const type = random.pick(TYPES);
        const plain: ZoneAnswer = zone.lookup(full, type)!;
        const signed: ZoneAnswer = zone.lookup(full, type, { dnssecOk: true })!;
        assert.equal(signed.rcode, plain.rcode);
        assert.equal(signed.authoritative, plain.authoritative);
        const denials = signed.authority.filter((record) => record.type === 'NSEC' || record.type === 'NSEC3');
        proofs += denials.length;
        assert.ok(signed.authority.length < 60, `${full} ${type}`);
        if (!['RRSIG', 'NSEC', 'NSEC3', 'ANY'].includes(type)) {
          const without = [...plain.answer, ...plain.authority, ...plain.additional].map((record) => record.type);
          assert.ok(!without.includes('RRSIG') && !without.includes('NSEC') && !without.includes('NSEC3'));
        }
      }
      assert.equal([...zone.transfer()].length, zone.size + 1);
    }
    assert.ok(loaded > ZONES / 2, `${loaded} zones`);
    assert.ok(proofs > ZONES, `${proofs} proofs`);
  });
});
