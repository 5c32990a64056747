import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './support/clients.js';
import { until } from './support/server.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

const REPOSITORY = 'https://github.com/multisocket/multisocket';

/** The text of the fenced blocks of a language, in order. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, name, text]) => (name === language ? [text] : []));

/** The programs of the README by the names that it gives their files. */
function programs(): Record<string, string> {
  const [first, handler, workers] = blocks('js');
  return { 'server.mjs': first, 'handler.mjs': handler, 'workers.mjs': workers };
}

describe('the README, followed word by word', function () {
  this.timeout(400_000);
  let directory: string;
  let project: string;
  let child: ChildProcess | undefined;
  let output = '';
  const [install, node, dig, npx, development, ...others] = blocks('sh').map((text) => text.trim());

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    project = join(directory, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    // The package as it would be published, but for the binaries: this machine's is enough here.
    const packed = await run('npm', ['pack', root, '--ignore-scripts', '--json', '--pack-destination', directory]);
    const [{ filename }] = JSON.parse(packed) as { filename: string }[];
    const command = install.replace(/multisocket$/, `--prefer-offline --ignore-scripts ${join(directory, filename)}`);
    await run('sh', ['-ec', `cd ${project} && ${command}`], 300_000);
    const built = join(project, 'node_modules/multisocket/build/Release');
    mkdirSync(built, { recursive: true });
    cpSync(join(root, 'build/Release/multisocket.node'), join(built, 'multisocket.node'));
    for (const [name, text] of Object.entries(programs())) writeFileSync(join(project, name), text);
  });
  afterEach(async () => {
    if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
    if (child !== undefined) await until(() => child?.exitCode !== null || child.signalCode !== null, 'it to end');
    child = undefined;
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  /** Starts a command in a shell, in a process group of its own, as a terminal does. */
  const start = (command: string, cwd: string): void => {
    output = '';
    child = spawn('sh', ['-ec', command], { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += String(text)));
  };
  const started = async (pattern: RegExp, seconds: number): Promise<void> => {
    for (let i = 0; i < seconds * 10 && !pattern.test(output) && child?.exitCode === null; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.match(output, pattern);
  };
  const ask = (): Promise<string> => run('sh', ['-ec', dig]);

  it('has the commands that are run here, and no others', () => {
    assert.match(install, /^npm install multisocket$/);
    assert.deepEqual(others, []);
  });

  it('its first server answers, and goes on running', async () => {
    start(`exec ${node}`, project);
    await started(/listening/, 20);
    for (let i = 0; i < 2; i++) {
      assert.match(await ask(), /^example\.org\.\s+300\s+IN\s+A\s+192\.0\.2\.1$/m);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.equal(child?.exitCode, null, output);
    assert.doesNotMatch(output, /warning/i);
  });

  it('its server with workers answers', async () => {
    start('exec node workers.mjs', project);
    await started(/listening with \d+ workers/, 20);
    assert.match(await ask(), /192\.0\.2\.1/);
  });

  it('its program answers', async () => {
    start(`exec ${npx}`, project);
    await started(/node v/, 60);
    assert.match(await ask(), /^example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m);
  });

  it("its line for dns2's programs runs", async () => {
    const [, , , line] = blocks('js');
    symlinkSync(join(root, 'node_modules/dns2'), join(project, 'node_modules/dns2'));
    const asked = `${line}; console.log(typeof dns2.createServer, new dns2() instanceof require('dns2'));`;
    assert.equal(await run('sh', ['-ec', `cd ${project} && node -e "$0"`, asked]), 'function true\n');
  });

  it('a clean clone is set up and started by its line for development, and answers', async () => {
    const clone = join(directory, 'clone');
    // What is committed, with what is changed and not yet so.
    await run('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone]);
    const changed = await run('git', ['-C', root, 'diff', '--name-only', '--diff-filter=d', 'HEAD']);
    for (const name of changed.split('\n').filter(Boolean)) cpSync(join(root, name), join(clone, name));
    // The compiler's minutes are spared: .ci/run begins with the same line in a clone that has no build.
    cpSync(join(root, 'build/Release/multisocket.node'), join(clone, 'build/Release/multisocket.node'));
    start(development, clone);
    await started(/node v/, 300);
    assert.match(await ask(), /^example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m);
  });

  it('its Corefile is one that is served', async () => {
    writeFileSync(join(directory, 'Corefile'), blocks('')[0]);
    const told = await run(process.execPath, [
      join(root, 'dist/cli.js'),
      '-conf',
      join(directory, 'Corefile'),
      '-check',
    ]);
    assert.match(told, /5 sockets/);
  });

  it('its links work on a page of a registry, and lead to files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
    assert.ok(links.length > 20);
    for (const link of links) {
      const path = RegExp(`^${REPOSITORY}/(?:blob|tree)/main/([^#]+)`).exec(link)?.[1];
      assert.ok(path !== undefined && existsSync(join(root, path)), link);
    }
    const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      repository: { url: string };
    };
    assert.equal(repository.url, `git+${REPOSITORY}.git`);
  });

  it('it lists the directives that the program has', async () => {
    const told = await run(process.execPath, [join(root, 'dist/cli.js'), '-plugins']);
    const listed = [...readme.matchAll(/lib\/directives\/(\w+)\/README/g)].map(([, name]) => name);
    const there = told.match(/\b[a-z]+\b/g)?.filter((name) => existsSync(join(root, 'lib/directives', name)));
    assert.deepEqual(listed.sort(), [...new Set(there)].sort());
  });
});
