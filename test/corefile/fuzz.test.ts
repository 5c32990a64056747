import assert from 'node:assert/strict';
import fc from 'fast-check';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { bind } from '../../dist/directives/bind/setup.js';
import { multisocket } from '../../dist/directives/multisocket/setup.js';
import { DirectiveRegistry } from '../../dist/corefile/registry.js';

const registry = new DirectiveRegistry();
registry.register(bind);
registry.register(multisocket);
const environment = { ZONE: 'example.org', TEXT: 'a "b" {', NUMBER: '7' };

/** Either a Corefile that can be cloned, or one error with code, file and line, which the message starts with. */
function check(text: string): void {
  try {
    structuredClone(loadCorefile(text, { registry, environment }));
  } catch (error) {
    const { code, file, line, message } = error as Error & { code?: string; file?: string; line?: number };
    assert.equal(code, 'ERR_MULTISOCKET_COREFILE', `not an error of a Corefile: ${(error as Error).stack}`);
    assert.equal(file, 'Corefile');
    const lines = text.split('\n').length;
    assert.ok(line !== undefined && line >= 1 && line <= lines, `line ${line} of ${lines}`);
    assert.match(
      message,
      new RegExp(`^(plugin/(bind|multisocket): )?Corefile:${line} - (Error during parsing|Syntax error): `),
    );
  }
}

describe('any text', () => {
  it('of any characters is read or refused', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check), { numRuns: 2000 });
  });

  it('of what Corefiles are made of is read or refused', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '\n',
        '\n',
        '\n',
        ' ',
        '"',
        '\\',
        '#',
        ',',
        '(s)',
        'import',
        'import s',
        '*',
        '\r\n',
        '\ufeff',
      ),
      fc.constantFrom(
        '.',
        'example.org',
        'tls://',
        ':53',
        '10.0.0.0/9',
        '2001:db8::/33',
        '{$ZONE}',
        '{%TEXT%}',
        '{$NUMBER}',
        '{$',
      ),
      fc.constantFrom('bind', 'multisocket', '127.0.0.1', '::1', 'except', '2', '0', '-1', '1025', '. {\n', '\n}\n'),
      fc.string({ maxLength: 5 }),
    );
    const text = fc
      .array(fc.tuple(part, fc.constantFrom(' ', '', ' ')), { maxLength: 40 })
      .map((parts) => parts.flat().join(''));
    fc.assert(fc.property(text, check), { numRuns: 10_000 });
  });

  it('that is a Corefile with a part cut out or doubled is read or refused', () => {
    const corefile =
      '(common) {\n multisocket {$NUMBER}\n}\nexample.org:1053, tls://10.0.0.0/22 {\n import common\n bind 127.0.0.1 ::1 {\n' +
      '  except "::1"\n }\n}\n# the rest\n. {\n multisocket\n}\n';
    const at = fc.nat({ max: corefile.length });
    const damaged = fc
      .tuple(at, at, at)
      .map(([a, b, c]) => corefile.slice(0, a) + corefile.slice(b, c) + corefile.slice(c));
    check(corefile);
    fc.assert(fc.property(damaged, check), { numRuns: 2000 });
  });
});
