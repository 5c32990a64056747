import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromBase32, toBase32 } from '../../dist/dns/base32.js';
import { nsec3Hash } from '../../dist/dnssec/nsec3-hash.js';

/** RFC 5155 appendix A: 12 iterations, the salt aabbccdd. */
const HASHES: Readonly<Record<string, string>> = {
  example: '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom',
  'a.example': '35mthgpgcu1qg68fab165klnsnk3dpvl',
  'ai.example': 'gjeqe526plbf1g8mklp59enfd789njgi',
  'ns1.example': '2t7b4g4vsa5smi47k61mv5bv1a22bojr',
  'w.example': 'k8udemvp1j2f7eg6jebps17vp3n8i58h',
  '*.w.example': 'r53bq7cc2uvmubfu5ocmm6pers9tk9en',
  'x.y.w.example': '2vptu5timamqttgl4luu9kg21e0aor3s',
  'XX.example': 't644ebqk9bibcna874givr6joj62mlhv',
};

describe('the hashes of NSEC3', () => {
  it('are those of RFC 5155', () => {
    const salt = Buffer.from('aabbccdd', 'hex');
    for (const [name, hash] of Object.entries(HASHES))
      assert.equal(toBase32(nsec3Hash(name, 12, salt)).toLowerCase(), hash);
  });

  it('can be written as Base32 and read again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
        const text = toBase32(octets);
        assert.match(text, /^[0-9A-V]*$/);
        assert.equal(text.length, Math.ceil((octets.length * 8) / 5));
        assert.deepEqual([...(fromBase32(text) ?? [])], [...octets]);
        assert.deepEqual(fromBase32(text.toLowerCase()), fromBase32(text));
      }),
    );
    assert.equal(fromBase32('0W'), undefined);
  });
});
