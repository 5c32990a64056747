import assert from 'node:assert/strict';
import { slope } from './slope.js';

describe('slope()', () => {
  it('is exact for a line', () => {
    assert.deepEqual(slope([1, 2, 3, 4], [5, 7, 9, 11]), { slope: 2, error: 0 });
  });

  it('has the error that textbooks give it', () => {
    // Residuals -1/6, 1/3, -1/6 around 1/2 a step: sqrt((1/6) / (3 - 2) / 2).
    const { slope: rise, error } = slope([0, 1, 2], [0, 1, 1]);
    assert.ok(Math.abs(rise - 0.5) < 1e-12);
    assert.ok(Math.abs(error - Math.sqrt(1 / 12)) < 1e-12);
  });

  it('needs three samples', () => {
    assert.throws(() => slope([1, 2], [1, 2]), RangeError);
  });
});
