import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkout, outcome, type Outcome } from '../support/checkout.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Those that npm itself runs: as it installs, packs and publishes. */
const LIFECYCLE = ['install', 'prepare', 'prepack', 'test', 'start'];
const binaries = ['x64', 'arm64'].flatMap((arch) =>
  ['glibc', 'musl'].map((libc) => `prebuilds/linux-${arch}/multisocket.${libc}.node`),
);

const npm = (cwd: string, ...args: string[]): Promise<Outcome> => outcome(cwd, 'npm', ...args);

describe('the scripts of npm', function () {
  this.timeout(400_000);
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    await checkout(directory, true);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const name of Object.keys(scripts)) {
    it(`${name} is no hook of another one`, () => {
      const hooked = /^(?:pre|post)(.+)$/.exec(name)?.[1];
      assert.ok(LIFECYCLE.includes(name) || hooked === undefined || !(hooked in scripts), name);
    });

    it(`${name} runs what is there`, () => {
      for (const [, file] of scripts[name].matchAll(/(?:node|bash|mocha --no-config) ([\w./-]+\.(?:js|sh))/g)) {
        const source = file.replace(/^dist-test\/(.*)\.js$/, 'test/$1.ts').replace(/^dist\/(.*)\.js$/, 'lib/$1.ts');
        assert.ok(existsSync(join(root, source)), source);
      }
      for (const [, called] of scripts[name].matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
        assert.ok(called in scripts, called);
      }
    });
  }

  it('CONTRIBUTING.md tells what they do, and of no others', () => {
    const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    const told = new Set([...text.matchAll(/npm (?:run )?((?<=run )[a-z:-]+|install|test)/g)].map(([, name]) => name));
    for (const name of told) assert.ok(name in scripts, name);
    const steps = [
      'prepare',
      'prepack',
      'start',
      ...Object.keys(scripts).filter((name) => /^(?:build|lint)(?::|$)/.test(name)),
    ];
    for (const name of Object.keys(scripts)) assert.ok(told.has(name) || steps.includes(name), name);
  });

  it('build:js makes the code and its types, for require, too', async () => {
    const { failed, output } = await npm(directory, 'run', 'build:js');
    assert.equal(failed, false, output);
    for (const name of ['index.js', 'index.d.ts', 'require/index.d.ts', 'require/package.json']) {
      assert.ok(existsSync(join(directory, 'dist', name)), name);
    }
    const maps = readdirSync(join(directory, 'dist'), { recursive: true }).filter((name) =>
      String(name).endsWith('.map'),
    );
    assert.deepEqual(maps, []);
  });

  it('start runs the program', async () => {
    const { output } = await npm(directory, 'start', '--', '-version');
    assert.match(output, /^multisocket-\d/m);
  });

  it('build:prebuilds names its targets', async () => {
    const { failed, output } = await npm(directory, 'run', 'build:prebuilds', '--', 'nonsense');
    assert.equal(failed, true);
    assert.match(output, /linux-x64-glibc, linux-x64-musl, linux-arm64-glibc, linux-arm64-musl/);
  });

  it('docs makes the reference', async () => {
    const { failed, output } = await npm(directory, 'run', 'docs');
    assert.equal(failed, false, output);
    assert.ok(existsSync(join(directory, 'docs/api')));
  });

  it('prepack refuses a package without binaries, and names them', async () => {
    const { failed, output } = await npm(directory, 'pack', '--dry-run');
    assert.equal(failed, true, output);
    for (const name of binaries) assert.ok(output.includes(name), name);
  });

  it('prepack takes a package with all of them, and leaves out what is stale', async () => {
    for (const name of binaries) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      cpSync(join(root, 'build/Release/multisocket.node'), join(directory, name));
    }
    cpSync(join(directory, 'README.md'), join(directory, 'dist/stale.js'));
    const { failed, output } = await npm(directory, 'pack', '--dry-run', '--json');
    assert.equal(failed, false, output);
    assert.ok(output.includes('multisocket.musl.node') && output.includes('dist/require/index.d.ts'));
    assert.ok(!output.includes('stale.js'));
  });

  it('the package is described', () => {
    const described = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const field of ['types', 'exports', 'license', 'description', 'engines', 'bin']) {
      assert.ok(field in described, field);
    }
  });
});
