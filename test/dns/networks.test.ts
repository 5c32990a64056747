import assert from 'node:assert/strict';
import { LOOPBACK, NetworkSet, parseNetwork } from '../../dist/dns/networks.js';

const setOf = (...texts: string[]): NetworkSet => new NetworkSet(texts.map((text) => parseNetwork(text)!));

describe('networks', () => {
  it('are addresses, and addresses with the number of bits that count', () => {
    assert.deepEqual(parseNetwork('192.0.2.0/24'), { address: '192.0.2.0', prefixLength: 24 });
    assert.deepEqual(parseNetwork('192.0.2.1'), { address: '192.0.2.1', prefixLength: 32 });
    assert.deepEqual(parseNetwork('0.0.0.0/0'), { address: '0.0.0.0', prefixLength: 0 });
    assert.deepEqual(parseNetwork('2001:db8::/32'), { address: '2001:db8::', prefixLength: 32 });
    assert.deepEqual(parseNetwork('::1'), { address: '::1', prefixLength: 128 });
  });

  for (const text of [
    ...['', '/', '/8', '192.0.2.0/', '192.0.2.0/33', '192.0.2.0/-1', '192.0.2.0/8/8', '192.0.2.0/0x8', '192.0.2/24'],
    ...['192.000.2.1', '2001:db8::/129', 'fe80::1%eth0', 'fe80::1%eth0/64', '[::1]', 'localhost', ' 192.0.2.1', '*'],
  ]) {
    it(`${JSON.stringify(text)} is neither`, () => {
      assert.equal(parseNetwork(text), undefined);
    });
  }

  it('a set has the addresses of its networks, and no others', () => {
    const set = setOf('192.0.2.0/24', '198.51.100.7', '2001:db8::/32');
    for (const address of ['192.0.2.0', '192.0.2.255', '198.51.100.7', '2001:db8:ffff::1', '::ffff:192.0.2.9'])
      assert.equal(set.has(address), true, address);
    for (const address of ['192.0.3.0', '198.51.100.8', '2001:db9::', '::192.0.2.9', '::'])
      assert.equal(set.has(address), false, address);
    assert.equal(setOf().has('192.0.2.1'), false);
    assert.equal(setOf('0.0.0.0/0').has('2001:db8::'), false);
  });

  it('loopback', () => {
    assert.deepEqual(
      ['127.0.0.1', '127.255.0.9', '::1', '::2', '128.0.0.1'].map((address) => LOOPBACK.has(address)),
      [true, true, true, false, false],
    );
  });
});
