import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ZoneTable } from '../../dist/corefile/zone-table.js';

const table = (...zones: string[]) => new ZoneTable(zones.map((zone) => [zone, zone] as const));

describe('the zone of a query', () => {
  const all = table('.', 'org', 'example.org', 'a.b.example.org', 'x\\.example.org');
  const cases: [string, string, string | undefined][] = [
    ['example.org', 'A', 'example.org'],
    ['www.example.org', 'A', 'example.org'],
    ['b.example.org', 'A', 'example.org'],
    ['a.b.example.org', 'A', 'a.b.example.org'],
    ['c.a.b.example.org', 'A', 'a.b.example.org'],
    ['anexample.org', 'A', 'org'],
    ['example.com', 'A', '.'],
    ['.', 'A', '.'],
    ['.', 'DS', '.'],
    ['y.x\\.example.org', 'A', 'x\\.example.org'],
    ['z\\.example.org', 'A', 'org'],
    ['a.b.example.org', 'DS', 'example.org'],
    ['example.org', 'DS', 'org'],
    ['org', 'DS', 'org'],
    ['www.example.org', 'DS', 'example.org'],
    ['c.a.b.example.org', 'DS', 'a.b.example.org'],
    ['example.com', 'DS', '.'],
  ];
  for (const [name, type, zone] of cases)
    it(`${name} ${type} is ${zone}`, () => {
      assert.equal(all.find(name, type), zone);
    });

  it('is the root where there is no other', () => {
    const root = table('.');
    for (const type of ['A', 'DS'])
      for (const name of ['.', 'org', 'www.example.org']) assert.equal(root.find(name, type), '.');
    assert.equal(table().find('org', 'A'), undefined);
  });

  it('is undefined if none matches', () => {
    const some = table('example.org');
    assert.equal(some.find('org', 'A'), undefined);
    assert.equal(some.find('.', 'A'), undefined);
    assert.equal(some.find('org', 'DS'), undefined);
    assert.equal(some.find('example.org', 'DS'), 'example.org');
  });

  it('is the longest suffix, whatever the zones', () => {
    const label = fc.constantFrom('a', 'b', 'c\\.', '\\\\');
    const labels = fc.array(label, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(labels, { maxLength: 6 }), labels, (zones, name) => {
        const isSuffix = (zone: string[]): boolean => zone.join('|') === name.slice(-zone.length).join('|');
        const longest = zones
          .filter(isSuffix)
          .sort((a, b) => b.length - a.length)
          .at(0);
        assert.equal(table(...zones.map((zone) => zone.join('.'))).find(name.join('.'), 'A'), longest?.join('.'));
      }),
    );
  });
});
