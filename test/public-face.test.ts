import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import * as multisocket from 'multisocket';
import * as forward from 'multisocket/forward';
import * as sockets from 'multisocket/sockets';
import * as zones from 'multisocket/zone';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
};

describe('the package', () => {
  it('gives what makes a DNS server by its name', () => {
    const { createServer, Server, Query, Reply, usableCpus, MAX_SOCKETS } = multisocket;
    for (const each of [createServer, Server, Query, Reply, usableCpus]) assert.equal(typeof each, 'function');
    assert.equal(MAX_SOCKETS, 1024);
  });

  it('gives the sockets alone by its name and /sockets', () => {
    const group = sockets.openSockets({ protocol: 'udp', address: '127.0.0.1', sockets: 2 });
    assert.ok(group instanceof sockets.SocketGroup);
    group.close();
    assert.equal(sockets.usableCpus, multisocket.usableCpus);
  });

  it('gives a client of upstreams by its name and /forward', () => {
    using forwarder = forward.createForwarder({ upstreams: '127.0.0.1' });
    assert.ok(forwarder instanceof forward.Forwarder);
  });

  it('gives zones by /zone', () => {
    const zone = zones.parseZone('@ 60 SOA a b 1 2 3 4 5\n', { origin: 'example.org' });
    assert.ok(zone instanceof zones.Zone);
  });

  it('gives its package.json, and no other file of its own', async () => {
    const specifier = (path: string): string => `multisocket/${path}`;
    const read = (await import(specifier('package.json'), { with: { type: 'json' } })) as { default: unknown };
    assert.deepEqual(read.default, manifest);
    for (const path of ['dist/index.js', 'dist/native/addon.js', 'build/Release/multisocket.node', 'nothing']) {
      await assert.rejects(import(specifier(path)), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
    }
  });
});

describe('the types of the package', () => {
  let directory: string;
  let declarations: string[];
  let program: ts.Program;

  before(function () {
    this.timeout(60_000);
    // As npm would install it: its own files, and of its packages only those that a user gets.
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    const modules = join(directory, 'node_modules');
    mkdirSync(join(modules, 'multisocket'), { recursive: true });
    for (const path of ['package.json', 'dist']) {
      cpSync(join(ROOT, path), join(modules, 'multisocket', path), { recursive: true });
    }
    for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      cpSync(join(ROOT, 'node_modules', name), join(modules, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'test/fixtures/consumer/main.ts'), join(directory, 'main.ts'));
    const options: ts.CompilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      preserveSymlinks: true,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ['node'],
    };
    const host = ts.createCompilerHost(options);
    host.getCurrentDirectory = () => directory;
    const dist = join(modules, 'multisocket/dist');
    declarations = readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.d.ts'))
      .map((path) => join(dist, path));
    program = ts.createProgram([join(directory, 'main.ts'), ...declarations], options, host);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('compile in a strict project, with every declaration checked', function () {
    this.timeout(60_000);
    const problems = ts.getPreEmitDiagnostics(program).map((problem) => {
      const where = problem.file === undefined ? '' : `${problem.file.fileName}:${problem.start ?? 0}: `;
      return where + ts.flattenDiagnosticMessageText(problem.messageText, '\n');
    });
    assert.deepEqual(problems, []);
  });

  it('have a doc comment each, and so have the members of the classes that users see', () => {
    const checker = program.getTypeChecker();
    const missing: string[] = [];
    let seen = 0;
    const look = (symbol: ts.Symbol, name: string): void => {
      seen++;
      if (symbol.getDocumentationComment(checker).length === 0) missing.push(name);
    };
    const exportsOf = (path: string): ts.Symbol[] =>
      checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(path)!)!);
    const isAlias = ({ flags }: ts.Symbol): boolean => (flags & ts.SymbolFlags.Alias) !== 0;
    for (const path of declarations) {
      for (const exported of exportsOf(path)) {
        // What a module passes on from another is looked at there.
        if (!isAlias(exported)) look(exported, `${relative(directory, path)}: ${exported.name}`);
      }
    }
    for (const entry of ['index', 'sockets', 'forward']) {
      for (const exported of exportsOf(join(directory, `node_modules/multisocket/dist/${entry}.d.ts`))) {
        const symbol = isAlias(exported) ? checker.getAliasedSymbol(exported) : exported;
        if ((symbol.flags & ts.SymbolFlags.Class) === 0) continue;
        for (const member of symbol.members!.values()) {
          if (isPublic(member.declarations?.[0])) look(member, `${symbol.name}.${member.name}`);
        }
      }
    }
    assert.ok(seen > 200, `only ${seen} symbols`);
    assert.deepEqual(missing, []);
  });
});

/** Methods, accessors and properties that are not private; neither a constructor nor a type parameter. */
function isPublic(declaration: ts.Declaration | undefined): boolean {
  if (declaration === undefined || !ts.isClassElement(declaration) || ts.isConstructorDeclaration(declaration))
    return false;
  if (declaration.name === undefined || ts.isPrivateIdentifier(declaration.name)) return false;
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) === 0;
}
