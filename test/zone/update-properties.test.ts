import assert from 'node:assert/strict';
import fc from 'fast-check';
import { printRdata } from '../../dist/dns/records/index.js';
import { typeNumber } from '../../dist/dns/registry.js';
import type { ResourceRecord } from '../../dist/index.js';
import { parseZone, type Change, type Zone } from '../../dist/zone.js';

const ORIGIN = 'example.org';
const TEXT = '$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';

const name = fc
  .array(fc.constantFrom('a', 'b', '*', 'x\\.y', '\\000'), { maxLength: 3 })
  .map((labels) => [...labels, ORIGIN].join('.'));
const record = fc.oneof(
  fc.record({
    name,
    type: fc.constant('A'),
    ttl: fc.constantFrom(5, 60),
    data: fc.constantFrom('192.0.2.1', '192.0.2.2'),
  }),
  fc.record({ name, type: fc.constantFrom('NS', 'CNAME', 'DNAME'), ttl: fc.constant(60), data: name }),
  fc.record({ name, type: fc.constant('TXT'), ttl: fc.constant(60), data: fc.constantFrom('x', 'X') }),
) as fc.Arbitrary<ResourceRecord>;
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), record }) },
  fc.record({ kind: fc.constant('deleteRecord' as const), record }),
  fc.record({ kind: fc.constant('deleteRRset' as const), name, type: fc.constantFrom('A', 'NS', 'DNAME', 'TXT') }),
  fc.record({ kind: fc.constant('deleteName' as const), name }),
);

function show(records: Iterable<ResourceRecord>): string[] {
  return Array.from(records, ({ name: owner, ttl, type, data }) => {
    return `${owner}. ${ttl} ${type} ${printRdata(typeNumber(type)!, type, data)}`;
  });
}

/** The answers to questions about names of the zone, and beside and below them. */
function answers(zone: Zone, names: readonly string[]): unknown[] {
  return names.flatMap((each) =>
    ['A', 'NS', 'TXT', 'DS'].map((type) => {
      const found = zone.lookup(each, type);
      if (found === undefined) return undefined;
      const { rcode, authoritative, answer, authority, additional } = found;
      // The order within an RRset is of no importance.
      return { rcode, authoritative, sections: [answer, authority, additional].map((section) => show(section).sort()) };
    }),
  );
}

describe('a zone after any updates', () => {
  it('answers as one that is read from its records; the differences lead from one version to the next', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 12 }), (updates) => {
        const zone = parseZone(TEXT, { origin: ORIGIN });
        const names = updates.flat().map((each) => ('record' in each ? each.record.name : each.name));
        const asked = [...new Set(names.flatMap((each) => [each, `q.${each}`, `a.b.${each}`]))].map((each) =>
          each.toLowerCase(),
        );
        let lines = show(zone.records());
        for (const update of updates) {
          answers(zone, asked); // so that there are kept answers
          const records = zone.records();
          const { removed, added } = zone.update(update);
          const [minus, plus] = [show(removed), show(added)];
          assert.ok(minus.every((line) => lines.includes(line)));
          assert.deepEqual(show(records).sort(), lines.toSorted());
          lines = [...lines.filter((line) => !minus.includes(line)), ...plus];
          assert.deepEqual(show(zone.records()).sort(), lines.toSorted());
        }
        // A zone file may have no names below a DNAME, an update may (RFC 6672 s.5.2).
        const dnames = lines.filter((line) => line.includes(' DNAME ')).map((line) => line.slice(0, line.indexOf(' ')));
        const occluded = (line: string): boolean => dnames.some((above) => line.split(' ')[0].endsWith(`.${above}`));
        const fresh = parseZone(lines.filter((line) => !occluded(line)).join('\n'), { origin: ORIGIN });
        assert.deepEqual(answers(zone, asked), answers(fresh, asked));
      }),
      { numRuns: 300 },
    );
  });
});
