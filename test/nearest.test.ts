import assert from 'node:assert/strict';
import { nearest } from '../dist/nearest.js';

describe('the nearest word', () => {
  const known = ['forward', 'cache', 'log', 'any', 'multisocket'];
  for (const [word, meant] of [
    ['forwrad', 'forward'],
    ['foward', 'forward'],
    ['FORWARD', 'forward'],
    ['multisockets', 'multisocket'],
    ['lgo', 'log'],
    ['kubernetes', undefined],
    ['x', undefined],
    ['', undefined],
  ] as const) {
    it(`of ${JSON.stringify(word)} is ${meant}`, () => {
      assert.equal(nearest(word, known), meant);
    });
  }

  it('of no words is undefined', () => {
    assert.equal(nearest('a', []), undefined);
  });
});
