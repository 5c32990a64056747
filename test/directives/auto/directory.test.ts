import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type packet from 'dns-packet';
import { createServer, type CorefileServer } from 'multisocket';
import { ask } from '../../support/clients.js';
import { loggerInto } from '../../support/logger-into.js';

function zone(serial: number, more = ''): string {
  return `$TTL 60\n@ SOA a b ${serial} 1 1 1 1\nwww A 192.0.2.${serial}\n${more}`;
}

describe('auto', () => {
  let folder: string;
  let log: string[];
  let server: CorefileServer | undefined;
  const logger = loggerInto(() => log);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    log = [];
  });

  afterEach(async () => {
    await server?.close();
    server = undefined;
    rmSync(folder, { recursive: true });
  });

  const path = (name: string): string => join(folder, name);

  async function serve(lines = '', key = '.', others = '', directory = folder): Promise<void> {
    const block = `auto {\n directory ${directory} ${lines}\n reload 20ms\n }`;
    server = createServer({ corefile: `${key}:0 {\n bind 127.0.0.1\n ${block}\n${others}}`, workers: 1, logger });
    await server.listen();
  }

  async function answer(name: string): Promise<string> {
    const reply = await ask(server!.addresses()[0].port, name);
    const { rcode } = reply as unknown as { rcode: string };
    return rcode === 'NOERROR' && reply.answers!.length > 0 ? (reply.answers![0] as packet.StringAnswer).data : rcode;
  }

  /** Waits until a name has an answer. */
  async function becomes(name: string, expected: string): Promise<void> {
    const end = Date.now() + 10_000;
    for (let found = await answer(name); found !== expected; found = await answer(name)) {
      assert.ok(Date.now() < end, `${name}: ${found}, not ${expected}; ${log.join('\n')}`);
      await wait(10);
    }
  }

  it('serves the files of the directory and of those in it, from the start', async () => {
    writeFileSync(path('db.example.org'), zone(1));
    mkdirSync(path('sub'));
    writeFileSync(path('sub/db.Example.NET'), zone(2));
    writeFileSync(path('other.example.com'), zone(3));
    await serve();
    assert.equal(await answer('www.example.org'), '192.0.2.1');
    assert.equal(await answer('www.example.net'), '192.0.2.2');
    assert.equal(await answer('www.example.com'), 'REFUSED');
    assert.equal(await answer('none.example.org'), 'NXDOMAIN');
  });

  it('takes up files that come, change and go', async () => {
    await serve();
    assert.equal(await answer('www.example.org'), 'REFUSED');
    writeFileSync(path('new'), zone(1));
    renameSync(path('new'), path('db.example.org'));
    await becomes('www.example.org', '192.0.2.1');
    writeFileSync(path('new'), zone(2));
    renameSync(path('new'), path('db.example.org'));
    await becomes('www.example.org', '192.0.2.2');
    renameSync(path('db.example.org'), path('db.example.net'));
    await becomes('www.example.org', 'REFUSED');
    await becomes('www.example.net', '192.0.2.2');
    assert.ok(log.includes('plugin/auto: zone example.org was withdrawn: its file is gone'));
    unlinkSync(path('db.example.net'));
    await becomes('www.example.net', 'REFUSED');
  });

  it('serves a changed file when its serial has changed', async () => {
    writeFileSync(path('db.example.org'), zone(1));
    await serve();
    writeFileSync(path('db.example.org'), zone(1).replace('192.0.2.1', '192.0.2.9'));
    while (!log.some((line) => line.includes('was not reloaded'))) await wait(10);
    assert.equal(await answer('www.example.org'), '192.0.2.1');
    writeFileSync(path('db.example.org'), zone(2));
    await becomes('www.example.org', '192.0.2.2');
  });

  it('starts without a file that has a fault, says so once, and serves it once it is right', async () => {
    writeFileSync(path('db.example.org'), zone(1, 'x A y\n'));
    writeFileSync(path('db.example.net'), zone(1));
    await serve();
    assert.equal(await answer('www.example.net'), '192.0.2.1');
    assert.equal(await answer('www.example.org'), 'REFUSED');
    await wait(200);
    assert.equal(log.filter((line) => line.includes('invalid IPv4 address')).length, 1);
    writeFileSync(path('db.example.org'), zone(2));
    await becomes('www.example.org', '192.0.2.2');
    writeFileSync(path('db.example.org'), zone(3, 'x A y\n'));
    while (log.filter((line) => line.includes('serial 2 is served on')).length === 0) await wait(10);
    assert.equal(await answer('www.example.org'), '192.0.2.2');
  });

  it('starts with a directory that is missing, and finds it later', async () => {
    const directory = path('late');
    await serve('', '.', '', directory);
    assert.equal(await answer('www.example.org'), 'REFUSED');
    mkdirSync(directory);
    writeFileSync(join(directory, 'db.example.org'), zone(1));
    await becomes('www.example.org', '192.0.2.1');
    rmSync(directory, { recursive: true });
    await becomes('www.example.org', 'REFUSED');
  });

  it('follows symbolic links to the directory and to files, also when they are turned to others', async () => {
    for (const version of ['v1', 'v2']) mkdirSync(path(version));
    writeFileSync(path('v1/db.example.org'), zone(1));
    writeFileSync(path('v2/db.example.org'), zone(2));
    writeFileSync(path('v2/zone'), zone(3));
    symlinkSync(path('v2/zone'), path('v1/db.example.net'));
    symlinkSync('v1', path('current'));
    await serve('', '.', '', path('current'));
    assert.equal(await answer('www.example.org'), '192.0.2.1');
    assert.equal(await answer('www.example.net'), '192.0.2.3');
    symlinkSync('v2', path('next'));
    renameSync(path('next'), path('current'));
    await becomes('www.example.org', '192.0.2.2');
    await becomes('www.example.net', 'REFUSED');
  });

  it('serves the first of several files of one zone, in the order of their paths, and says so once', async () => {
    writeFileSync(path('db.example.org'), zone(1));
    writeFileSync(path('db.example.ORG.'), zone(2));
    await serve();
    assert.equal(await answer('www.example.org'), '192.0.2.2');
    await wait(100);
    assert.equal(log.filter((line) => line.includes('db.example.org is left out')).length, 1);
    unlinkSync(path('db.example.ORG.'));
    writeFileSync(path('db.example.org'), zone(3));
    await becomes('www.example.org', '192.0.2.3');
  });

  it('makes the name of a zone of groups of the match', async () => {
    writeFileSync(path('org-example.zone'), zone(1));
    writeFileSync(path('org-example.zone.bak'), zone(2));
    await serve('^(.*)-(.*)\\.zone$ {2}.{1}');
    assert.equal(await answer('www.example.org'), '192.0.2.1');
    assert.equal(log.length, 1);
  });

  it('answers for its zones alone, and leaves other names to the next directive', async () => {
    writeFileSync(path('db.org'), zone(1, 'www.example A 192.0.2.77\nwww.other A 192.0.2.78\n'));
    await serve('', '.', 'whoami\n');
    assert.equal(await answer('www.example.org'), '192.0.2.77');
    assert.equal(await answer('www.example.net'), 'NOERROR');
    await server!.close();
    server = createServer({
      corefile: `.:0 {\n bind 127.0.0.1\n auto example.org {\n directory ${folder}\n }\n}`,
      workers: 0,
      logger,
    });
    await server.listen();
    assert.equal(await answer('www.example.org'), '192.0.2.77');
    assert.equal(await answer('www.other.org'), 'SERVFAIL');
  });

  it('keeps its zones while the directory cannot be read', async () => {
    mkdirSync(path('v1'));
    writeFileSync(path('v1/db.example.org'), zone(1));
    symlinkSync('v1', path('current'));
    await serve('', '.', '', path('current'));
    symlinkSync('current', path('next'));
    renameSync(path('next'), path('current')); // it leads to itself
    while (!log.some((line) => line.includes('ELOOP'))) await wait(10);
    assert.equal(await answer('www.example.org'), '192.0.2.1');
    rmSync(path('current'));
    await becomes('www.example.org', 'REFUSED');
  });

  it('serves thousands of zones', async function () {
    this.timeout(120_000);
    for (let i = 0; i < 3000; i++) writeFileSync(path(`db.z${i}.example`), zone(1 + (i % 200)));
    await serve();
    for (let i = 0; i < 3000; i += 97) assert.equal(await answer(`www.z${i}.example`), `192.0.2.${1 + (i % 200)}`);
    unlinkSync(path('db.z0.example'));
    await becomes('www.z0.example', 'REFUSED');
  });
});
