import assert from 'node:assert/strict';
import { dig, run } from '../support/clients.js';
import { findBind, startBind } from '../support/bind.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';
import { until } from '../support/server.js';

const ZONE = '@ 60 IN SOA ns admin 7 3600 600 86400 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n';

describe('the guide of updates and notifications', function () {
  this.timeout(60_000);
  let program: GuideProgram;
  let port = 0;

  before(async () => {
    port = await freePort();
    const directory = writeGuidePrograms('opcodes', { '127.0.0.1:5300': `127.0.0.1:${port}` });
    program = await startGuideProgram(directory, 'dynamic.mjs');
  });
  after(() => program.end());

  /** What nsupdate prints; empty for an update that was made. */
  async function update(...lines: string[]): Promise<string> {
    const script = [`server 127.0.0.1 ${port}`, 'zone example.org', ...lines, 'send', ''].join('\n');
    return run('sh', ['-c', `printf '%s' "$1" | nsupdate 2>&1 || true`, 'sh', script]);
  }
  const ask = async (...what: string[]): Promise<string> =>
    (await dig('@127.0.0.1', '-p', String(port), '+short', ...what)).trim();

  it('has a program that nsupdate changes', async () => {
    assert.equal(
      await update('update add www.example.org 60 A 192.0.2.1', 'update add www.example.org 60 A 192.0.2.2'),
      '',
    );
    assert.deepEqual((await ask('www.example.org')).split('\n').sort(), ['192.0.2.1', '192.0.2.2']);
    assert.equal(await update('update add www.example.org 90 A 192.0.2.1'), '');
    assert.equal((await ask('www.example.org')).split('\n').length, 2);
    assert.equal(await update('prereq yxrrset www.example.org A', 'update delete www.example.org A 192.0.2.1'), '');
    assert.equal(await ask('www.example.org'), '192.0.2.2');
    assert.equal(await update('update add www.example.org 60 TXT "text"', 'update delete www.example.org A'), '');
    assert.deepEqual([await ask('www.example.org'), await ask('www.example.org', 'TXT')], ['', '"text"']);
    assert.equal(await update('update delete www.example.org', 'update delete example.org NS'), '');
    assert.deepEqual([await ask('www.example.org', 'TXT'), await ask('example.org', 'NS')], ['', 'ns.example.org.']);
    assert.match(await ask('example.org', 'SOA'), /^ns\.example\.org\. admin\.example\.org\. 6 /);
  });

  it('has a program whose prerequisites must hold', async () => {
    const add = 'update add a.example.org 60 A 192.0.2.9';
    assert.equal(await update('prereq nxdomain a.example.org', add), '');
    assert.match(await update('prereq nxdomain a.example.org', add), /YXDOMAIN/);
    assert.match(await update('prereq yxdomain b.example.org', add), /NXDOMAIN/);
    assert.match(await update('prereq nxrrset a.example.org A', add), /YXRRSET/);
    assert.match(await update('prereq yxrrset a.example.org AAAA', add), /NXRRSET/);
    assert.match(await update('prereq yxrrset a.example.org A 192.0.2.8', add), /NXRRSET/);
    assert.equal(await update('prereq yxrrset a.example.org A 192.0.2.9', add), '');
  });

  it('has a program that a primary notifies', async function () {
    const named = findBind();
    if (named === undefined) this.skip();
    const notify = `notify explicit; also-notify { 127.0.0.1 port ${port}; };`;
    const bind = await startBind(named, 'example.org', ZONE, [], notify);
    await until(() => program.output().includes('127.0.0.1 has example.org with serial 7'), 'a notification');
    await bind.stop();
  });
});
