import assert from 'node:assert/strict';
import { parseZone, type Change, type Prerequisite, type Zone } from '../../dist/zone.js';
import type { ResourceRecord } from '../../dist/index.js';

const TEXT = `$TTL 1h
@ SOA ns1 hostmaster 7 1d 2h 4w 15m
  NS ns1
  NS ns2
ns1 A 192.0.2.1
a A 192.0.2.2
a A 192.0.2.3
a MX 10 Mail
deep.b TXT x
c CNAME a
`;

function zoneOf(text = TEXT): Zone {
  return parseZone(text, { origin: 'example.org' });
}

function record(name: string, type: string, data: unknown, ttl = 60): ResourceRecord {
  return { name: name === '@' ? 'example.org' : `${name}.example.org`, type, ttl, data } as ResourceRecord;
}

function add(name: string, type: string, data: unknown, ttl?: number): Change {
  return { kind: 'add', record: record(name, type, data, ttl) };
}

function show(records: Iterable<ResourceRecord>): string[] {
  return Array.from(records, ({ name, ttl, type, data }) => {
    const serial = (data as { serial?: number }).serial;
    const text = typeof data === 'string' ? data : serial === undefined ? JSON.stringify(data) : String(serial);
    return `${name.replace(/\.?example\.org$/, '') || '@'} ${ttl} ${type} ${text.replaceAll('.example.org', '')}`;
  });
}

const soa = (serial: number): Change =>
  add('@', 'SOA', {
    mname: 'ns1.example.org',
    rname: 'h.example.org',
    serial,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  });

describe('updates of a zone (RFC 2136 s.3.4)', () => {
  /** What changes do to the zone: removed with `-`, added with `+`, without SOA. */
  function effect(...changes: Change[]): string[] {
    const zone = zoneOf();
    const before = show(zone.records());
    const { removed, added, oldSerial, newSerial } = zone.update(changes);
    const [minus, plus] = [show(removed), show(added)];
    const after = show(zone.records());
    assert.deepEqual(after.toSorted(), [...before.filter((line) => !minus.includes(line)), ...plus].sort());
    assert.equal(zone.size, after.length);
    assert.equal(oldSerial, 7);
    assert.equal(zone.serial, newSerial);
    if (minus.length === 0) {
      assert.deepEqual([plus, newSerial], [[], 7]);
      return [];
    }
    assert.equal(minus[0], '@ 3600 SOA 7');
    assert.match(plus[0], new RegExp(`^@ \\d+ SOA ${newSerial}$`));
    return [...minus.slice(1).map((line) => `-${line}`), ...plus.slice(1).map((line) => `+${line}`)];
  }

  it('add records, once each, to new names and old ones', () => {
    assert.deepEqual(effect(add('new.x', 'A', '192.0.2.9'), add('NEW.x', 'A', '192.0.2.9')), ['+new.x 60 A 192.0.2.9']);
    assert.deepEqual(effect(add('a', 'AAAA', '2001:db8::1')), ['+a 60 AAAA 2001:db8::1']);
    assert.deepEqual(effect(add('a', 'A', '192.0.2.2', 3600)), []);
  });

  it('give the whole RRset the TTL of the record that was added last (RFC 2181 s.5.2)', () => {
    assert.deepEqual(effect(add('a', 'A', '192.0.2.4', 5)), [
      '-a 3600 A 192.0.2.2',
      '-a 3600 A 192.0.2.3',
      '+a 5 A 192.0.2.2',
      '+a 5 A 192.0.2.3',
      '+a 5 A 192.0.2.4',
    ]);
  });

  it('delete a record, ignoring the case of names in it, a type, and a name', () => {
    const mail = record('a', 'MX', { preference: 10, exchange: 'mAIL.example.org' });
    assert.deepEqual(effect({ kind: 'deleteRecord', record: mail }).length, 1);
    assert.deepEqual(effect({ kind: 'deleteRecord', record: record('a', 'A', '192.0.2.77') }), []);
    const types: Change = { kind: 'deleteRRset', name: 'A.example.org.', type: 'A' };
    assert.deepEqual(effect(types), ['-a 3600 A 192.0.2.2', '-a 3600 A 192.0.2.3']);
    assert.equal(effect({ kind: 'deleteName', name: 'a.example.org' }).length, 3);
    assert.deepEqual(effect({ kind: 'deleteName', name: 'b.example.org' }), []);
  });

  it('happen in their order', () => {
    const gone: Change = { kind: 'deleteName', name: 'a.example.org' };
    assert.deepEqual(effect(gone, add('a', 'CNAME', 'c.example.org')).slice(3), ['+a 60 CNAME c']);
    assert.deepEqual(effect(add('q', 'A', '192.0.2.1'), { kind: 'deleteName', name: 'q.example.org' }), []);
  });

  it('leave SOA and the last NS at the top', () => {
    const ns = (name: string): Change => ({ kind: 'deleteRecord', record: record('@', 'NS', `${name}.example.org`) });
    assert.deepEqual(effect(ns('ns1'), ns('ns2')), ['-@ 3600 NS ns1']);
    assert.deepEqual(effect({ kind: 'deleteName', name: 'example.org' }), []);
    assert.deepEqual(effect({ kind: 'deleteRRset', name: 'example.org', type: 'NS' }), []);
    assert.deepEqual(effect({ kind: 'deleteRRset', name: 'example.org', type: 'SOA' }), []);
    assert.deepEqual(effect({ kind: 'deleteRecord', record: soaRecord() }), []);
  });

  function soaRecord(): ResourceRecord {
    return zoneOf().soa;
  }

  it('put nothing beside a CNAME, and no CNAME beside other data; replace a CNAME and a DNAME', () => {
    assert.deepEqual(effect(add('c', 'A', '192.0.2.1')), []);
    assert.deepEqual(effect(add('a', 'CNAME', 'c.example.org')), []);
    assert.deepEqual(effect(add('c', 'DNAME', 'x.example.org')), []);
    assert.deepEqual(effect(add('c', 'CNAME', 'b.example.org')), ['-c 3600 CNAME a', '+c 60 CNAME b']);
    assert.deepEqual(effect(add('d', 'DNAME', 'x.example.org'), add('d', 'DNAME', 'y.example.org')), ['+d 60 DNAME y']);
    assert.deepEqual(effect(add('d', 'DNAME', 'x.example.org'), add('d', 'CNAME', 'y.example.org')), ['+d 60 DNAME x']);
  });

  it('take a later SOA with its serial number, and ignore another (RFC 1982)', () => {
    const zone = zoneOf();
    assert.equal(zone.update([soa(7)]).newSerial, 7);
    assert.equal(zone.update([soa(6), add('x', 'A', '192.0.2.1')]).newSerial, 8);
    assert.equal(zone.update([soa(2 ** 31 + 8)]).newSerial, 8);
    assert.equal(zone.update([soa(2 ** 31 + 7), add('y', 'A', '192.0.2.1')]).newSerial, 2 ** 31 + 7);
    assert.equal(zone.update([soa(2 ** 32 - 1)]).newSerial, 2 ** 32 - 1);
    assert.equal(zone.update([add('z', 'A', '192.0.2.1')]).newSerial, 1);
    assert.deepEqual(zoneOf().update([add('sub', 'SOA', zone.soa.data)]).added, []);
  });

  it('are made whole or not at all, with the response code in the error', () => {
    const zone = zoneOf();
    const before = show(zone.records());
    const wrong: [string, Change][] = [
      ['NOTZONE', { kind: 'deleteName', name: 'example.net' }],
      ['NOTZONE', { kind: 'add', record: { type: 'A', name: 'xexample.org', data: '192.0.2.1' } }],
      ['FORMERR', add('y', 'A', '192.0.2')],
      ['FORMERR', add('y', 'ANY', '')],
      ['FORMERR', add('y', 'A', Buffer.of(1, 2, 3))],
      ['FORMERR', add('y', 'A', '192.0.2.1', -1)],
      ['FORMERR', { kind: 'deleteRRset', name: 'a..example.org', type: 'A' }],
      ['FORMERR', { kind: 'deleteRRset', name: 'a.example.org', type: 'AXFR' }],
      ['FORMERR', { kind: 'rename', name: 'a.example.org' } as never],
      ['REFUSED', add('y', 'NSEC3PARAM', '1 0 0 -')],
    ];
    for (const [rcode, change] of wrong) {
      assert.throws(() => zone.update([add('x', 'A', '192.0.2.1'), change]), { code: 'ERR_MULTISOCKET_UPDATE', rcode });
    }
    assert.deepEqual(show(zone.records()), before);
    assert.deepEqual(zone.find('x.example.org', 'A'), []);
  });

  it('show at once in answers: names, empty non-terminals, wildcards, cuts, DNAMEs', () => {
    const zone = zoneOf();
    const look = (name: string, type = 'A'): string => {
      const { rcode, authoritative, answer } = zone.lookup(`${name}.example.org`, type)!;
      return `${rcode}${authoritative ? '' : ' referral'} ${show(answer).join()}`.trim();
    };
    assert.equal(look('x.y.z'), 'NXDOMAIN');
    zone.update([add('x.y.z', 'A', '192.0.2.9')]);
    assert.equal(look('x.y.z'), 'NOERROR x.y.z 60 A 192.0.2.9');
    assert.equal(look('y.z'), 'NOERROR');
    zone.update([{ kind: 'deleteName', name: 'x.y.z.example.org' }]);
    for (const name of ['x.y.z', 'y.z', 'z']) assert.equal(look(name), 'NXDOMAIN');
    zone.update([add('*.z', 'A', '192.0.2.8')]);
    assert.equal(look('q.z'), 'NOERROR q.z 60 A 192.0.2.8');
    zone.update([add('z', 'NS', 'ns1.example.org')]);
    assert.equal(look('q.z'), 'NOERROR referral');
    zone.update([{ kind: 'deleteRRset', name: 'z.example.org', type: 'NS' }, add('z', 'DNAME', 'b.example.org')]);
    assert.equal(look('deep.z', 'TXT').slice(0, 36), 'NOERROR z 60 DNAME b,deep.z 60 CNAME');
    zone.update([{ kind: 'deleteName', name: 'z.example.org' }]);
    assert.equal(look('q.z'), 'NOERROR q.z 60 A 192.0.2.8');
    zone.update([add('w.z', 'TXT', 'x'), { kind: 'deleteName', name: '*.z.example.org' }]);
    assert.equal(look('q.z'), 'NXDOMAIN');
  });

  it('do not disturb an iteration that has begun, nor answers that were given', () => {
    const zone = zoneOf();
    const whole = show(zone.transfer());
    const answer = zone.lookup('a.example.org', 'A')!;
    const shown = show(answer.answer);
    const iterations = [0, 1, 2, 4, 8].map((count) => {
      const records = zone.transfer();
      return { records, start: Array.from({ length: count }, () => records.next().value as ResourceRecord) };
    });
    zone.update([
      { kind: 'deleteName', name: 'a.example.org' },
      { kind: 'deleteName', name: 'ns1.example.org' },
      add('new', 'A', '192.0.2.1'),
      add('deep.b', 'TXT', 'y'),
    ]);
    zone.update([add('a', 'A', '192.0.2.77'), { kind: 'deleteName', name: 'deep.b.example.org' }]);
    for (const { records, start } of iterations) assert.deepEqual(show([...start, ...records]), whole);
    assert.deepEqual(show(answer.answer), shown);
    assert.equal(show(zone.transfer()).includes('new 60 A 192.0.2.1'), true);
  });

  it('keep the memory of a zone in proportion to its records', () => {
    const zone = zoneOf();
    const text = 'x'.repeat(255);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 5000; i++)
      zone.update([add('big', 'TXT', [text, String(i)]), ...(i > 9 ? [gone(i - 10)] : [])]);
    function gone(i: number): Change {
      return { kind: 'deleteRecord', record: record('big', 'TXT', [text, String(i)]) };
    }
    assert.equal(zone.find('big.example.org', 'TXT').length, 10);
    assert.equal(zone.serial, 5007);
    const more = process.memoryUsage().arrayBuffers - before;
    assert.ok(more < 64 << 20, `${more} octets`);
  });
});

describe('prerequisites of an update (RFC 2136 s.3.2)', () => {
  const zone = zoneOf();
  const name = (text: string): string => `${text}.example.org`;
  const equal = (text: string, type: string, ...data: unknown[]): Prerequisite => ({
    kind: 'rrsetEquals',
    name: name(text),
    type,
    records: data.map((each) => record(text, type, each, 0)),
  });
  const cases: [string, Prerequisite][] = [
    ['NOERROR', { kind: 'nameInUse', name: name('A') }],
    ['NXDOMAIN', { kind: 'nameInUse', name: name('b') }],
    ['NXDOMAIN', { kind: 'nameInUse', name: name('x') }],
    ['NOERROR', { kind: 'nameNotInUse', name: name('b') }],
    ['YXDOMAIN', { kind: 'nameNotInUse', name: name('a') }],
    ['NOERROR', { kind: 'rrsetExists', name: name('a'), type: 'MX' }],
    ['NXRRSET', { kind: 'rrsetExists', name: name('a'), type: 'TXT' }],
    ['NOERROR', { kind: 'rrsetNotExists', name: name('x'), type: 'A' }],
    ['YXRRSET', { kind: 'rrsetNotExists', name: name('c'), type: 'CNAME' }],
    ['NOERROR', equal('a', 'A', '192.0.2.3', '192.0.2.2')],
    ['NXRRSET', equal('a', 'A', '192.0.2.3')],
    ['NXRRSET', equal('a', 'A', '192.0.2.3', '192.0.2.2', '192.0.2.4')],
    ['NOERROR', equal('a', 'MX', { preference: 10, exchange: 'MAIL.example.org' })],
    ['NXRRSET', equal('x', 'A', '192.0.2.3')],
  ];
  for (const [rcode, prerequisite] of cases) {
    it(`${JSON.stringify(prerequisite).slice(0, 90)}: ${rcode}`, () => {
      assert.equal(zone.check([prerequisite]), rcode);
    });
  }

  it('are decided by the first that does not hold; one that is invalid is an error', () => {
    assert.equal(zone.check([cases[0][1], cases[6][1], cases[1][1]]), 'NXRRSET');
    const outside: Prerequisite = { kind: 'nameInUse', name: 'example.net' };
    assert.throws(() => zone.check([cases[6][1], outside]), { code: 'ERR_MULTISOCKET_UPDATE', rcode: 'NOTZONE' });
    assert.throws(() => zone.check([{ kind: 'x', name: 'example.org' } as never]), { rcode: 'FORMERR' });
    assert.throws(() => zone.check([equal('a', 'A', '192.0.2')]), { rcode: 'FORMERR' });
  });
});
