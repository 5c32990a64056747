import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { endpointAt, endpointOf } from '../../dist/worker/ip.js';

/** The text of an IPv6 address given by its groups. */
function text(...groups: number[]): string {
  const bytes = Buffer.alloc(20);
  groups.forEach((group, i) => bytes.writeUInt16BE(group, 3 + 2 * i));
  return endpointAt(bytes, 3, 6, 0).address;
}

describe('an IPv6 address as text (RFC 5952)', () => {
  for (const [groups, expected] of [
    [[0x2001, 0xdb8, 0, 0, 0, 0, 2, 1], '2001:db8::2:1'],
    [[0x2001, 0xdb8, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0xeeee, 1], '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1'],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'], // s.4.2.2: not for one group
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], '2001:0:0:1::1'], // s.4.2.3: the longest
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'], // s.4.2.3: the first of equals
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[1, 0, 0, 0, 0, 0, 0, 0], '1::'],
    [[0, 1, 2, 3, 4, 5, 6, 7], '0:1:2:3:4:5:6:7'],
    [[1, 2, 3, 4, 5, 6, 0, 0], '1:2:3:4:5:6::'],
    [[0, 0, 3, 4, 5, 6, 7, 8], '::3:4:5:6:7:8'],
    [[0xfe80, 0, 0, 0, 0xabc, 0xd, 0xef01, 0x10], 'fe80::abc:d:ef01:10'],
  ] as const) {
    it(`is ${expected}`, () => {
      assert.equal(text(...groups), expected);
    });
  }

  it('is what Node reads as the same address', () => {
    const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(0xffff) });
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        // inet_ntop, which Node uses, writes these as IPv4.
        fc.pre(groups.slice(0, 6).some((value, i) => value !== 0 && !(i === 5 && value === 0xffff)));
        const address = groups.map((value) => value.toString(16)).join(':');
        assert.equal(text(...groups), new SocketAddress({ address, family: 'ipv6' }).address);
      }),
    );
  });
});

describe('an endpoint', () => {
  it('of family 4 has four octets', () => {
    const bytes = Buffer.from([9, 192, 0, 2, 255, 9]);
    assert.deepEqual(endpointAt(bytes, 1, 4, 65535), { address: '192.0.2.255', port: 65535, family: 'IPv4' });
  });

  it('of family 6 that maps an IPv4 address is that one (RFC 4291 s.2.5.5.2)', () => {
    const bytes = Buffer.from('00000000000000000000ffffc0000201', 'hex');
    assert.deepEqual(endpointAt(bytes, 0, 6, 53), { address: '192.0.2.1', port: 53, family: 'IPv4' });
    bytes[9] = 1;
    assert.equal(endpointAt(bytes, 0, 6, 53).family, 'IPv6');
  });

  it('is made from the text of Node`s sockets', () => {
    assert.deepEqual(endpointOf('192.0.2.1', 1), { address: '192.0.2.1', port: 1, family: 'IPv4' });
    assert.deepEqual(endpointOf('::ffff:192.0.2.1', 1), { address: '192.0.2.1', port: 1, family: 'IPv4' });
    assert.deepEqual(endpointOf('::1', 1), { address: '::1', port: 1, family: 'IPv6' });
    assert.deepEqual(endpointOf('fe80::1%lo', 1), { address: 'fe80::1%lo', port: 1, family: 'IPv6' });
  });
});
