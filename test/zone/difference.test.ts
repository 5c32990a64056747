import assert from 'node:assert/strict';
import { compareZones } from '../../dist/zone/compare-zones.js';
import { readDifference, recordsOf, type Difference } from '../../dist/zone/difference.js';
import { parseZone, type Zone } from '../../dist/zone.js';
import { ZoneData } from '../../dist/zone/zone-data.js';
import { seededNumbers } from '../support/seeded-numbers.js';

const ORIGIN = 'example.org';
const soa = (serial: number): string => `@ 3600 IN SOA ns admin ${serial} 3600 600 86400 60\n`;
const zoneOf = (serial: number, records: string): Zone =>
  parseZone(`${soa(serial)}@ 3600 IN NS ns\n${records}`, { origin: ORIGIN });
const dataOf = (zone: Zone): ZoneData => new ZoneData(ORIGIN, zone.image());

/** The difference, without pauses. */
function differenceOf(before: Zone, after: Zone, limit = Infinity): Difference | undefined {
  const steps = compareZones(dataOf(before), dataOf(after), limit);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const texts = (zone: Zone): string[] => [...zone.records()].map((record) => JSON.stringify(record)).sort();

/** The records of a zone after a secondary has taken the difference (RFC 1995 s.4). Each removal must hit a record. */
function applied(before: Zone, difference: Difference): string[] {
  const records = new Set(texts(before));
  let soas = 0;
  for (const record of recordsOf(difference)) {
    if (record.type === 'SOA') soas++;
    const text = JSON.stringify(record);
    if (soas === 1) assert.ok(records.delete(text), `${text} is removed, and was not there`);
    else {
      assert.ok(!records.has(text), `${text} is added, and was there`);
      records.add(text);
    }
  }
  return [...records].sort();
}

describe('The difference between two versions of a zone', () => {
  it('is the SOA records alone if only the serial number differs', () => {
    const difference = differenceOf(zoneOf(1, 'www A 192.0.2.1\n'), zoneOf(2, 'www A 192.0.2.1\n'));
    assert.ok(difference);
    assert.deepEqual([difference.oldSerial, difference.newSerial, difference.records], [1, 2, 2]);
    assert.deepEqual(
      [...recordsOf(difference)].map(({ type }) => type),
      ['SOA', 'SOA'],
    );
  });

  for (const [what, before, after, records] of [
    ['a new name', '', 'a.b 60 A 192.0.2.1\n', 3],
    ['a name that is gone', 'a.b 60 A 192.0.2.1\n', '', 3],
    ['a name below one that is gone', 'b 60 A 192.0.2.2\na.b 60 A 192.0.2.1\n', 'a.b 60 A 192.0.2.1\n', 3],
    ['other data', 'a 60 A 192.0.2.1\na 60 A 192.0.2.2\n', 'a 60 A 192.0.2.2\na 60 A 192.0.2.3\n', 4],
    ['the order of records', 'a 60 A 192.0.2.1\na 60 A 192.0.2.2\n', 'a 60 A 192.0.2.2\na 60 A 192.0.2.1\n', 2],
    ['another TTL', 'a 60 A 192.0.2.1\na 60 A 192.0.2.2\n', 'a 61 A 192.0.2.1\na 61 A 192.0.2.2\n', 6],
    ['another type', 'a 60 A 192.0.2.1\n', 'a 60 AAAA 2001:db8::1\n', 4],
    ['upper case in data', 'a 60 CNAME Target.example.\n', 'a 60 CNAME target.example.\n', 4],
    ['octets that need escapes', 'a\\.b\\000 60 TXT "x"\n', 'a\\.b\\000 60 TXT "y"\n', 4],
    ['an unknown type', 'a 60 TYPE65280 \\# 2 c00c\n', 'a 60 TYPE65280 \\# 2 c00d\n', 4],
  ] as const) {
    it(`has ${what}`, () => {
      const [older, newer] = [zoneOf(7, before), zoneOf(9, after)];
      const difference = differenceOf(older, newer);
      assert.ok(difference);
      assert.equal(difference.records, records);
      assert.deepEqual(applied(older, difference), texts(newer));
      assert.deepEqual(readDifference(difference.octets, ORIGIN), difference);
    });
  }

  it('leads from one version to the other, for 500 pairs of random zones', () => {
    const random = seededNumbers('difference');
    const next = (count: number): number => random.next().value % count;
    const line = (): string => {
      const name = ['@', 'a', 'b.a', '*.a', 'deep.under.c', 'A2'][next(6)];
      const data = [`A 192.0.2.${next(4)}`, `TXT "${next(3)}"`, `MX ${next(2)} mail`, `AAAA 2001:db8::${next(3)}`][
        next(4)
      ];
      return `${name} ${60 * (1 + next(2))} IN ${data}\n`;
    };
    const version = (serial: number): Zone => zoneOf(serial, Array.from({ length: next(25) }, line).join(''));
    for (let i = 0; i < 500; i++) {
      const [older, newer] = [version(1), version(2)];
      const difference = differenceOf(older, newer);
      assert.ok(difference);
      assert.deepEqual(applied(older, difference), texts(newer));
      assert.deepEqual(readDifference(difference.octets, ORIGIN), difference);
    }
  });

  it('is not made if it would have more octets than allowed', () => {
    const many = Array.from({ length: 100 }, (_, i) => `n${i} A 192.0.2.1\n`).join('');
    const whole = differenceOf(zoneOf(1, many), zoneOf(2, ''));
    assert.ok(whole);
    assert.equal(differenceOf(zoneOf(1, many), zoneOf(2, ''), whole.octets.length - 1), undefined);
    assert.equal(differenceOf(zoneOf(1, ''), zoneOf(2, many), whole.octets.length - 1), undefined);
    assert.deepEqual(differenceOf(zoneOf(1, many), zoneOf(2, ''), whole.octets.length), whole);
  });
});

describe('Octets that are no difference', () => {
  const { octets } = differenceOf(zoneOf(1, 'a A 192.0.2.1\n'), zoneOf(2, 'b A 192.0.2.1\n')) ?? {
    octets: Buffer.of(),
  };

  it('are not read if they are cut off anywhere', () => {
    // Cut off between two records behind the second SOA it is another whole difference, which the checksum of a journal finds.
    const whole = [octets.length, octets.length - 29];
    for (let end = 0; end < octets.length; end++) {
      if (whole.includes(end)) continue;
      assert.throws(() => readDifference(octets.subarray(0, end), ORIGIN), Error, `${end} octets`);
    }
  });

  it('are not read if they belong to another zone', () => {
    assert.throws(() => readDifference(octets, 'example.com'), /not in the zone|SOA record/);
    assert.throws(() => readDifference(octets, 'org'), /has an SOA record in the zone org/);
  });

  it('are not read with more than two SOA records, or with another first', () => {
    assert.throws(() => readDifference(Buffer.concat([octets, octets]), ORIGIN), /4 SOA records/);
    const soaSize = (octets.length - 2 * 29) >> 1;
    assert.throws(() => readDifference(octets.subarray(soaSize), ORIGIN), /1 SOA|first record/);
  });
});
