/** What users read about each option: in their editors, and in docs/guides/options.md. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { makeCertificate } from '../support/certificate.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { allOptions, type Place } from './tables.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the docstring of each option', function () {
  this.timeout(120_000);

  it('is what an editor shows where a program uses the option', async () => {
    const options = allOptions(await makeCertificate());
    const uses = options.map(({ place, name }, i) => `declare const o${i}: ${typeOf(place)};\no${i}.${name};`);
    const directory = temporaryDirectory();
    const file = join(directory, 'program.ts');
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(root, join(directory, 'node_modules/multisocket'));
    const imports = [
      "import type * as server from 'multisocket';",
      "import type * as sockets from 'multisocket/sockets';",
      "import type * as forward from 'multisocket/forward';",
    ];
    writeFileSync(file, [...imports, ...uses].join('\n'));
    const service = editor(file, directory);
    const text = readFileSync(file, 'utf8');
    assert.deepEqual(
      service.getSemanticDiagnostics(file).map(({ messageText }) => messageText),
      [],
    );
    options.forEach(({ place, name }, i) => {
      const at = text.indexOf(`\no${i}.${name};`) + `\no${i}.`.length;
      const shown = service.getQuickInfoAtPosition(file, at);
      const documentation = ts.displayPartsToString(shown?.documentation);
      assert.ok(documentation.length > 15, `${place.title}: ${name}: ${documentation}`);
    });
  });
});

describe('the page of options', () => {
  it('has each option in the section of its table', async () => {
    const sections = new Map(
      readFileSync(join(root, 'docs/guides/options.md'), 'utf8')
        .split(/^## /m)
        .map((section) => [/^`([\w.]+)`/.exec(section)?.[1], section]),
    );
    for (const { place, name } of allOptions(await makeCertificate())) {
      assert.match(sections.get(place.title)!, new RegExp(`^\\| \`${name}\` \\| .+ \\| .+ \\| .+ \\|$`, 'm'));
    }
  });

  it('is what the script writes', () => {
    execFileSync(process.execPath, [join(root, 'scripts/options.js'), '--check']);
  });

  const faults: [fault: string, file: string, from: string, to: string, message: RegExp][] = [
    [
      'another default in the table',
      'tcp.ts',
      'default: 1000 }',
      'default: 2000 }',
      /"1 to 86,400,000; default 2,000\."/,
    ],
    [
      'another range in the docstring',
      'tcp.ts',
      '0 to 1,000,000; default 10,000',
      '1 to 5; default 10,000',
      /maxConnections must end/,
    ],
    [
      'no docstring',
      'https.ts',
      '/**\n   * The paths that take',
      '/*\n   * The paths that take',
      /paths has no docstring/,
    ],
    [
      'a description that the page does not have',
      'tcp.ts',
      'How long a TLS handshake',
      'How long any handshake',
      /run "npm run/,
    ],
  ];
  for (const [fault, file, from, to, message] of faults) {
    it(`does not pass the check with ${fault}`, () => {
      const directory = temporaryDirectory();
      for (const path of ['lib', 'scripts', 'docs/guides/options.md', 'package.json']) {
        cpSync(join(root, path), join(directory, path), { recursive: true });
      }
      symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
      const source = join(directory, 'lib/options', file);
      const text = readFileSync(source, 'utf8');
      assert.ok(text.includes(from));
      writeFileSync(source, text.replace(from, to));
      const { status, stderr } = spawnSync(process.execPath, ['scripts/options.js', '--check'], {
        cwd: directory,
        encoding: 'utf8',
      });
      assert.equal(status, 1);
      assert.match(stderr, message);
    });
  }
});

/** The type of the options of a table, as a program can name it. */
function typeOf({ title }: Place): string {
  if (title === 'createServer') return 'server.ServerOptions';
  if (title === 'createForwarder') return 'forward.ForwarderOptions';
  if (title === 'createForwarder.healthCheck') return 'forward.HealthCheckOptions';
  if (title === 'createForwarder.tls') return 'forward.UpstreamTlsOptions';
  if (title === 'forwarder.query') return 'forward.QuestionOptions';
  if (title === 'openSockets') return 'sockets.SocketGroupOptions';
  if (title === 'listen') return 'server.ListenOptions';
  if (title === 'cookies') return 'server.CookieOptions';
  if (title === 'queryLog') return 'server.QueryLogOptions';
  if (title === 'tsig.keys') return 'server.TsigKeyOptions';
  if (title === 'cache.prefetch') return 'server.PrefetchOptions';
  return `NonNullable<server.ServerOptions['${title}']>`;
}

/** The part of an editor that knows TypeScript. */
function editor(file: string, directory: string): ts.LanguageService {
  const settings: ts.CompilerOptions = {
    strict: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    skipLibCheck: true,
    noEmit: true,
  };
  return ts.createLanguageService({
    getCompilationSettings: () => settings,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const text = ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => directory,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
    directoryExists: (path) => ts.sys.directoryExists(path),
    realpath: (path) => ts.sys.realpath?.(path) ?? path,
  });
}
