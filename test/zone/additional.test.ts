import assert from 'node:assert/strict';
import { parseZone } from '../../dist/zone.js';

const HEAD = '$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
const HOST = 'h A 192.0.2.2\nh AAAA 2001:db8::2\n';
const ADDRESSES = ['h A', 'h AAAA'];

/** `NAME TYPE` of the additional records of `x`'s RRset, without the zone's name. */
function additional(text: string, type: string): string[] {
  const zone = parseZone(HEAD + HOST + text, { origin: 'example.org' });
  return zone
    .lookup('x.example.org', type)!
    .additional.map((extra) => `${extra.name.replace(/\.?example\.org$/, '')} ${extra.type}`);
}

describe('additional records', () => {
  for (const [type, text] of [
    ['NS', 'h'],
    ['MB', 'h'],
    ['MX', '10 h'],
    ['AFSDB', '1 h'],
    ['RT', '10 h'],
    ['SRV', '0 0 5060 h'],
    ['KX', '10 h'],
    ['NAPTR', '10 10 "A" "" "" h'],
    ['NAPTR', '10 10 a "" "" h'],
    ['SVCB', '1 h port=53'],
    ['HTTPS', '1 H alpn=h2'],
    ['HTTPS', '0 h'],
  ] as const) {
    it(`are the addresses of the target of ${type} ${text}`, () => {
      // A zone cut at x would make it a referral: its glue is the same.
      assert.deepEqual(additional(`x ${type} ${text}\n`, type), ADDRESSES);
    });
  }

  it('of SVCB and HTTPS are also those of the owner, and the bindings of the target (RFC 9460 s.4.1)', () => {
    assert.deepEqual(additional('x HTTPS 1 . alpn=h2\nx A 192.0.2.3\n', 'HTTPS'), ['x A']);
    assert.deepEqual(additional('x HTTPS 0 .\nx A 192.0.2.3\n', 'HTTPS'), []);
    assert.deepEqual(additional('x HTTPS 0 h\nh HTTPS 1 . alpn=h3\n', 'HTTPS'), [...ADDRESSES, 'h HTTPS']);
    assert.deepEqual(additional('x SVCB 0 h\nh HTTPS 1 . alpn=h3\n', 'SVCB'), ADDRESSES);
    assert.deepEqual(additional('x HTTPS 1 x\nx A 192.0.2.3\n', 'HTTPS'), ['x A']);
  });

  it('of NAPTR follow its flag (RFC 3404 s.4.1), of LP are locators (RFC 6742 s.2.4)', () => {
    assert.deepEqual(additional('x NAPTR 1 1 "s" "" "" _sip._udp\n_sip._udp SRV 0 0 5060 h\n', 'NAPTR'), [
      '_sip._udp SRV',
    ]);
    assert.deepEqual(additional('x NAPTR 1 1 "u" "" "!^.*$!sip:a@b!" .\n', 'NAPTR'), []);
    assert.deepEqual(additional('x LP 10 l\nl L32 10 10.0.0.0\nl L64 10 1:2:3:4\n', 'LP'), ['l L32', 'l L64']);
  });

  it('are there once, and only for names in the zone', () => {
    assert.deepEqual(additional('x MX 10 h\nx MX 20 H\n', 'MX'), ADDRESSES);
    assert.deepEqual(additional('x MX 10 h.example.net.\nx SRV 0 0 0 .\n', 'MX'), []);
  });
});
