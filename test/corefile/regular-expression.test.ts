import assert from 'node:assert/strict';
import { fillGroups, RegularExpression } from '../../dist/corefile/regular-expression.js';

/** The least of five times that `work` takes, in milliseconds. */
function timeOf(work: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

describe('RegularExpression', () => {
  const matching: [source: string, text: string, groups: string[]][] = [
    ['^[[:digit:]]+$', '42', ['42']],
    [String.raw`\pL+`, '1ab', ['ab']],
    [String.raw`\p{Greek}`, 'aλ', ['λ']],
    [String.raw`\Qa.b\E.`, 'xa.bc', ['a.bc']],
    [String.raw`\x{61}\x62`, 'ab', ['ab']],
    ['(?i:A)b', 'ab', ['ab']],
    ['(?U)a+', 'aaa', ['a']],
    ['(?P<n>x)(?<m>y)', 'xy', ['xy', 'x', 'y']],
    ['(?s)a.b', 'a\nb', ['a\nb']],
    ['(?m)^b$', 'a\nb', ['b']],
    [String.raw`\Aa.*z\z`, 'abz', ['abz']],
    ['(a)|(b)', 'b', ['b', '', 'b']],
    [String.raw`[\d\-x]+`, '1-x', ['1-x']],
    ['a{2,3}?', 'aaa', ['aa']],
    [String.raw`^(a\\046b)$`, String.raw`a\046b`, [String.raw`a\046b`, String.raw`a\046b`]],
  ];
  for (const [source, text, groups] of matching) {
    it(`finds ${source} in ${JSON.stringify(text)}`, () => {
      assert.deepEqual(new RegularExpression(source).match(text)?.groups, groups);
    });
  }

  it('gives groups by their names', () => {
    const found = new RegularExpression('(?P<a>x)(y)(?P<b>z)?').match('xy');
    assert.deepEqual(
      [...(found?.named ?? [])],
      [
        ['a', 'x'],
        ['b', ''],
      ],
    );
    assert.equal(new RegularExpression('a').match('b'), undefined);
  });

  const invalid: [source: string, reason: string][] = [
    ['(', 'error parsing regexp: missing closing ): `(`'],
    ['[a', 'error parsing regexp: missing closing ]: `[a`'],
    ['a**', 'error parsing regexp: invalid nested repetition operator: `**`'],
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['(?<=a)', 'error parsing regexp: invalid named capture: `(?<=a)`'],
    [String.raw`(a)\1`, 'error parsing regexp: invalid escape sequence: `\\1`'],
    [String.raw`\u0061`, 'error parsing regexp: invalid escape sequence: `\\u`'],
    ['[[:foo:]]', 'error parsing regexp: invalid character class range: `[:foo:]`'],
    ['x{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
    ['(a{1000}){1000}', 'error parsing regexp: invalid repeat count: `{1000}`'],
    ['((((a{50}){50}){50}){50}){50}', 'error parsing regexp: invalid repeat count: `{50}`'],
    ['a'.repeat(10_001), 'regex pattern too long: 10001 > 10000'],
  ];
  for (const [source, reason] of invalid) {
    it(`refuses ${source.slice(0, 40)} at once`, () => {
      const start = performance.now();
      assert.throws(() => new RegularExpression(source), { message: reason });
      assert.ok(performance.now() - start < 5000);
    });
  }

  const catastrophic = [
    '^(?P<h>([a-z0-9]+-?)+)[.]example[.]$',
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '(.*)*x',
    '^((a*)*)*$',
    'a*a*a*a*a*a*a*a*b',
    '(a?){60}a{60}c',
  ];
  for (const source of catastrophic) {
    it(`takes ${source} in time that grows with the text alone`, () => {
      const expression = new RegularExpression(source);
      const match = (length: number): (() => void) => {
        const text = `${'a'.repeat(length)}!`;
        return () => {
          expression.match(text);
          expression.match(`${text}x`);
        };
      };
      match(200)(); // compiled by V8
      // 255 octets are the most that a name has. Backtracking takes longer than the universe lasts.
      assert.ok(timeOf(match(255)) < 50);
      assert.ok(timeOf(match(2550)) < 50 * (timeOf(match(255)) + 1));
    });
  }
});

describe('fillGroups', () => {
  const fill = (text: string, ...groups: string[]): string => fillGroups(text, { groups, named: new Map() });

  it('replaces groups once, and leaves unknown groups', () => {
    assert.equal(fill('{1}.{0}.{2}.{x}.{01}', 'all', '{0}'), '{0}.all.{2}.{x}.{01}');
  });

  it('keeps a part of an escape from reaching what stands behind it', () => {
    assert.equal(fill('{1}.b', '', 'a\\'), String.raw`a\\.b`);
    assert.equal(fill('{1}46.b', '', String.raw`a\0`), String.raw`a\\046.b`);
    assert.equal(fill('{1}.b', '', String.raw`a\.\046\\`), String.raw`a\.\046\\.b`);
  });
});
