import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeOctet, unescape } from '../../dist/dns/escapes.js';
import { labelsOf } from '../../dist/dns/names.js';
import { canonicalOrder } from '../../dist/zone/canonical-order.js';
import { NameTree } from '../../dist/zone/name-tree.js';

/** The names of a tree of names, in canonical order. */
function ordered(origin: string, names: readonly string[]): string[] {
  const tree = new NameTree(origin);
  for (const name of names) tree.setValue(tree.add(name) ?? -1, 1);
  return [...canonicalOrder(tree)].map((node) => tree.nameOf(node));
}

/** A text that sorts as the name does: its labels from the right, each octet as two digits. */
function sortKey(name: string): string {
  const labels = labelsOf(name).toReversed();
  return labels.map((label) => `${Buffer.from(unescape(label), 'latin1').toString('hex')}!`).join('');
}

const label = fc
  .array(
    fc.oneof(fc.constantFrom(0, 0x2a, 0x2e, 0x5f, 0xff), fc.nat(255)).filter((octet) => octet < 0x41 || octet > 0x5a),
    { minLength: 1, maxLength: 3 },
  )
  .map((octets) => octets.map(escapeOctet).join(''));

describe('the canonical order of names', () => {
  it('is that of RFC 4034 s.6.1', () => {
    const names = ['example', 'a.example', 'yljkjljk.a.example', 'z.a.example', 'zabc.a.example', 'z.example'];
    const more = ['\\001.z.example', '*.z.example', '\\200.z.example'];
    assert.deepEqual(ordered('example', [...more, ...names].reverse()), [...names, ...more]);
  });

  it('has empty non-terminals, and nothing that does not exist', () => {
    assert.deepEqual(ordered('.', ['.', 'a.b.c']), ['.', 'c', 'b.c', 'a.b.c']);
    const tree = new NameTree('org');
    tree.setValue(tree.add('x.gone.org') ?? -1, 1);
    tree.setValue(tree.add('x.gone.org') ?? -1, 0);
    tree.setValue(tree.add('here.org') ?? -1, 1);
    assert.deepEqual(
      [...canonicalOrder(tree)].map((node) => tree.nameOf(node)),
      ['org', 'here.org'],
    );
  });

  it('sorts names of any octets', () => {
    fc.assert(
      fc.property(fc.array(fc.array(label, { minLength: 1, maxLength: 4 }), { maxLength: 30 }), (all) => {
        const names = all.map((labels) => [...labels, 'org'].join('.'));
        const existing = new Set([
          'org',
          ...all.flatMap((labels) => labels.map((_, i) => [...labels.slice(i), 'org'].join('.'))),
        ]);
        const expected = [...existing].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
        assert.deepEqual(ordered('org', names), expected);
      }),
    );
  });
});
