/** The order of names that NSEC records state. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeOctet, unescape } from '../../dist/dns/escapes.js';
import { isIn, labelsOf, wireLength } from '../../dist/dns/names.js';
import { predecessor, successor, successorOfAll } from '../../dist/dnssec/minimal-nsec.js';

/** Octets that sort names as RFC 4034 s.6.1 says: labels from the right, as octets in lower case. */
function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((name) =>
    labelsOf(name)
      .reverse()
      .map((label) => Buffer.from(unescape(label.toLowerCase()), 'latin1')),
  );
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = Buffer.compare(left[i], right[i]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const octet = fc.oneof(fc.constantFrom(0, 1, 0x2a, 0x2e, 0x40, 0x5b, 0x5c, 0x61, 0x7a, 0xfe, 0xff), fc.nat(255));
const label = fc
  .array(
    octet.filter((value) => value < 0x41 || value > 0x5a),
    { minLength: 1, maxLength: 63 },
  )
  .map((octets) => octets.map(escapeOctet).join(''));
const zone = fc.constantFrom('.', 'org', 'example.org');
/** Names below a zone, in lower case, the longest that there can be among them. */
const named = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 5 }), zone)
  .map(([labels, zone]) => ({ name: zone === '.' ? labels.join('.') : `${labels.join('.')}.${zone}`, zone }))
  .filter(({ name }) => wireLength(name) <= 255);

describe('names of minimal NSEC records', () => {
  it('has a name before each, in the same parent', () => {
    fc.assert(
      fc.property(named, ({ name, zone }) => {
        const before = predecessor(name);
        assert.ok(compare(before, name) < 0, `${before} is not before ${name}`);
        assert.ok(isIn(before, zone), before);
        assert.ok(wireLength(before) <= 255);
      }),
      { numRuns: 2000 },
    );
  });

  it('has the next name after each, and after all below it', () => {
    fc.assert(
      fc.property(named, ({ name, zone }) => {
        for (const [next, all] of [
          [successor(name, zone), false],
          [successorOfAll(name, zone), true],
        ] as const) {
          assert.ok(wireLength(next) <= 255, next);
          if (next === zone) return; // behind the last name
          assert.ok(compare(name, next) < 0, `${next} is not behind ${name}`);
          assert.ok(isIn(next, zone));
          if (all) assert.ok(!isIn(next, name), `${next} is below ${name}`);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves names that are in use alone', () => {
    const names = ['a', 'b', 'www', 'wwv', 'wwx', 'ww', 'www1', 'x.www', '*', '-', '_tcp', 'zz'].map(
      (x) => `${x}.example.org`,
    );
    for (const name of names) {
      const [from, to] = [predecessor(name), successorOfAll(name, 'example.org')];
      const denied = names.filter((other) => compare(from, other) < 0 && compare(other, to) < 0 && !isIn(other, name));
      assert.deepEqual(denied, [], name);
    }
  });
});
