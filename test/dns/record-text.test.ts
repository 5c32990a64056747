import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseRecord, splitRecord } from '../../dist/dns/text/record.js';

describe('dns/text/record', () => {
  it('reads owner, TTL, class and type, in any case, TTL and class in any order', () => {
    for (const text of ['a.example. 60 IN A 192.0.2.1', 'a 1m in a 192.0.2.1', 'a IN 60 A 192.0.2.1']) {
      assert.deepEqual(parseRecord(splitRecord(text), 'example'), {
        name: 'a.example',
        type: 'A',
        ttl: 60,
        class: 'IN',
        data: '192.0.2.1',
      });
    }
    assert.deepEqual(parseRecord(splitRecord('version.bind. CH TXT "x y"'), '.'), {
      name: 'version.bind',
      type: 'TXT',
      ttl: undefined,
      class: 'CH',
      data: [Buffer.from('x y')],
    });
  });

  it('takes no token for a directive', () => {
    for (const directive of ['$INCLUDE', '$GENERATE', '$ORIGIN', '$TTL']) {
      const tokens = splitRecord('OWNER 60 IN TXT x').map((token) =>
        token.text === 'OWNER' ? { ...token, text: directive } : token,
      );
      assert.equal(parseRecord(tokens, '.').name, directive);
      assert.throws(() =>
        parseRecord(
          [
            { text: directive, quoted: false },
            { text: '/etc/passwd', quoted: false },
          ],
          '.',
        ),
      );
    }
  });

  it('keeps a token one token, whatever a client put into it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-[\]-~ \t\n]{1,63}$/), (text) => {
        const tokens = splitRecord('a. 60 TXT VALUE').map((token) =>
          token.text === 'VALUE' ? { ...token, text } : token,
        );
        assert.deepEqual(parseRecord(tokens, '.').data, [Buffer.from(text)]);
      }),
    );
  });

  it('refuses text that is not one record', () => {
    assert.throws(() => splitRecord(''), /empty/);
    assert.throws(() => splitRecord('a. 60 A 192.0.2.1\nb. 60 A 192.0.2.1'), /more than one/);
    assert.throws(() => splitRecord('a. 60 TXT "x'), /quote is not closed/);
    assert.throws(() => parseRecord([], '.'), /owner is missing/);
  });

  describe('times of signatures (RFC 4034 s.3.2)', () => {
    const expirationOf = (text: string): unknown =>
      (parseRecord(splitRecord(`a. 60 RRSIG A 13 1 60 ${text} 0 1 a. AAAA`), '.').data as { expiration: number })
        .expiration;

    for (const text of ['19700101000000', '20240229235959', '20261229032835', '00010101000000', '21060207062815']) {
      it(`reads ${text}`, () => {
        const iso = text.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
        assert.equal(expirationOf(text), (Date.parse(iso) / 1000) % 2 ** 32);
      });
    }

    for (const text of [
      '20261301000000',
      '20260001000000',
      '20260100000000',
      '20260229000000',
      '20260431000000',
      '20260101240000',
      '20260101006000',
      '20260101000060',
      '2026010100000',
    ]) {
      it(`refuses ${text}`, () => {
        assert.throws(() => expirationOf(text), /invalid expiration/);
      });
    }
  });
});
