import assert from 'node:assert/strict';
import { tokenize } from '../../dist/corefile/lexer.js';

const words = (text: string): string[] => tokenize(text, 'Corefile').map((token) => token.text);

describe('the tokens of a Corefile', () => {
  const cases: [string, string, string[]][] = [
    ['are split on white space', 'a\tb  c\n d\u00a0e\u3000f', ['a', 'b', 'c', 'd', 'e', 'f']],
    ['start with a quote and end at the next, with white space between', '"a b" c', ['a b', 'c']],
    ['may have quotes that do not stand at their start', 'a"b c"', ['a"b', 'c"']],
    ['end at the closing quote, be there white space or not', '"a"b', ['a', 'b']],
    ['may be empty in quotes', '"" a', ['', 'a']],
    ['may have escaped quotes in quotes', '"say \\"hi\\""', ['say "hi"']],
    ['keep other backslashes', '"\\d+\\.\\\\" \\"x', ['\\d+\\.\\\\', '\\"x']],
    ['may span lines in quotes', '"a\nb" c', ['a\nb', 'c']],
    ['end at a comment, which ends with its line', 'a # b "c\nd#e f\ng', ['a', 'd', 'g']],
    ['keep # in quotes', '"a # b"', ['a # b']],
    ['do not end at braces', 'a{ }b {} {$X}', ['a{', '}b', '{}', '{$X}']],
    ['have no byte order mark and no carriage returns', '\ufeffa\r\n"b\r\nc"\r\n', ['a', 'b\nc']],
  ];
  for (const [what, text, expected] of cases)
    it(what, () => {
      assert.deepEqual(words(text), expected);
    });

  it('know their line, and whether they start it', () => {
    const tokens = tokenize('a b\n\n"c\nd" e\nf', 'x').map(({ text, line, startsLine }) => [text, line, startsLine]);
    assert.deepEqual(tokens, [
      ['a', 1, true],
      ['b', 1, false],
      ['c\nd', 3, true],
      ['e', 4, false],
      ['f', 5, true],
    ]);
  });

  it('are braces only when they stand alone and outside of quotes', () => {
    const kinds = tokenize('{ } "{" "}" {a', 'x').map(({ kind }) => kind);
    assert.deepEqual(kinds, ['{', '}', 'word', 'word', 'word']);
  });

  it('are refused when a quote is not closed', () => {
    const fault = { code: 'ERR_MULTISOCKET_COREFILE', file: 'x', line: 2 };
    assert.throws(() => tokenize('a\n"b\nc \\"', 'x'), {
      ...fault,
      message: `x:2 - Error during parsing: Unexpected EOF, expecting '"'`,
    });
  });
});
