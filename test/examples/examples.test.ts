import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../support/certificate.js';
import { dig, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { HttpsUpstream } from '../support/https-upstream.js';
import { end, until } from '../support/server.js';
import { createServer, type Server } from 'multisocket';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Waits until a condition holds, for ten seconds at most. */
async function untilAsync(holds: () => Promise<boolean>): Promise<void> {
  for (let left = 50; !(await holds()); left--) {
    assert.ok(left > 0, 'it came too late');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

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

  it('zone-primary', async () => {
    const secret = Buffer.from('a secret for the test of it').toString('base64');
    await start('zone-primary', { SECRET: secret });
    assert.equal(await ask('+short', 'www.example.org', 'A'), '192.0.2.80\n');
    const key = `hmac-sha256:example-key:${secret}`;
    const transfer = await ask('+noall', '+answer', '-y', key, 'example.org', 'AXFR');
    assert.equal(transfer.match(/^\S+\s+300\s+IN/gm)?.length, 7);
    assert.match(await ask('example.org', 'AXFR'), /Transfer failed/);
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

  /** Finds a Node with node:sqlite, which is newer than the oldest Node that this library runs on. */
  async function nodeWithSqlite(): Promise<string> {
    const [major, minor] = process.versions.node.split('.').map(Number);
    if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
    return (await run('npx', ['--yes', '-p', 'node@24', 'node', '-p', 'process.execPath'], 100_000)).trim();
  }

  it('sqlite: names come and go while it runs', async function () {
    this.timeout(120_000);
    const node = await nodeWithSqlite();
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

  it('ad-blocker: blocks, forwards by HTTPS, logs, and reads its list again', async function () {
    this.timeout(120_000);
    const node = await nodeWithSqlite();
    const directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    directories.push(directory);
    const [database, list] = [join(directory, 'queries.db'), join(directory, 'list.txt')];
    writeFileSync(list, '# comment\nads.example\n0.0.0.0 Tracker.example. # another\n127.0.0.1 localhost\n');
    const certificate = await makeCertificate();
    await using upstream = await HttpsUpstream.start(certificate);
    const env = { UPSTREAMS: upstream.url, BLOCK_LIST: list, NODE_EXTRA_CA_CERTS: certificate.file };
    await start('ad-blocker', env, [database], node);
    assert.equal(await ask('+short', 'ads.example', 'A'), '0.0.0.0\n');
    assert.equal(await ask('+short', 'x.y.Tracker.example', 'AAAA'), '::\n');
    assert.match(await ask('ads.example', 'MX'), /status: NOERROR.*ANSWER: 0.*EDE: 15/s);
    for (const name of ['example', 'bads.example', 'localhost']) {
      assert.equal(await ask('+short', name, 'A'), '192.0.2.1\n');
    }
    assert.equal(upstream.asked.length, 3);
    writeFileSync(list, 'bads.example\n');
    child?.kill('SIGHUP');
    await untilAsync(async () => (await ask('+short', 'bads.example', 'A')) === '0.0.0.0\n');
    assert.equal(await ask('+short', 'ads.example', 'A'), '192.0.2.1\n');
    const sql = 'SELECT DISTINCT name, type, blocked, rcode FROM queries WHERE client = ?';
    const read = `const { DatabaseSync } = require("node:sqlite");
      console.log(JSON.stringify(new DatabaseSync(process.argv[1]).prepare(process.argv[2]).all("127.0.0.1").map(Object.values)))`;
    const rows = async (): Promise<unknown[]> => JSON.parse(await run(node, ['-e', read, database, sql])) as unknown[];
    // Each worker writes in its own time; the last two are of before and after the change of the list.
    const expected = [
      'ads.example A 1 NOERROR',
      'ads.example MX 1 NOERROR',
      'example A 0 NOERROR',
      'localhost A 0 NOERROR',
      'x.y.tracker.example AAAA 1 NOERROR',
      'bads.example A 0 NOERROR',
      'bads.example A 1 NOERROR',
    ];
    await untilAsync(async () => {
      const written = (await rows()).map((row) => (row as unknown[]).join(' '));
      return expected.every((row) => written.includes(row));
    });
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
