import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../support/clients.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Those that npm itself runs: as it installs, packs and publishes. */
const LIFECYCLE = ['install', 'prepare', 'prepack', 'test', 'start'];
const binaries = ['x64', 'arm64'].flatMap((arch) =>
  ['glibc', 'musl'].map((libc) => `prebuilds/linux-${arch}/multisocket.${libc}.node`),
);

/** Runs a command and tells how it ended. */
async function outcome(command: string, args: string[], cwd: string): Promise<{ failed: boolean; output: string }> {
  try {
    return { failed: false, output: await run(command, ['-c', `cd "$0" && "$@" 2>&1`, cwd, ...args], 300_000) };
  } catch (error) {
    return { failed: true, output: String((error as { stdout?: string }).stdout ?? error) };
  }
}
const npm = (cwd: string, ...args: string[]): ReturnType<typeof outcome> => outcome('sh', ['npm', ...args], cwd);

/** A copy of the checkout as git has it, with its node_modules. */
async function checkout(directory: string, linked = true): Promise<void> {
  const files = await run('git', ['-C', root, 'ls-files', '--cached', '--others', '--exclude-standard']);
  for (const name of files.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))) {
    cpSync(join(root, name), join(directory, name));
  }
  if (linked) symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
}

describe('the scripts of npm', function () {
  this.timeout(400_000);
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    await checkout(directory);
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

  it('what the package says of its place is whole', () => {
    const described = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const field of ['repository', 'homepage', 'bugs', 'types', 'exports', 'license', 'description']) {
      assert.ok(field in described, field);
    }
  });
});

describe('the steps of the Dockerfile', function () {
  this.timeout(600_000);
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('each in turn, without an engine: the last stage has a program that runs', async () => {
    const context = join(directory, 'context');
    await checkout(context, false);
    const stages = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8')
      .split(/^FROM /m)
      .slice(1);
    const places = stages.map((_, i) => join(directory, `stage-${i}`));
    for (const [i, stage] of stages.entries()) {
      let workdir = '/';
      for (const [, step, rest] of stage.matchAll(/^(WORKDIR|COPY|RUN) (.*)$/gm)) {
        const inside = join(places[i], workdir);
        mkdirSync(inside, { recursive: true });
        if (step === 'WORKDIR') workdir = rest;
        else if (step === 'RUN') {
          // The packages of the system are those of this machine.
          const command = rest.replace(/^apt-get update && .*$/, 'true');
          const { failed, output } = await outcome('sh', ['sh', '-ec', command], inside);
          assert.equal(failed, false, `${rest}\n${output}`);
        } else {
          const [, from, files = ''] = (/^(?:--from=(\w+) )?(.*)$/.exec(rest) ?? []) as (string | undefined)[];
          const source = from === undefined ? context : places[0];
          const names = files.split(' ');
          const target = names.pop()!;
          for (const name of names) {
            const into = join(inside, target.endsWith('/') ? join(target, name.replace(/^.*\//, '')) : target);
            cpSync(join(source, name), into, { recursive: true });
          }
        }
      }
    }
    const [, entry] = /^ENTRYPOINT \["node", "(.*?)"\]$/m.exec(stages.at(-1)!) ?? [];
    const told = await run(process.execPath, [join(places.at(-1)!, entry), '-version']);
    assert.match(told, /^multisocket-/);
    const app = join(places.at(-1)!, 'app');
    const native = `import('${app}/dist/native/addon.js').then((m) => console.log(m.nativeMissing?.message ?? 'native'))`;
    assert.equal(await run(process.execPath, ['-e', native]), 'native\n');
  });
});
