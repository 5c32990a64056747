import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../support/certificate.js';
import { dig, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { end, until } from '../support/server.js';
import { createServer, type Server } from 'multisocket';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

describe('the examples', () => {
  let child: ChildProcess | undefined;
  let output = '';
  let port: string;
  const directories: string[] = [];

  /** Starts an example. */
  const start = async (
    name: string,
    env: Record<string, string> = {},
    args: string[] = [],
    node = process.execPath,
  ): Promise<void> => {
    port = String(await freePort());
    output = '';
    child = spawn(node, [join(examples, name, 'server.js'), ...args], {
      env: { ...process.env, PORT: port, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += String(text)));
    await until(() => output.includes(port) || child?.exitCode !== null, `it to listen: ${output}`);
    assert.equal(child.exitCode, null, output);
  };
  const ask = (...args: string[]): Promise<string> => dig('@127.0.0.1', '-p', port, '+norecurse', ...args);

  afterEach(async () => {
    if (child === undefined) return;
    // As Ctrl-C does, and no answer that is owed is lost: it ends by itself.
    const gone = once(child, 'exit');
    if (child.exitCode === null) child.kill('SIGINT');
    const [code] = (await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 10_000, []))])) as [number?];
    await end(child);
    child = undefined;
    assert.equal(code, 0, output);
  });

  after(() => {
    for (const directory of directories) rmSync(directory, { recursive: true });
  });

  it('authoritative', async () => {
    await start('authoritative');
    const answer = await ask('wWw.example.org', 'AAAA');
    assert.match(answer, /flags: qr aa;/);
    assert.match(answer, /^wWw\.example\.org\.\s+300\s+IN\s+AAAA\s+2001:db8::80$/m);
    assert.match(await ask('www.example.org', 'MX'), /status: NOERROR.*ANSWER: 0, AUTHORITY: 1/s);
    assert.match(await ask('no.example.org', 'A'), /status: NXDOMAIN.*ANSWER: 0, AUTHORITY: 1/s);
    assert.match(await ask('example.com', 'A'), /status: REFUSED/);
  });

  it('split-horizon', async () => {
    await start('split-horizon');
    for (let i = 0; i < 2; i++) {
      assert.equal(await ask('+short', 'www.example.org', 'A'), '10.0.0.80\n');
      assert.equal(await ask('+short', '-b', '127.0.0.2', 'www.example.org', 'A'), '192.0.2.80\n');
    }
  });

  it('closures', async () => {
    await start('closures');
    for (const count of ['1', '2', '3']) assert.equal(await ask('+short', 'example.org', 'TXT'), `"${count}"\n`);
  });

  it('sqlite: names come and go while it runs', async function () {
    this.timeout(120_000);
    const [major, minor] = process.versions.node.split('.').map(Number);
    // node:sqlite is newer than the oldest Node that this library runs on.
    const hasSqlite = major > 22 || (major === 22 && minor >= 13);
    const find = ['--yes', '-p', 'node@24', 'node', '-p', 'process.execPath'];
    const node = hasSqlite ? process.execPath : (await run('npx', find, 100_000)).trim();
    const directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    directories.push(directory);
    const database = join(directory, 'names.db');
    await start('sqlite', {}, [database], node);
    assert.match(await ask('new.example', 'A'), /status: NXDOMAIN/);
    const sql = "INSERT INTO records VALUES ('new.example', 'A', '192.0.2.9', 60)";
    const insert = 'new (require("node:sqlite").DatabaseSync)(process.argv[1]).exec(process.argv[2])';
    await run(node, ['-e', insert, database, sql]);
    assert.equal(await ask('+short', 'new.example', 'A'), '192.0.2.9\n');
    assert.match(await ask('new.example', 'AAAA'), /status: NOERROR.*ANSWER: 0/s);
  });

  describe('in front of an upstream', () => {
    let upstream: Server;
    let at: string;

    before(async () => {
      upstream = createServer({
        listen: '127.0.0.1:0',
        workers: 0,
        sockets: 1,
        handler: (query, reply) => {
          reply.answer({ type: 'A', name: query.name, ttl: 60, data: '192.0.2.99' });
        },
      });
      await upstream.listen();
      at = `127.0.0.1:${upstream.addresses()[0].port}`;
    });
    after(() => upstream.close());

    it('block-list', async () => {
      await start('block-list', { UPSTREAM: at });
      assert.equal(await ask('+short', '+recurse', 'ads.example', 'A'), '0.0.0.0\n');
      assert.equal(await ask('+short', '+recurse', 'tracker.example', 'AAAA'), '::\n');
      assert.equal(await ask('+short', '+recurse', 'www.example', 'A'), '192.0.2.99\n');
    });

    it('doh-gateway', async () => {
      const { file } = await makeCertificate();
      directories.push(dirname(file));
      await start('doh-gateway', { UPSTREAM: at, CERT: file, KEY: join(dirname(file), 'key.pem') });
      assert.equal(await ask('+short', '+recurse', '+https', 'www.example', 'A'), '192.0.2.99\n');
    });
  });
});
