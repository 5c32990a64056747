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
  const packed = new Set<string>();
  const [install, node, dig, npx, development, ...others] = blocks('sh').map((text) => text.trim());

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    project = join(directory, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    // The package as it would be published, but for the binaries: this machine's is enough here.
    const told = await run('npm', ['pack', root, '--ignore-scripts', '--json', '--pack-destination', directory]);
    const [{ filename, files }] = JSON.parse(told) as { filename: string; files: { path: string }[] }[];
    for (const { path } of files) packed.add(path);
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

  it('has the commands and programs that are run here, and no others', () => {
    assert.match(install, /^npm install multisocket$/);
    const languages = [...readme.matchAll(/^```(\w*)\n.*?^```$/gms)].map(([, language]) => language).sort();
    assert.deepEqual(languages, ['', 'js', 'js', 'js', 'js', 'sh', 'sh', 'sh', 'sh', 'sh']);
    assert.deepEqual(others, []);
  });

  it('names commands and arguments that the program has', async () => {
    const multisocket = join(project, 'node_modules/.bin/multisocket');
    const inline = new Set([...readme.matchAll(/`(?:npx )?multisocket ([^`]+)`/g)].map(([, rest]) => rest));
    assert.deepEqual([...inline].sort(), ['-conf Corefile', 'top', 'tune']);
    for (const command of ['top', 'tune']) {
      assert.match(await run(multisocket, [command, '-help']), new RegExp(`^usage: multisocket ${command}\\b`));
    }
    const options = (text: string): string[] => [...new Set(text.match(/(?<=^[|` ]*|`, `)-[a-z.]{2,}/gm))].sort();
    const table = readme
      .split('\n')
      .filter((line) => line.startsWith('| `-'))
      .join('\n');
    assert.deepEqual(options(table), options(await run(multisocket, ['-help'])));
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

  it('its links lead to files of the package', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
    assert.ok(links.length > 20);
    assert.deepEqual(
      links.filter((link) => !packed.has(link.replace(/#.*/, ''))),
      [],
    );
  });

  it('it lists the directives that the program has', async () => {
    const told = await run(process.execPath, [join(root, 'dist/cli.js'), '-plugins']);
    const listed = [...readme.matchAll(/lib\/directives\/(\w+)\/README/g)].map(([, name]) => name);
    const there = told.match(/\b[a-z]+\b/g)?.filter((name) => existsSync(join(root, 'lib/directives', name)));
    assert.deepEqual(listed.sort(), [...new Set(there)].sort());
  });
});
