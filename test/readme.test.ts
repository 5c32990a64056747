import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './support/clients.js';
import { until } from './support/server.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The text of the fenced blocks of a language under a heading, in order; without a heading, those before the first. */
function blocks(language: string, heading?: string): string[] {
  const start = heading === undefined ? 0 : readme.indexOf(`\n## ${heading}\n`);
  assert.notEqual(start, -1, heading);
  const end = readme.indexOf('\n## ', start + 1);
  const section = readme.slice(start, end === -1 ? undefined : end);
  return [...section.matchAll(/```(\w+)\n(.*?)```/gs)].flatMap(([, name, text]) => (name === language ? [text] : []));
}

describe('the README, followed word by word', function () {
  this.timeout(400_000);
  let directory: string;
  let child: ChildProcess | undefined;
  let output = '';

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
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

  it('a clean clone is set up and started by its first line, and answers its second', async () => {
    const clone = join(directory, 'clone');
    // What is committed, with what is changed and not yet so.
    await run('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone]);
    const changed = await run('git', ['-C', root, 'diff', '--name-only', '--diff-filter=d', 'HEAD']);
    for (const name of changed.split('\n').filter(Boolean)) cpSync(join(root, name), join(clone, name));
    // The compiler's minutes are spared: .ci/run begins with the same line in a clone that has no build.
    cpSync(join(root, 'build/Release/multisocket.node'), join(clone, 'build/Release/multisocket.node'));
    const [setUp, ask] = blocks('sh');
    start(setUp, clone);
    await started(/node v/, 300);
    const answer = await run('sh', ['-ec', ask]);
    assert.match(answer, /status: NOERROR/);
    assert.match(answer, /^example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1$/m);
  });

  it('its first server, saved as two files, answers with what it was given', async () => {
    const project = join(directory, 'project');
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    symlinkSync(root, join(project, 'node_modules/multisocket'));
    const [server] = blocks('ts', 'A server');
    const handler = blocks('ts', 'A server').find((text) => text.startsWith('// handler.js'));
    assert.ok(handler !== undefined);
    // It closes at once where it is read; here it is asked first.
    const [before, after] = server.split('await server.close();');
    assert.notEqual(after, undefined);
    writeFileSync(join(project, 'main.js'), `${before}setTimeout(() => server.close(), 4000);${after}`);
    writeFileSync(join(project, 'handler.js'), handler);
    start(`exec "${process.execPath}" main.js`, project);
    await started(/port: 5300/, 20);
    assert.equal(
      await run('dig', ['@127.0.0.1', '-p', '5300', '+short', '+norecurse', 'www.example', 'A']),
      '192.0.2.1\n',
    );
    await until(() => child?.exitCode !== null, 'it to end');
    assert.equal(child?.exitCode, 0, output);
  });

  it('its Corefile is one that is served', async () => {
    const [corefile] = [...readme.matchAll(/```\n(\. \{\n.*?)```/gs)].map(([, text]) => text);
    writeFileSync(join(directory, 'Corefile'), corefile);
    const told = await run(process.execPath, [
      join(root, 'dist/cli.js'),
      '-conf',
      join(directory, 'Corefile'),
      '-check',
    ]);
    assert.match(told, /5 sockets/);
  });
});
