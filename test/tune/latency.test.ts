import assert from 'node:assert/strict';
import { Latency } from '../../dist/tune/latency.js';

describe('the distribution of waits', () => {
  // 90 of up to 1 ms, 9 of up to 5 ms, one of 40 ms in a bucket that reaches to 41.
  const latency = new Latency([1, 90, 5, 9, 41, 1], 40);

  it('tells percentiles', () => {
    assert.equal(latency.percentile(0), 1);
    assert.equal(latency.percentile(50), 1);
    assert.equal(latency.percentile(90), 1);
    assert.equal(latency.percentile(90.1), 5);
    assert.equal(latency.percentile(99), 5);
    assert.equal(latency.percentile(99.9), 40);
    assert.deepEqual(latency.toJSON(), { count: 100, p50: 1, p90: 1, p99: 5, p999: 40, max: 40 });
  });

  it('tells how many waited longer', () => {
    assert.equal(latency.countAbove(0), 100);
    assert.equal(latency.countAbove(1), 10);
    assert.equal(latency.countAbove(5), 1);
    assert.equal(latency.countAbove(40), 0);
  });

  it('is 0 where nobody waited', () => {
    assert.deepEqual(new Latency([], 0).toJSON(), { count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });
});
