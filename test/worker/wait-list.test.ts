import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WaitList, type ListEntry } from '../../dist/worker/wait-list.js';

interface Numbered extends ListEntry {
  number: number;
}
const entry = (number: number): Numbered => ({ number, before: undefined, after: undefined, listed: false });

describe('a list of what waits', () => {
  it('has its entries in the order in which they came, whichever were taken out', () => {
    // Each step adds an entry, or takes out the one of that number, be it in the list or not.
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20))), (steps) => {
        const list = new WaitList<Numbered>();
        const all: Numbered[] = [];
        let expected: number[] = [];
        for (const step of steps) {
          if (step === null) {
            all.push(entry(all.length));
            expected.push(all.length - 1);
            list.add(all[all.length - 1]);
          } else if (step < all.length) {
            assert.equal(list.delete(all[step]), expected.includes(step));
            expected = expected.filter((number) => number !== step);
          }
          assert.equal(list.size, expected.length);
          assert.equal(list.first?.number, expected.at(0));
        }
        const left: number[] = [];
        for (let first = list.first; first !== undefined; first = list.first) {
          left.push(first.number);
          list.delete(first);
        }
        assert.deepEqual(left, expected);
        assert.equal(list.size, 0);
      }),
    );
  });

  it('leaves nothing in an entry that is taken out: it would keep others from being collected', () => {
    const list = new WaitList<Numbered>();
    const [a, b, c] = [entry(1), entry(2), entry(3)];
    for (const one of [a, b, c]) list.add(one);
    list.delete(b);
    assert.deepEqual([b.before, b.after, a.after, c.before], [undefined, undefined, c, a]);
  });
});
