import assert from 'node:assert/strict';
import type { Change, ZoneDifference } from '../../dist/zone.js';
import { parseZone, Zone } from '../../dist/zone.js';
import { nsec3Hash } from '../../dist/dnssec/nsec3-hash.js';
import { toBase32 } from '../../dist/dns/base32.js';
import { NameTree } from '../../dist/zone/name-tree.js';

const HEAD = `$TTL 1h
@ SOA ns1 hostmaster 7 1d 2h 4w 15m
  NS ns1
ns1 A 192.0.2.1
`;
const NSEC3_HEAD = `${HEAD}@ NSEC3PARAM 1 0 1 AB\n`;

function zoneOf(text: string): Zone {
  return parseZone(text, { origin: 'example.org', file: 'db' });
}

/** RRSIG data, as they stand in a zone file; nobody checks these here. */
function signature(covered: string, algorithm = 13): string {
  return `RRSIG ${covered} ${algorithm} 2 3600 20300101000000 20200101000000 1 example.org. aGVsbG8=`;
}

/** The NSEC3 of a name, one that points to itself. */
function nsec3(name: string, { salt = 'AB', iterations = 1 } = {}): string {
  const hash = toBase32(nsec3Hash(name, iterations, Buffer.from(salt, 'hex')));
  return `${hash} NSEC3 1 0 ${iterations} ${salt} ${hash} A RRSIG\n`;
}

/** The owners of NSEC records in the order of the index. */
function ownersIn(zone: Zone): string[] {
  const image = zone.image();
  const names = new NameTree(image.origin, image);
  return Array.from(image.order, (node) => names.nameOf(node));
}

describe('the records of a signed zone', () => {
  const text = `${HEAD}a A 192.0.2.2
a ${signature('A')}
a ${signature('A', 15)}
a ${signature('NSEC')}
a NSEC ns1 A RRSIG NSEC
b CNAME a
b ${signature('CNAME')}
b NSEC c CNAME RRSIG NSEC
c NSEC d NSEC CNAME
c CNAME a
@ DNSKEY 257 3 13 aGVsbG8=
@ CDS 1 13 2 00
sub NS ns1
sub DS 1 13 2 00
sub ${signature('DS')}
`;

  it('are read, listed and found, signatures as RRSIG', () => {
    const zone = zoneOf(text);
    assert.equal(zone.size, 18);
    const types = [...zone.records()].filter(({ name }) => name === 'a.example.org').map(({ type }) => type);
    assert.deepEqual(types, ['A', 'RRSIG', 'RRSIG', 'RRSIG', 'NSEC']);
    const covered = zone
      .find('a.example.org', 'RRSIG')
      .map(({ data }) => (data as { typeCovered: string }).typeCovered);
    assert.deepEqual(covered, ['A', 'A', 'NSEC']);
    assert.equal(zone.find('a.example.org', 'ANY').length, 5);
    assert.deepEqual([...zone.transfer()].at(-1), zone.soa);
  });

  it('are the same in an image', () => {
    const zone = zoneOf(text);
    const copy = Zone.fromImage(structuredClone(zone.image()));
    assert.deepEqual([...copy.records()], [...zone.records()]);
    assert.deepEqual(copy.image().order, zone.image().order);
  });

  it('are never shown as other types', () => {
    const zone = zoneOf(`${HEAD}a ${signature('A')}\na A 192.0.2.2\n*.w ${signature('TXT')}\n*.w TXT x\n`);
    for (const type of ['A', 'ANY', 'RRSIG', 'TYPE46', 'TYPE0', 'TYPE65535']) {
      for (const name of ['a.example.org', 'x.w.example.org']) {
        const { answer } = zone.lookup(name, type)!;
        for (const record of answer) assert.match(record.type, /^(?:A|TXT|RRSIG)$/);
      }
    }
    assert.deepEqual(
      zone.lookup('a.example.org', 'ANY')!.answer.map(({ type }) => type),
      ['A'],
    );
    assert.deepEqual(
      zone.lookup('a.example.org', 'RRSIG')!.answer.map(({ type }) => type),
      ['RRSIG'],
    );
    assert.deepEqual(
      zone.lookup('x.w.example.org', 'RRSIG')!.answer.map(({ name }) => name),
      ['x.w.example.org'],
    );
    assert.deepEqual(zone.lookup('example.org', 'RRSIG')!.answer, []);
  });

  it('may stand beside CNAME if they are RRSIG or NSEC, others not', () => {
    for (const bad of ['b DNSKEY 257 3 13 aGVsbG8=', 'b DS 1 13 2 00', 'b NSEC3PARAM 1 0 0 -'])
      for (const lines of [`b CNAME a\n${bad}\n`, `${bad}\nb CNAME a\n`])
        assert.throws(() => zoneOf(HEAD + lines), /beside CNAME/, lines);
  });

  it('may be NSEC3 below a DNAME', () => {
    const zone = zoneOf(`${NSEC3_HEAD}${nsec3('example.org')}`.replace('ns1 A 192.0.2.1\n', '@ DNAME example.net.\n'));
    assert.equal(zone.image().nsec3Sets.length, 1);
    assert.throws(() => zoneOf(`${NSEC3_HEAD}@ DNAME example.net.\n`), /nothing may stand below a DNAME/);
  });
});

describe('the indexes of a signed zone', () => {
  it('are empty for an unsigned one', () => {
    const { order, nsec3Hashes, nsec3Sets } = zoneOf(HEAD).image();
    assert.deepEqual([order.length, nsec3Hashes.length, nsec3Sets.length], [0, 0, 0]);
  });

  it('have the owners of NSEC in canonical order (RFC 4034 s.6.1)', () => {
    const names = ['@', 'a', 'yljkjljk.a', 'Z.a', 'zABC.a', 'z', '\\001.z', '*.z', '\\200.z'];
    const expected = names.map((name) => (name === '@' ? 'example.org' : `${name.toLowerCase()}.example.org`));
    for (const file of [names, names.toReversed(), names.toSorted()]) {
      const zone = zoneOf(HEAD + file.map((name) => `${name} NSEC @ NSEC RRSIG\n`).join('') + 'x.b A 192.0.2.1\n');
      assert.deepEqual(ownersIn(zone), expected);
    }
  });

  it('have the hashes of the chain in use', () => {
    const names = ['example.org', 'a.example.org', 'b.example.org', 'c.example.org'];
    const other = nsec3('d.example.org', { salt: 'CD' }) + nsec3('e.example.org', { iterations: 2 });
    const { nsec3Hashes, nsec3Sets, nsec3Iterations, nsec3Salt } = zoneOf(
      NSEC3_HEAD + names.map((name) => nsec3(name)).join('') + other,
    ).image();
    const hashes = names.map((name) => nsec3Hash(name, 1, Buffer.from('AB', 'hex'))).sort((a, b) => a.compare(b));
    assert.deepEqual(Buffer.from(nsec3Hashes), Buffer.concat(hashes));
    assert.equal(nsec3Sets.length, 4);
    assert.equal(nsec3Iterations, 1);
    assert.deepEqual([...nsec3Salt], [0xab]);
  });

  it('have no chain whose NSEC3PARAM has flags or is missing, or that leaves out the zone itself', () => {
    const chain = nsec3('example.org') + nsec3('a.example.org');
    for (const text of [
      HEAD + chain,
      `${HEAD}@ NSEC3PARAM 1 1 1 AB\n${chain}`,
      `${HEAD}@ NSEC3PARAM 2 0 1 AB\n${chain}`,
      `${HEAD}@ NSEC3PARAM 1 0 2 AB\n${chain}`,
      NSEC3_HEAD + nsec3('a.example.org'),
    ])
      assert.equal(zoneOf(text).image().nsec3Sets.length, 0, text);
    // One of two chains is whole.
    assert.equal(zoneOf(`${HEAD}@ NSEC3PARAM 1 0 2 AB\n@ NSEC3PARAM 1 0 1 AB\n${chain}`).image().nsec3Sets.length, 2);
  });

  it('leave out NSEC3 records whose owner is not a hash right below the zone', () => {
    const bad = ['short', 'a'.repeat(33), 'z'.repeat(32), `${'0'.repeat(32)}.a`];
    const lines = bad.map((name) => `${name} NSEC3 1 0 1 AB 00 A\n`).join('');
    assert.equal(zoneOf(NSEC3_HEAD + nsec3('example.org') + lines).image().nsec3Sets.length, 1);
  });
});

describe('an update of a signed zone', () => {
  const zone = (): Zone => zoneOf(`${HEAD}@ NSEC a SOA NS NSEC\na NSEC @ A NSEC\na A 192.0.2.2\na ${signature('A')}\n`);
  const recordIn = (line: string, type: string): Change => {
    const [record] = zoneOf(`${HEAD}${line}\n`).find(line.split(' ')[0] + '.example.org', type);
    return { kind: 'add', record };
  };
  const signed = { signer: true };

  it('takes records of a signer from the signer alone', () => {
    const changes: Change[] = [
      recordIn(`b ${signature('A')}`, 'RRSIG'),
      recordIn('b NSEC @ A', 'NSEC'),
      recordIn(nsec3('b.example.org').trim(), 'NSEC3'),
      { kind: 'deleteRRset', name: 'a.example.org', type: 'NSEC' },
      { kind: 'deleteRRset', name: 'a.example.org', type: 'RRSIG' },
    ];
    for (const change of changes) {
      assert.throws(() => zone().update([change]), { code: 'ERR_MULTISOCKET_UPDATE', rcode: 'REFUSED' });
      assert.equal(zone().update([change], signed).newSerial, 8);
    }
  });

  it('changes each signature, and the indexes', () => {
    const changed = zone();
    const adds = [`a ${signature('A', 15)}`, `a ${signature('NSEC')}`].map((line) => recordIn(line, 'RRSIG'));
    const difference: ZoneDifference = changed.update([...adds, recordIn('0 NSEC a A', 'NSEC')], signed);
    assert.deepEqual(
      difference.added.map(({ type }) => type),
      ['SOA', 'RRSIG', 'RRSIG', 'NSEC'],
    );
    assert.equal(changed.find('a.example.org', 'RRSIG').length, 3);
    assert.deepEqual(ownersIn(changed), ['example.org', '0.example.org', 'a.example.org']);
    changed.update([{ kind: 'deleteRecord', record: changed.find('a.example.org', 'RRSIG')[0] }], signed);
    assert.equal(changed.find('a.example.org', 'RRSIG').length, 2);
    changed.update([{ kind: 'deleteRRset', name: 'a.example.org', type: 'RRSIG' }], signed);
    assert.equal(changed.find('a.example.org', 'RRSIG').length, 0);
    changed.update([{ kind: 'deleteName', name: 'a.example.org' }], signed);
    assert.equal(changed.image().order.length, 2);
  });

  it('may delete a CNAME with its signature, and put another record in its place', () => {
    const changed = zoneOf(`${HEAD}b CNAME a\nb ${signature('CNAME')}\nb NSEC c CNAME\n`);
    changed.update([recordIn('b A 192.0.2.9', 'A')], signed);
    assert.equal(changed.find('b.example.org', 'A').length, 0);
    changed.update(
      [{ kind: 'deleteRRset', name: 'b.example.org', type: 'CNAME' }, recordIn('b A 192.0.2.9', 'A')],
      signed,
    );
    assert.equal(changed.find('b.example.org', 'A').length, 1);
  });

  it('checks prerequisites for RRSIG', () => {
    const name = 'a.example.org';
    assert.equal(zone().check([{ kind: 'rrsetExists', name, type: 'RRSIG' }]), 'NOERROR');
    assert.equal(zone().check([{ kind: 'rrsetNotExists', name, type: 'RRSIG' }]), 'YXRRSET');
    assert.equal(zone().check([{ kind: 'rrsetExists', name: 'example.org', type: 'RRSIG' }]), 'NXRRSET');
    const records = [...zone().find(name, 'RRSIG')];
    assert.equal(zone().check([{ kind: 'rrsetEquals', name, type: 'RRSIG', records }]), 'NOERROR');
  });
});

describe('a signed zone with faults is served, with a warning', () => {
  const CHAIN = `${HEAD}@ NSEC a SOA NS NSEC\na NSEC ns1 A NSEC\na A 192.0.2.2\nns1 NSEC @ A NSEC\n`;
  const iterations = (count: number): string =>
    `${HEAD}@ NSEC3PARAM 1 0 ${count} AB\n${nsec3('example.org', { iterations: count })}`;
  const cases: readonly [fault: string, text: string, warning: RegExp][] = [
    ['none', CHAIN, /^$/],
    ['none', iterations(100), /^$/],
    ['a signature of nothing', `${CHAIN}a ${signature('TXT')}\n`, /^a\.example\.org RRSIG: it signs records that/],
    [
      'a next name that has no record',
      CHAIN.replace('NSEC ns1', 'NSEC gone'),
      /^a\.example\.org NSEC: the chain is broken/,
    ],
    ['a next name of another zone', CHAIN.replace('NSEC @', 'NSEC example.com.'), /^ns1\.example\.org NSEC: the chain/],
    ['a name that is skipped', CHAIN.replace('NSEC a', 'NSEC ns1'), /^example\.org NSEC: the chain is broken/],
    [
      'an NSEC3 chain in two parts',
      NSEC3_HEAD + nsec3('example.org') + nsec3('a.example.org'),
      /NSEC3: the chain is broken/,
    ],
    ['NSEC3PARAM without a chain', NSEC3_HEAD, /NSEC3PARAM: no NSEC3 chain is used/],
    ['101 iterations', iterations(101), /101 iterations, but resolvers may refuse more than 100: use 0/],
    ['2501 iterations', iterations(2501), /no NSEC3 chain is used: it has .* more than 2500 iterations/],
  ];
  for (const [fault, text, warning] of cases)
    it(fault, () => {
      const zone = zoneOf(text);
      assert.match(zone.warnings.join('\n'), warning);
      assert.ok(zone.lookup('x.example.org', 'A', { dnssecOk: true })!.authority.length > 0);
    });
});
