import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dig, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binaries = `prebuilds/${process.platform}-${process.arch}`;

/** What npm reads of a checkout to make a package. */
const sources = ['package.json', '.gitignore', 'binding.gyp', 'native', 'dist', 'README.md', 'CHANGELOG.md', 'LICENSE'];

describe('the packed package, where there is no compiler', function () {
  this.timeout(120_000);
  let directory: string;
  let files: string[];
  let child: ChildProcess | undefined;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    const checkout = join(directory, 'checkout');
    for (const part of sources) cpSync(join(root, part), join(checkout, part), { recursive: true });
    // `npm run prebuild` takes minutes: what this checkout's own build made has the same place in the package.
    if (existsSync(join(root, binaries))) cpSync(join(root, binaries), join(checkout, binaries), { recursive: true });
    else {
      mkdirSync(join(checkout, binaries), { recursive: true });
      cpSync(join(root, 'build/Release/multisocket.node'), join(checkout, binaries, 'multisocket.glibc.node'));
    }
    const packed = await run('npm', ['pack', checkout, '--ignore-scripts', '--json', '--pack-destination', directory]);
    const [{ filename, files: names }] = JSON.parse(packed) as { filename: string; files: { path: string }[] }[];
    files = names.map(({ path }) => path);
    const project = join(directory, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    const install = ['install', '--ignore-scripts', '--omit=dev', '--prefer-offline', '--prefix', project];
    await run('npm', [...install, join(directory, filename)], 100_000);
    // All that is on PATH: no compiler, no make, no Python.
    mkdirSync(join(directory, 'bin'));
    for (const name of ['node', 'npx', 'sh']) {
      const path = name === 'node' ? process.execPath : (await run('which', [name])).trim();
      symlinkSync(realpathSync(path), join(directory, 'bin', name));
    }
  });
  after(async () => {
    if (child?.pid !== undefined && child.exitCode === null) {
      // npx has a shell start the program, which would outlive both and keep our ends of its output open.
      const closed = once(child, 'close');
      process.kill(-child.pid, 'SIGKILL');
      await closed;
    }
    rmSync(directory, { recursive: true });
  });

  it('has the binary, the program, the sources and the documents, and nothing of the tests', () => {
    for (const name of [
      'dist/cli.js',
      'dist/index.d.ts',
      'binding.gyp',
      'native/node/addon.cc',
      'README.md',
      'LICENSE',
    ]) {
      assert.ok(files.includes(name), name);
    }
    assert.ok(files.some((name) => name.startsWith(binaries) && name.endsWith('.node')));
    assert.deepEqual(
      files.filter((name) => /^(test|build|bench|dist-test|node_modules)\//.test(name)),
      [],
    );
  });

  it('`npx multisocket` answers dig, with the addon', async () => {
    const port = String(await freePort());
    let output = '';
    child = spawn(join(directory, 'bin/npx'), ['--offline', 'multisocket', '-dns.port', port], {
      cwd: join(directory, 'project'),
      env: { PATH: join(directory, 'bin'), HOME: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += String(text)));
    await until(() => output.includes('node v') || child?.exitCode !== null, 'it to listen');
    assert.deepEqual(readdirSync(join(directory, 'bin')).sort(), ['node', 'npx', 'sh']);
    const answer = await dig('@127.0.0.1', '-p', port, 'example.org', 'A');
    assert.match(answer, /^example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m);
    assert.doesNotMatch(output, /addon is not loaded/);
    assert.ok(!existsSync(join(directory, 'project/node_modules/multisocket/build')));
  });
});
