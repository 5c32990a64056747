import assert from 'node:assert/strict';
import { ConnectionLimits } from '../../../dist/worker/stream/connection-limits.js';

const bucketOf = (limits: ConnectionLimits, address: string): number =>
  limits.bucketOf({ address, port: 1, family: address.includes(':') ? 'IPv6' : 'IPv4' });

describe('limits of connections', () => {
  let memory: SharedArrayBuffer;
  let first: ConnectionLimits;
  let second: ConnectionLimits;
  beforeEach(() => {
    memory = ConnectionLimits.allocate(2);
    first = new ConnectionLimits(memory, 0);
    second = new ConnectionLimits(memory, 1);
  });

  it('count the connections of all workers, in all and of each client', () => {
    const [one, other] = [bucketOf(first, '192.0.2.1'), bucketOf(first, '192.0.2.2')];
    first.add(one);
    second.add(one);
    second.add(other);
    for (const limits of [first, second]) {
      assert.equal(limits.open(), 3);
      assert.equal(limits.openOf(one), one === other ? 3 : 2);
    }
    first.remove(one);
    second.remove(other);
    assert.equal(first.open(), 1);
    assert.equal(first.openOf(one), 1);
  });

  it('forget a worker that has ended, and no other', () => {
    const bucket = bucketOf(first, '192.0.2.1');
    first.add(bucket);
    second.add(bucket);
    second.add(bucket);
    ConnectionLimits.forget(memory, 1);
    assert.deepEqual([first.open(), first.openOf(bucket)], [1, 1]);
    ConnectionLimits.forget(memory, 0);
    assert.deepEqual([first.open(), first.openOf(bucket)], [0, 0]);
    second.add(bucket);
    assert.equal(first.open(), 1);
  });

  it('have the same bucket for a client in each worker, whatever its port', () => {
    for (const address of ['192.0.2.1', '2001:db8::1']) {
      const bucket = bucketOf(first, address);
      assert.equal(bucketOf(second, address), bucket);
      assert.equal(first.bucketOf({ address, port: 2, family: 'IPv4' }), bucket);
    }
  });

  it('have the same bucket for all of an IPv6 /64 (RFC 6177)', () => {
    const bucket = bucketOf(first, '2001:db8:1:2::');
    for (const address of [
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff:ffff:ffff:ffff',
      '2001:db8:1:2:0:0:0:5',
      '2001:db8:1:2:3:4:5:6',
      '2001:db8:1:2:3::6%eth0',
    ]) {
      assert.equal(bucketOf(first, address), bucket, address);
    }
    assert.equal(bucketOf(first, '::1'), bucketOf(first, '::2:3:4:5'));
    assert.equal(bucketOf(first, '1::'), bucketOf(first, '1:0:0:0:9::'));
    assert.equal(bucketOf(first, 'fe80::1%eth0'), bucketOf(first, 'fe80::2'));
  });

  it('spread other networks over the buckets', () => {
    const buckets = (address: (i: number) => string): number =>
      new Set(Array.from({ length: 1000 }, (_, i) => bucketOf(first, address(i)))).size;
    // 1,000 of 4,096 at random leave about 890 different ones.
    assert.ok(buckets((i) => `192.0.${i >> 8}.${i & 255}`) > 800);
    assert.ok(buckets((i) => `2001:db8:0:${i.toString(16)}::1`) > 800);
    assert.ok(buckets((i) => `2001:db8:${i.toString(16)}::1`) > 800);
  });

  it('have buckets that depend on the key, which each server draws for itself', () => {
    const addresses = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`);
    const buckets = (limits: ConnectionLimits): number[] => addresses.map((address) => bucketOf(limits, address));
    assert.notDeepEqual(buckets(new ConnectionLimits(ConnectionLimits.allocate(1), 0)), buckets(first));
  });
});
