import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { dig, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('npm start', () => {
  let child: ChildProcess;
  let output = '';

  before(async () => {
    // In a process group of its own: Ctrl-C in a terminal reaches npm and the server at the same time.
    child = spawn('npm', ['start'], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += String(text)));
    // The last thing said: what comes before it may arrive in pieces.
    await until(() => /, node v.*\n/.test(output) || child.exitCode !== null, 'it to listen');
  });
  after(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
  });

  it('says what it listens on, its sockets and workers', () => {
    assert.match(output, /listening on 127\.0\.0\.1:5300, UDP and TCP, \d+ sockets? each/);
    assert.match(output, /listening on \[::1\]:5300, UDP and TCP, \d+ sockets? each/);
    assert.match(output, /served by \d+ worker threads?/);
    assert.doesNotMatch(output, /dig/); // a line to try is for terminals
  });

  const forms: [name: string, server: string, args: string[]][] = [
    ['dig', '127.0.0.1', []],
    ['dig +tcp', '127.0.0.1', ['+tcp']],
    ['dig over IPv6', '::1', []],
    ['dig +tcp over IPv6', '::1', ['+tcp']],
    ['dig +bufsize=512', '127.0.0.1', ['+bufsize=512']],
    ['dig +noedns', '127.0.0.1', ['+noedns']],
  ];
  for (const [name, server, args] of forms) {
    it(`tells who asks: ${name}`, async () => {
      const answer = await dig(`@${server}`, '-p', '5300', 'example.org', 'A', ...args);
      assert.match(answer, /status: NOERROR/);
      const protocol = args.includes('+tcp') ? '_tcp' : '_udp';
      const address = server === '::1' ? 'AAAA\\s+::1' : 'A\\s+127\\.0\\.0\\.1';
      assert.match(answer, new RegExp(`^example\\.org\\.\\s+0\\s+IN\\s+${address}$`, 'm'));
      assert.match(answer, new RegExp(`^${protocol}\\.example\\.org\\.\\s+0\\s+IN\\s+SRV\\s+0 0 \\d+ \\.$`, 'm'));
    });
  }

  it('shows a line to try on a terminal', async () => {
    const port = String(await freePort());
    const command = `timeout 5 ${process.execPath} dist/cli.js -dns.port ${port}`;
    // It ends with the status of a command that had to be ended.
    const shown = await run('script', ['-qc', command, '/dev/null']);
    assert.match(shown, new RegExp(`dig @\\S+ -p ${port} example\\.org A`));
  });

  it('ends by Ctrl-C and says what it has answered', async () => {
    const ended = once(child, 'exit');
    process.kill(-child.pid!, 'SIGINT');
    await ended;
    assert.match(output, /answered 6 queries: 4 by UDP, 2 by TCP/);
  });
});
