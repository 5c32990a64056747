import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { parseAny, short } from '../support/corefile.js';

describe('import', () => {
  let directory: string;
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const parse = (text: string, environment?: Record<string, string>) =>
    parseAny(text, environment, join(directory, 'Corefile'));

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'corefile-'))));
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('takes a file, relative to the importing one, wherever that is imported from', () => {
    write('sub/one.conf', 'x 1\nimport two.conf\n');
    write('sub/two.conf', 'y 2');
    assert.deepEqual(short(parse('a {\n import sub/one.conf\n z\n}')), [[['a'], [['x', '1'], ['y', '2'], ['z']]]]);
  });

  it('takes an absolute path, and one from the environment', () => {
    const path = write('one.conf', 'x');
    assert.deepEqual(short(parse(`a {\n import ${path}\n import {$PATH_TO}\n}`, { PATH_TO: path })), [
      [['a'], [['x'], ['x']]],
    ]);
  });

  it('takes all files that match, by name, hidden ones and those of several directories too', () => {
    write('sites/b.conf', 'b {\n}');
    write('sites/a.conf', 'a {\n}');
    write('sites/.c.conf', 'c {\n}');
    write('sites/d.txt', 'd {\n}');
    write('other/a.conf', 'e {\n}');
    const keys = (pattern: string): string[] =>
      parse(`import ${pattern}`).blocks.flatMap((block) => block.keys.map(({ text }) => text));
    assert.deepEqual(keys('sites/*.conf'), ['c', 'a', 'b']);
    assert.deepEqual(keys('sites/?.conf'), ['a', 'b']);
    assert.deepEqual(keys('*/a.conf'), ['e', 'a']);
    assert.deepEqual(keys('./sites/../sites/d.*'), ['d']);
  });

  it('takes keys, snippets and blocks of directives from files', () => {
    write('keys.conf', 'b,\nc');
    write('snippet.conf', '(s) {\n x\n}');
    write('options.conf', 'p 1\nq');
    const text = 'import snippet.conf\na,\nimport keys.conf\n{\n import s\n y {\n  import options.conf\n  r\n }\n}';
    assert.deepEqual(short(parse(text)), [
      [
        ['a', 'b', 'c'],
        [['x'], ['y', [['p', '1'], ['q'], ['r']]]],
      ],
    ]);
  });

  it("may name a file twice, and files that import each other's neighbours", () => {
    write('a.conf', 'import b.conf\nx');
    write('b.conf', 'y');
    assert.deepEqual(short(parse('k {\n import *.conf\n import a.conf\n}')), [
      [['k'], [['y'], ['x'], ['y'], ['y'], ['x']]],
    ]);
  });

  it('warns, with file and line, of a pattern that nothing matches', () => {
    const { blocks, warnings } = parse('a {\n import sites/*.conf\n x\n}');
    assert.equal(blocks[0].directives.length, 1);
    const file = join(directory, 'Corefile');
    const message = `${file}:2 - Warning: No files matching import glob pattern: sites/*.conf`;
    assert.deepEqual(warnings, [{ file, line: 2, message }]);
  });

  it('has errors name the file and line that they are in', () => {
    const file = write('bad.conf', 'x\nunknown');
    assert.throws(() => parse('a {\n import bad.conf\n}'), {
      file,
      line: 2,
      message: `${file}:2 - Error during parsing: Unknown directive 'unknown'`,
    });
  });

  const faults: [string, string, RegExp][] = [
    ['a file that does not exist', 'none.conf', /:2 - Error during parsing: File to import not found: none\.conf$/],
    ['a directory', 'sub', /:2 - Error during parsing: Could not import .*sub: is a directory$/],
    [
      'two wildcards',
      '*/*.conf',
      /:2 - Error during parsing: Glob pattern may only contain one wildcard \(\*\), but has others: .*\*\/\*\.conf$/,
    ],
    ['a set of characters', '[ab].conf', /:2 - Error during parsing: Glob pattern may only contain one wildcard/],
    [
      'a file of its own name',
      'Corefile',
      /:2 - Error during parsing: .*Corefile imports itself: .*Corefile -> .*Corefile$/,
    ],
    [
      'a file that imports the importing one',
      'cycle.conf',
      /cycle\.conf:1 - Error during parsing: .*Corefile imports itself: .*Corefile -> .*cycle\.conf -> .*Corefile$/,
    ],
    ['a file with an open quote', 'quote.conf', /quote\.conf:1 - Error during parsing: Unexpected EOF, expecting '"'$/],
  ];
  for (const [what, name, message] of faults) {
    it(`refuses ${what}`, () => {
      const text = `a {\n import ${name}\n}`;
      write('Corefile', text);
      write('sub/x', '');
      write('cycle.conf', 'import Corefile');
      write('quote.conf', '"');
      assert.throws(() => parse(text), { code: 'ERR_MULTISOCKET_COREFILE', message });
    });
  }

  it('takes a name that no file can have for one that is not there', () => {
    for (const name of ['a\0b', 'x'.repeat(5000), 'Corefile/x']) {
      write('Corefile', '');
      assert.throws(() => parse(`import ${name}`), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: /File to import not found/,
      });
    }
    assert.equal(parse('import a\0*').warnings.length, 1);
  });

  it('is relative to the Corefile that is loaded by its path', () => {
    write('keys.conf', 'example.org {\n}');
    const path = write('Corefile', 'import keys.conf');
    assert.equal(loadCorefile({ path }).blocks[0].zones[0].zone, 'example.org');
    assert.throws(() => loadCorefile({ path: `${path}.none` }), { code: 'ENOENT' });
  });
});
