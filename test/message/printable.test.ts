import assert from 'node:assert/strict';
import fc from 'fast-check';
import { printable } from '../../dist/message/printable.js';

describe('text of others', () => {
  it('is left alone where it is seen as it is', () => {
    for (const text of ['', 'a b"c\\d', 'ä é 漢字 😀 ٣']) assert.equal(printable(text), text);
  });

  it('has escapes in place of characters that forge lines or control terminals', () => {
    assert.equal(printable('a\nb\r\tc'), 'a\\010b\\013\\009c');
    assert.equal(printable('\u001b[2J\u0007\u0000\u007f\u009b'), '\\027[2J\\007\\000\\127\\155');
    assert.equal(
      printable('\u2028\u2029\u202egpj.exe\u200b\ufeff\u00ad'),
      '\\u{2028}\\u{2029}\\u{202e}gpj.exe\\u{200b}\\u{feff}\\173',
    );
    assert.equal(printable('\ud800x\u{e0001}'), '\\u{d800}x\\u{e0001}');
  });

  it('is then safe, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(printable(text), /[\p{C}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 1000 },
    );
  });
});
