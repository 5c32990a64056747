import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Chain } from '../../../dist/corefile/chain.js';
import { loadCorefile, type Corefile } from '../../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../../dist/corefile/registry.js';
import { expandTemplate } from '../../../dist/directives/auto/expand.js';
import { auto } from '../../../dist/directives/auto/setup.js';
import { RegularExpression } from '../../../dist/corefile/regular-expression.js';

const registry = new DirectiveRegistry();
registry.register(auto);
const load = (lines: string): Corefile =>
  loadCorefile(`example.org 10.0.0.0/8 {\n${lines}\n}`, { registry, environment: {} });
const configOf = (lines: string): unknown => load(lines).blocks[0].directives[0].config;
const warningsOf = (lines: string): string[] => load(lines).warnings.map(({ message }) => message);

describe('the directive auto', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('takes its zones from the line or the server block, and the defaults of CoreDNS', () => {
    const defaults = { directory: folder, expression: 'db\\.(.*)', template: '${1}', reload: 60_000 };
    assert.deepEqual(configOf(`auto {\n directory ${folder}\n}`), {
      ...defaults,
      origins: ['example.org', '10.in-addr.arpa'],
    });
    assert.deepEqual(configOf(`auto Example.NET. {\n directory ${folder}\n reload 0\n upstream x\n}`), {
      ...defaults,
      reload: 0,
      origins: ['example.net'],
    });
    assert.deepEqual(configOf(`auto {\n directory ${folder} ^(.*)-(.*)$ {2}.{1}\n reload 1m ignored\n}`), {
      ...defaults,
      expression: '^(.*)-(.*)$',
      template: '${2}.${1}',
      origins: ['example.org', '10.in-addr.arpa'],
    });
  });

  it('joins its uses: settings of later ones replace those of earlier ones', () => {
    const config = configOf(`auto a {\n directory ${folder}\n reload 5s\n}\nauto b {\n reload 7s\n}`);
    const { directory, reload, origins } = config as Record<string, unknown>;
    assert.deepEqual({ directory, reload, origins }, { directory: folder, reload: 7000, origins: ['b'] });
  });

  it('warns of a directory that is missing', () => {
    const none = join(folder, 'none');
    assert.match(warningsOf(`auto {\n directory ${none}\n}`).join(), new RegExp(`Directory does not exist: ${none}$`));
    assert.match(warningsOf('auto').join(), /there is no directory: no zone is served$/);
    assert.deepEqual(warningsOf(`auto {\n directory ${folder}\n}`), []);
    assert.equal((configOf('auto {\n directory relative\n}') as { directory: string }).directory, resolve('relative'));
  });

  const long = 'x'.repeat(10_001);
  const faults: [lines: string, line: number, message: string][] = [
    ['auto {\n directory\n}', 3, "Wrong argument count or unexpected line ending after 'directory'"],
    ['auto {\n directory . (.*)\n}', 3, "Wrong argument count or unexpected line ending after '(.*)'"],
    ['auto {\n directory . (.*) {1} more\n}', 3, "Wrong argument count or unexpected line ending after 'more'"],
    ['auto {\n directory . db.* {1}\n}', 3, 'Need at least one sub expression'],
    [`auto {\n directory . ${long} {1}\n}`, 3, 'regexp too large'],
    ['auto {\n reload\n}', 3, 'reload duration value is expected'],
    ['auto {\n reload x\n}', 3, 'invalid duration "x"'],
    ['auto {\n reload -1s\n}', 3, 'negative duration "-1s"'],
    ['auto {\n fallthrough\n}', 3, "unknown property 'fallthrough'"],
    ['auto {\n directory . (x {1}\n}', 3, 'error parsing regexp: missing closing ): `(x`'],
  ];
  for (const [lines, line, message] of faults) {
    it(`refuses ${JSON.stringify(lines.slice(0, 60))}`, () => {
      assert.throws(() => configOf(lines), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: `plugin/auto: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }

  it('refuses a directory that cannot be looked at', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    assert.throws(
      () => configOf(`auto {\n directory ${file}/x\n}`),
      /Unable to access root path '.*\/file\/x': ENOTDIR/,
    );
  });

  it('fills in templates as Go does', () => {
    const match = new RegularExpression('^(?P<name>[a-z]+)-(\\d*)(x)?$').match('zone-12')!;
    const cases: Record<string, string> = {
      '${1}': 'zone',
      $1: 'zone',
      '${name}.$2': 'zone.12',
      $1x: '', // the group `1x`
      '${1}x': 'zonex',
      '${3}': '',
      '${9}': '',
      '${01}': '',
      $0: 'zone-12',
      $$1: '$1',
      a$: 'a$',
      '${': '${',
      '${1': '${1',
      '${}': '${}',
      '$-': '$-',
    };
    for (const [template, expected] of Object.entries(cases))
      assert.equal(expandTemplate(template, match), expected, template);
  });

  it('tells by -check of faults in the files, and of what is left out', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'db.a'), '$TTL 60\n@ SOA a b 1 2 3 4 5\n');
    writeFileSync(join(folder, 'db.b'), '$TTL 60\n@ SOA a b 1 2 3 4 5\nx A y\nz A y\n');
    writeFileSync(join(folder, 'db.a..b'), '');
    writeFileSync(join(folder, 'sub', 'db.A'), '');
    const warnings = await auto.setup.check!(configOf(`auto {\n directory ${folder}\n}`) as never);
    assert.deepEqual(
      warnings.map((warning) => warning.replaceAll(folder, 'DIR').replace(/: four.*/, '')),
      [
        'DIR/db.a..b is left out: "a..b" is no name of a zone',
        'DIR/sub/db.A is left out: the zone a is in DIR/db.a',
        'DIR/db.b:3: invalid IPv4 address "y"',
        'DIR/db.b:4: invalid IPv4 address "y"',
      ],
    );
  });

  it('lets native code answer if it answers for all of its server block', async () => {
    const answersOf = async (head: string): Promise<boolean> => {
      const { directives, zones } = load(`auto ${head} {\n directory ${folder}\n}`).blocks[0];
      const chain = await Chain.start(
        { zones, directives, listen: {} },
        { index: 0, logger: console, signal: new AbortController().signal },
        registry,
      );
      return chain.answerZones.length > 0;
    };
    assert.equal(await answersOf(''), true);
    assert.equal(await answersOf('.'), true);
    assert.equal(await answersOf('example.org'), false); // not for 10.in-addr.arpa
    assert.equal(await answersOf('sub.example.org 10.0.0.0/8'), false);
  });
});
