import assert from 'node:assert/strict';
import { parseZone, type Zone, type ZoneAnswer } from '../../dist/zone.js';

const HEAD = `$TTL 1h
@ SOA ns1 hostmaster 7 1d 2h 4w 15m
  NS ns1
  NS ns.elsewhere.example.
ns1 A 192.0.2.1
`;
const SOA = 'example.org 900 SOA';
const NOERROR = { rcode: 'NOERROR', authoritative: true, answer: [], authority: [], additional: [] };
const NO_DATA = { ...NOERROR, authority: [SOA] };
const NO_NAME = { ...NO_DATA, rcode: 'NXDOMAIN' };

function zoneOf(text: string): Zone {
  return parseZone(HEAD + text, { origin: 'example.org', file: 'db' });
}

/** An answer with its records as `name ttl type data`. */
function look(zone: Zone, name: string, type: string): unknown {
  const found = zone.lookup(name, type);
  return (
    found && {
      rcode: found.rcode,
      authoritative: found.authoritative,
      answer: show(found.answer),
      authority: show(found.authority),
      additional: show(found.additional),
    }
  );
}

function show(records: ZoneAnswer['answer']): string[] {
  return records.map(({ name, ttl, type, data }) => {
    const text = typeof data === 'string' ? ` ${data}` : type === 'SOA' ? '' : ` ${JSON.stringify(data)}`;
    return `${name} ${ttl} ${type}${text}`;
  });
}

function refuses(text: string, message: string): void {
  assert.throws(() => zoneOf(text), { code: 'ERR_MULTISOCKET_ZONE', message });
}

describe('a zone', () => {
  it('has its serial, its records without doubles', () => {
    const zone = zoneOf('a A 192.0.2.1\nA A 192.0.2.1\nb MX 10 X\nb MX 10 x\nc TXT X\nc TXT x\n');
    assert.equal(zone.serial, 7);
    assert.equal(zone.size, 8);
  });

  describe('says of a name that exists', () => {
    const zone = zoneOf('a A 192.0.2.2\nA A 192.0.2.3\na\\.b.c TXT x\nx TYPE65280 \\# 1 00\n');

    it('its RRset, the same each time', () => {
      assert.deepEqual(look(zone, 'a.example.org', 'A'), {
        ...NOERROR,
        answer: ['a.example.org 3600 A 192.0.2.2', 'a.example.org 3600 A 192.0.2.3'],
      });
      assert.equal(zone.lookup('a.example.org', 'A'), zone.lookup('a.example.org', 'A'));
      assert.ok(Object.isFrozen(zone.lookup('a.example.org', 'A')!.answer));
    });

    it('no data for other types, with SOA as long as its MINIMUM says (RFC 2308)', () => {
      assert.deepEqual(look(zone, 'a.example.org', 'AAAA'), NO_DATA);
    });

    it('SOA with its own TTL when it is asked for', () => {
      assert.deepEqual(look(zone, 'example.org', 'SOA'), { ...NOERROR, answer: ['example.org 3600 SOA'] });
    });

    it('no data when only longer names have some', () => {
      assert.deepEqual(look(zone, 'c.example.org', 'TXT'), NO_DATA);
    });

    it('what it has under an escaped name, and a type without a name', () => {
      assert.equal(zone.lookup('a\\.b.c.example.org', 'TXT')!.answer.length, 1);
      assert.deepEqual(look(zone, 'b.c.example.org', 'TXT'), NO_NAME);
      assert.equal(zone.lookup('x.example.org', 'TYPE65280')!.answer.length, 1);
    });

    it('one RRset for ANY (RFC 8482 s.4.1)', () => {
      assert.deepEqual(look(zone, 'example.org', 'ANY'), { ...NOERROR, answer: ['example.org 3600 SOA'] });
      assert.deepEqual(look(zone, 'c.example.org', 'ANY'), NO_DATA);
    });
  });

  it('says that other names do not exist, and nothing of names outside of it', () => {
    const zone = zoneOf('a A 192.0.2.2\n');
    assert.deepEqual(look(zone, 'b.example.org', 'A'), NO_NAME);
    assert.deepEqual(look(zone, 'x.y.a.example.org', 'A'), NO_NAME);
    for (const name of ['example.net', 'org', '.', 'xexample.org', 'x\\.example.org']) {
      assert.equal(zone.lookup(name, 'A'), undefined, name);
    }
  });

  it('leaves out records that are not in it, with a warning', () => {
    const zone = zoneOf('a.example.net. A 192.0.2.1\na A 192.0.2.1\nx\\.example.org. A 192.0.2.1\n');
    const why = 'the name is not in the zone example.org: the record is left out';
    assert.deepEqual(zone.warnings, [`db:6: a.example.net A: ${why}`, `db:8: x\\.example.org A: ${why}`]);
    assert.equal(zone.lookup('a.example.org', 'A')!.answer.length, 1);
    assert.equal(zone.lookup('a.example.net', 'A'), undefined);
  });

  it('tells names without records of their own from those that lack a type', () => {
    const zone = zoneOf('a.b.c A 192.0.2.2\n*.w.x A 192.0.2.3\nsub.*.e A 192.0.2.4\n');
    const vacant = (name: string): boolean => zone.lookup(`${name}example.org`, 'TXT')!.vacant === true;
    for (const name of ['nothing.', 'b.c.', 'c.', 'x.b.c.', 'w.x.', 'x.']) assert.ok(vacant(name), name);
    for (const name of ['', 'a.b.c.', 'any.w.x.', 'any.e.']) assert.ok(!vacant(name), name);
  });

  it('may be the root', () => {
    const root = parseZone('$TTL 60\n. SOA a b 1 2 3 4 5\norg NS a.org\na.org A 192.0.2.1\n* TXT x\n', { origin: '.' });
    assert.deepEqual(look(root, 'x.example.org', 'A'), {
      ...NOERROR,
      authoritative: false,
      authority: ['org 60 NS a.org'],
      additional: ['a.org 60 A 192.0.2.1'],
    });
    assert.deepEqual(show(root.lookup('x.net', 'TXT')!.answer), ['x.net 60 TXT [{"type":"Buffer","data":[120]}]']);
    assert.deepEqual(show(root.lookup('.', 'SOA')!.answer), ['. 60 SOA']);
  });

  describe('follows CNAME', () => {
    const zone = zoneOf(`
a CNAME B
b CNAME c
c A 192.0.2.2
out CNAME a.elsewhere.example.
gone CNAME nothing
empty CNAME ent
x.ent A 192.0.2.3
cut CNAME x.sub
sub NS ns1
self CNAME self
one CNAME two
two CNAME one
${Array.from({ length: 30 }, (_, i) => `long${i} CNAME long${i + 1}`).join('\n')}
`);
    const CHAIN = ['a.example.org 3600 CNAME B.example.org', 'b.example.org 3600 CNAME c.example.org'];

    it('to its end', () => {
      assert.deepEqual(look(zone, 'a.example.org', 'A'), {
        ...NOERROR,
        answer: [...CHAIN, 'c.example.org 3600 A 192.0.2.2'],
      });
    });

    it('to no data and to no name, whose response code it takes (RFC 6604)', () => {
      assert.deepEqual(look(zone, 'a.example.org', 'TXT'), { ...NO_DATA, answer: CHAIN });
      assert.deepEqual(look(zone, 'empty.example.org', 'TXT'), {
        ...NO_DATA,
        answer: ['empty.example.org 3600 CNAME ent.example.org'],
      });
      assert.deepEqual(look(zone, 'gone.example.org', 'A'), {
        ...NO_NAME,
        answer: ['gone.example.org 3600 CNAME nothing.example.org'],
      });
    });

    it('not out of the zone, and not when it is asked for itself', () => {
      const out = { ...NOERROR, answer: ['out.example.org 3600 CNAME a.elsewhere.example'] };
      assert.deepEqual(look(zone, 'out.example.org', 'A'), out);
      assert.deepEqual(look(zone, 'a.example.org', 'CNAME'), { ...NOERROR, answer: CHAIN.slice(0, 1) });
      assert.deepEqual(look(zone, 'a.example.org', 'ANY'), { ...NOERROR, answer: CHAIN.slice(0, 1) });
    });

    it('to a delegation, with authority for the CNAME', () => {
      assert.deepEqual(look(zone, 'cut.example.org', 'A'), {
        ...NOERROR,
        answer: ['cut.example.org 3600 CNAME x.sub.example.org'],
        authority: ['sub.example.org 3600 NS ns1.example.org'],
        additional: ['ns1.example.org 3600 A 192.0.2.1'],
      });
    });

    it('once around a circle, and 17 records far', () => {
      assert.equal(zone.lookup('self.example.org', 'A')!.answer.length, 1);
      assert.equal(zone.lookup('one.example.org', 'A')!.answer.length, 2);
      assert.equal(zone.lookup('long0.example.org', 'A')!.answer.length, 17);
    });
  });

  describe('follows DNAME (RFC 6672)', () => {
    const zone = zoneOf(`
d 60 DNAME Target
d TXT beside
a.target A 192.0.2.2
away DNAME elsewhere.example.
round DNAME x.round2
round2 DNAME round
far DNAME ${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}
`);

    it('with the CNAME that it gives', () => {
      assert.deepEqual(look(zone, 'a.d.example.org', 'A'), {
        ...NOERROR,
        answer: [
          'd.example.org 60 DNAME Target.example.org',
          'a.d.example.org 60 CNAME a.Target.example.org',
          'a.target.example.org 3600 A 192.0.2.2',
        ],
      });
      assert.equal(zone.lookup('b.a.d.example.org', 'A')!.rcode, 'NXDOMAIN');
    });

    it('out of the zone only so far, and not for the name itself', () => {
      assert.deepEqual(look(zone, 'x.y.away.example.org', 'A'), {
        ...NOERROR,
        answer: [
          'away.example.org 3600 DNAME elsewhere.example',
          'x.y.away.example.org 3600 CNAME x.y.elsewhere.example',
        ],
      });
      assert.deepEqual(look(zone, 'd.example.org', 'A'), NO_DATA);
      assert.equal(zone.lookup('d.example.org', 'DNAME')!.answer.length, 1);
    });

    it('to YXDOMAIN where the name gets too long, and not for ever', () => {
      const tooLong = look(zone, `${'w'.repeat(60)}.far.example.org`, 'A') as ZoneAnswer;
      assert.equal(tooLong.rcode, 'YXDOMAIN');
      assert.equal(tooLong.answer.length, 1);
      assert.ok(zone.lookup('a.round.example.org', 'A')!.answer.length < 40);
    });
  });

  describe('has wildcards (RFC 4592)', () => {
    const zone = zoneOf(`
*.w A 192.0.2.2
*.w MX 10 a.w
b.w TXT blocks
d.c.w TXT blocks
*.alias CNAME a.w
sub.*.w A 192.0.2.3
`);

    it('for names that do not exist, however deep, in the spelling of the question', () => {
      for (const name of ['a.w.example.org', 'x.y.w.example.org']) {
        assert.deepEqual(look(zone, name, 'A'), { ...NOERROR, answer: [`${name} 3600 A 192.0.2.2`] });
      }
    });

    it('without data of other types', () => {
      assert.deepEqual(look(zone, 'a.w.example.org', 'TXT'), NO_DATA);
    });

    it('not for names that exist, nor below them, be it for longer names only', () => {
      assert.deepEqual(look(zone, 'b.w.example.org', 'A'), NO_DATA);
      assert.deepEqual(look(zone, 'c.w.example.org', 'A'), NO_DATA);
      assert.deepEqual(look(zone, 'a.b.w.example.org', 'A'), NO_NAME);
      assert.deepEqual(look(zone, 'a.c.w.example.org', 'A'), NO_NAME);
      assert.deepEqual(look(zone, 'w.example.org', 'A'), NO_DATA);
    });

    it('whose names can be asked for, and have names below them', () => {
      assert.deepEqual(look(zone, '*.w.example.org', 'A'), {
        ...NOERROR,
        answer: ['*.w.example.org 3600 A 192.0.2.2'],
      });
      assert.equal(zone.lookup('sub.*.w.example.org', 'A')!.answer.length, 1);
      assert.deepEqual(look(zone, 'other.*.w.example.org', 'A'), NO_NAME);
    });

    it('that are CNAMEs, and additional addresses', () => {
      assert.deepEqual(look(zone, 'x.alias.example.org', 'MX'), {
        ...NOERROR,
        answer: [
          'x.alias.example.org 3600 CNAME a.w.example.org',
          'a.w.example.org 3600 MX {"preference":10,"exchange":"a.w.example.org"}',
        ],
        additional: ['a.w.example.org 3600 A 192.0.2.2'],
      });
    });
  });

  describe('delegates', () => {
    const zone = zoneOf(`
sub NS ns.sub
sub NS NS.other
sub DS 1 8 2 00
sub TXT occluded
ns.sub A 192.0.2.2
ns.sub AAAA 2001:db8::2
deep.cut.sub NS ns1
other NS ns.other
ns.other A 192.0.2.3
mx MX 10 ns.sub
`);
    const REFERRAL = {
      ...NOERROR,
      authoritative: false,
      authority: ['sub.example.org 3600 NS ns.sub.example.org', 'sub.example.org 3600 NS NS.other.example.org'],
      additional: [
        'ns.sub.example.org 3600 A 192.0.2.2',
        'ns.sub.example.org 3600 AAAA 2001:db8::2',
        'ns.other.example.org 3600 A 192.0.2.3',
      ],
    };

    it('what is at and below the cut, with glue, without authority', () => {
      for (const [name, type] of [
        ['sub', 'A'],
        ['sub', 'NS'],
        ['sub', 'TXT'],
        ['sub', 'ANY'],
        ['ns.sub', 'A'],
        ['x.y.sub', 'DS'],
        ['a.deep.cut.sub', 'A'],
      ]) {
        assert.deepEqual(look(zone, `${name}.example.org`, type), REFERRAL, `${name} ${type}`);
      }
    });

    it('but for DS, which it answers itself (RFC 4035 s.3.1.4.1)', () => {
      assert.equal(zone.lookup('sub.example.org', 'DS')!.answer.length, 1);
      assert.equal(zone.lookup('sub.example.org', 'DS')!.authoritative, true);
      assert.deepEqual(look(zone, 'other.example.org', 'DS'), NO_DATA);
    });

    it('and gives glue to nothing but NS', () => {
      assert.deepEqual(look(zone, 'mx.example.org', 'MX'), {
        ...NOERROR,
        answer: ['mx.example.org 3600 MX {"preference":10,"exchange":"ns.sub.example.org"}'],
      });
    });
  });

  it('adds the addresses of names in NS, MX and SRV, each once', () => {
    const zone = zoneOf(
      'm MX 10 a\nm MX 20 A\nm MX 30 b.elsewhere.example.\ns SRV 0 0 1 a\na A 192.0.2.2\na AAAA ::1\n',
    );
    const addresses = ['a.example.org 3600 A 192.0.2.2', 'a.example.org 3600 AAAA ::1'];
    assert.deepEqual(show(zone.lookup('m.example.org', 'MX')!.additional), addresses);
    assert.deepEqual(show(zone.lookup('s.example.org', 'SRV')!.additional), addresses);
    assert.deepEqual(show(zone.lookup('example.org', 'NS')!.additional), ['ns1.example.org 3600 A 192.0.2.1']);
  });

  it('gives an RRset one TTL, the lowest (RFC 2181 s.5.2)', () => {
    assert.deepEqual(show(zoneOf('a 60 A 192.0.2.2\na 5 A 192.0.2.3\n').lookup('a.example.org', 'A')!.answer), [
      'a.example.org 5 A 192.0.2.2',
      'a.example.org 5 A 192.0.2.3',
    ]);
  });

  it('refuses what cannot stand in it, with file and line', () => {
    const beside = 'a.example.org CNAME: no other data may stand beside CNAME (RFC 2181 s.10.1)';
    refuses('a A 192.0.2.1\na CNAME b\n', `db:7: ${beside}`);
    refuses('a CNAME b\nA A 192.0.2.1\n', `db:7: ${beside.replace('a.example.org CNAME', 'A.example.org A')}`);
    refuses('a CNAME b\na CNAME c\n', 'db:7: a.example.org CNAME: a name has one CNAME at most');
    refuses('a DNAME b\na DNAME c\n', 'db:7: a.example.org DNAME: a name has one DNAME at most');
    refuses('@ SOA a b 1 2 3 4 5\n', 'db:6: example.org SOA: a name has one SOA at most');
    refuses('a SOA a b 1 2 3 4 5\n', 'db:6: a.example.org SOA: SOA stands at the top of the zone alone');
    refuses('b.a A 192.0.2.1\na DNAME c\n', 'db:6: b.a.example.org: nothing may stand below a DNAME (RFC 6672 s.2.4)');
    assert.throws(() => parseZone('$TTL 1\na A 192.0.2.1\n', { origin: 'example.org', file: 'db' }), {
      code: 'ERR_MULTISOCKET_ZONE',
      message: 'db:1: the zone example.org has no SOA record',
    });
  });
});
