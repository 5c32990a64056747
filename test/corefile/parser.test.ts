import assert from 'node:assert/strict';
import { parseAny, short, type ShortLine } from '../support/corefile.js';

const parse = (text: string, environment?: Record<string, string>): [string[], ShortLine[]][] =>
  short(parseAny(text, environment));

describe('the parser of Corefiles', () => {
  const cases: [string, string, [string[], ShortLine[]][]][] = [
    [
      'reads keys and directives',
      'a b {\n whoami\n log x y\n}\n',
      [
        [
          ['a', 'b'],
          [['whoami'], ['log', 'x', 'y']],
        ],
      ],
    ],
    [
      'reads several blocks',
      'a {\n}\nb {\n}',
      [
        [['a'], []],
        [['b'], []],
      ],
    ],
    ['takes keys from the next line after a comma', 'a,\nb, c {\n x\n}', [[['a', 'b', 'c'], [['x']]]]],
    ['takes a brace on the next line', 'a\n{\n x\n}', [[['a'], [['x']]]]],
    [
      'does without braces when there is one block',
      'a b\nx 1\ny {\n z\n}\n',
      [
        [
          ['a', 'b'],
          [
            ['x', '1'],
            ['y', [['z']]],
          ],
        ],
      ],
    ],
    ['reads keys alone', 'a', [[['a'], []]]],
    ['reads nothing', ' # only a comment\n', []],
    [
      'reads blocks in blocks',
      'a {\n x 1 {\n  y 2 3\n  z {\n   w\n  }\n }\n}',
      [
        [
          ['a'],
          [
            [
              'x',
              '1',
              [
                ['y', '2', '3'],
                ['z', [['w']]],
              ],
            ],
          ],
        ],
      ],
    ],
    ['reads a block on one line', 'a {\n x { y 1 }\n}', [[['a'], [['x', [['y', '1']]]]]]],
    ['reads empty blocks', 'a {\n x {\n }\n}', [[['a'], [['x', []]]]]],
    ['takes quoted braces for words', 'a {\n x "{" "}"\n}', [[['a'], [['x', '{', '}']]]]],
    ['goes on after a quoted token of several lines', 'a {\n x "1\n2" 3\n}', [[['a'], [['x', '1\n2', '3']]]]],
    [
      'keeps the same directive twice',
      'a {\n x 1\n x 2\n}',
      [
        [
          ['a'],
          [
            ['x', '1'],
            ['x', '2'],
          ],
        ],
      ],
    ],
  ];
  for (const [what, text, expected] of cases)
    it(what, () => {
      assert.deepEqual(parse(text), expected);
    });

  describe('environment', () => {
    const environment = {
      ZONE: 'example.org',
      PORT: '1053',
      WORDS: 'a b',
      BRACE: '{',
      REFERENCE: '{$ZONE}',
      QUOTE: '"',
      LINES: 'import s\n} # {\r\n"x',
    };
    const replaced: [string, string, [string[], ShortLine[]][]][] = [
      ['is put in keys, also in part', '{$ZONE}:{%PORT%} {\n}', [[['example.org:1053'], []]]],
      [
        'is put in names, arguments and blocks',
        'a {\n {$ZONE} x{%PORT%}y "{$ZONE} z" {\n  {$PORT}\n }\n}',
        [[['a'], [['example.org', 'x1053y', 'example.org z', [['1053']]]]]],
      ],
      ['is never split', 'a {\n x {$WORDS} {$QUOTE}\n}', [[['a'], [['x', 'a b', '"']]]]],
      [
        'is never a line, a comment or an import',
        'a {\n x {$LINES} y\n}',
        [[['a'], [['x', 'import s\n} # {\r\n"x', 'y']]]],
      ],
      ['is never a brace', 'a {\n x {$BRACE}\n}', [[['a'], [['x', '{']]]]],
      ['is not searched for references', 'a {\n x {$REFERENCE}\n}', [[['a'], [['x', '{$ZONE}']]]]],
      [
        'is empty where it is not set, and no key then',
        'a {$NONE} {\n x {$NONE} -{$toString}-\n}',
        [[['a'], [['x', '', '--']]]],
      ],
      [
        'is not meant by braces with nothing in them',
        'a {\n x {$} {%%} {$ZONE\n}',
        [[['a'], [['x', '{$}', '{%%}', '{$ZONE']]]],
      ],
    ];
    for (const [what, text, expected] of replaced)
      it(what, () => {
        assert.deepEqual(parse(text, environment), expected);
      });
  });

  describe('snippets', () => {
    it('stand where they are imported, any number of times', () => {
      const text = '(s) {\n x 1\n y {\n  z\n }\n}\na {\n import s\n}\nb {\n w\n import s\n v\n}';
      const lines: ShortLine[] = [
        ['x', '1'],
        ['y', [['z']]],
      ];
      assert.deepEqual(parse(text), [
        [['a'], lines],
        [['b'], [['w'], ...lines, ['v']]],
      ]);
    });

    it('stand in blocks of directives, and after each other', () => {
      const text = '(s) { p 1\n}\n(t) {\n q\n}\na {\n x {\n  import s\n  import t\n  r\n }\n}';
      assert.deepEqual(parse(text), [[['a'], [['x', [['p', '1'], ['q'], ['r']]]]]]);
    });

    it('may import snippets and hold keys', () => {
      assert.deepEqual(parse('(s) {\n x\n}\n(t) {\n a {\n  import s\n }\n}\nimport t\nimport t'), [
        [['a'], [['x']]],
        [['a'], [['x']]],
      ]);
    });

    it('may be empty', () => {
      assert.deepEqual(parse('(s) {\n}\na {\n import s\n x\n}'), [[['a'], [['x']]]]);
    });
  });

  describe('errors', () => {
    const eof = 'Error during parsing: Unexpected EOF';
    const unmatched = "Error during parsing: Unexpected '}' because no matching opening brace";
    const faults: [string, number, string][] = [
      ['a {\n unknown\n}', 2, "Error during parsing: Unknown directive 'unknown'"],
      ['a {\n {\n}', 2, "Error during parsing: Unknown directive '{'"],
      ['a {\n x {\n  y', 3, eof],
      ['a {\n x {', 2, eof],
      ['a,', 1, eof],
      ['a {\n x', 2, "Syntax error: Unexpected token 'x', expecting '}'"],
      ['a {\n x {\n }\n', 3, eof],
      ['a {', 1, "Syntax error: Unexpected token '{', expecting '}'"],
      ['a, {\n}', 1, "Error during parsing: Expected another address but had '{' - check for extra comma"],
      ['a , b {\n}', 1, "Syntax error: Unexpected token ',', expecting 'zone'"],
      ['a{\n x\n}', 1, "Syntax error: Unexpected token 'a{', expecting '{'"],
      ['a {\n x }', 2, unmatched],
      ['a {\n x {\n } }', 3, unmatched],
      ['a {\n}\n}', 3, unmatched],
      ['a {\n x {\n } y\n}', 3, "Error during parsing: Wrong argument count or unexpected line ending after '}'"],
      ['a {\n x {\n  {\n  }\n }\n}', 3, "Error during parsing: Unexpected token '{', expecting argument"],
      ['a {\n x\n y "z\n}', 3, `Error during parsing: Unexpected EOF, expecting '"'`],
      ['a {\n import\n}', 2, "Error during parsing: Wrong argument count or unexpected line ending after 'import'"],
      ['a {\n import ""\n}', 2, 'Error during parsing: Import requires a non-empty filepath'],
      ['a {\n import x y\n}', 2, 'Error during parsing: Import takes only one argument (glob pattern or file)'],
      ['a {\n import none.conf\n}', 2, 'Error during parsing: File to import not found: none.conf'],
      ['(s)', 1, "Syntax error: Unexpected token '(s)', expecting '{'"],
      ['(s)\nx', 2, "Syntax error: Unexpected token 'x', expecting '{'"],
      ['(s) {\n x', 2, "Syntax error: Unexpected token 'x', expecting '}'"],
      ['(s) {\n}\n(s) {\n}', 3, 'Error during parsing: redeclaration of previously declared snippet s'],
      ['(s) {\n x\n import s\n}\na {\n import s\n}', 3, 'Error during parsing: (s) imports itself: (s) -> (s)'],
      [`a {\n x ${'{\n y '.repeat(101)}`, 102, 'Error during parsing: Blocks are nested more than 100 deep'],
    ];
    for (const [text, line, message] of faults) {
      it(`${JSON.stringify(text.slice(0, 50))}: ${message}`, () => {
        const expected = {
          code: 'ERR_MULTISOCKET_COREFILE',
          file: 'Corefile',
          line,
          message: `Corefile:${line} - ${message}`,
        };
        assert.throws(() => parse(text), expected);
      });
    }

    it('has an end where snippets import snippets that import snippets', () => {
      const doubling = Array.from({ length: 40 }, (_, i) => `(s${i + 1}) {\n import s${i}\n import s${i}\n}\n`).join(
        '',
      );
      assert.throws(() => parse(`(s0) {\n x\n}\n${doubling}a {\n import s40\n}`), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: /Imports have more than 1000000 tokens in all$/,
      });
    });
  });
});
