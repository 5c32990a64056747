import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dig } from '../support/clients.js';
import { end, until } from '../support/server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BEFORE = "const dns = require('../..');";
const AFTER = "const dns = require('multisocket/adapters').withMultisocket(require('dns2'));";

/** The server of dns2's README, whose last statement would close it at once. */
function readmeServer(): string {
  const readme = readFileSync(join(root, 'node_modules/dns2/README.md'), 'utf8');
  const [, program] = /^### Example Server\n\n```js\n(.*?)^```$/ms.exec(readme) ?? [];
  assert.ok(program);
  const changes: [from: string, to: string][] = [
    ["const dns2 = require('dns2');", "const dns2 = require('multisocket/adapters').withMultisocket(require('dns2'));"],
    ['\n// eventually\nserver.close();\n', ''],
  ];
  return changes.reduce((text, [from, to]) => {
    assert.equal(text.split(from).length, 2, from);
    return text.replace(from, to);
  }, program);
}

describe("dns2's own examples, with one line changed", () => {
  let directory: string;
  let child: ChildProcess;
  let output: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(root, join(directory, 'node_modules/multisocket'));
    symlinkSync(join(root, 'node_modules/dns2'), join(directory, 'node_modules/dns2'));
    cpSync(join(root, 'node_modules/dns2/example/server'), directory, { recursive: true });
    for (const name of ['dns.js', 'udp.js', 'tcp.js', 'doh.js']) {
      const source = readFileSync(join(directory, name), 'utf8');
      assert.equal(source.split(BEFORE).length, 2, name);
      writeFileSync(join(directory, name), source.replace(BEFORE, AFTER));
    }
    writeFileSync(join(directory, 'readme.js'), readmeServer());
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });
  afterEach(() => end(child));

  /** Starts an example and asks until it is there. */
  const answerOf = async (name: string, ...args: string[]): Promise<string> => {
    output = '';
    child = spawn(process.execPath, [name], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += String(text)));
    const ask = (): Promise<string> => dig('@127.0.0.1', '+norecurse', '+tries=1', '+timeout=1', ...args);
    let answer = await ask().catch(() => undefined);
    for (let tries = 0; answer === undefined && tries < 40 && child.exitCode === null; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await ask().catch(() => undefined);
    }
    return answer ?? `no answer: ${output}`;
  };

  it('udp.js', async () => {
    const answer = await answerOf('udp.js', '-p', '5333', 'example.org', 'A');
    assert.match(answer, /^example\.org\.\s+300\s+IN\s+A\s+8\.8\.8\.8$/m);
    await until(() => output.includes("name: 'example.org'"), 'its listener to be told of the request');
  });

  it('tcp.js', async () => {
    const answer = await answerOf('tcp.js', '+tcp', '-p', '5333', '_xmpp._tcp.example.org', 'SRV');
    assert.match(answer, /IN\s+SRV\s+30 30 8080 hermes2\.jabber\.org\.$/m);
  });

  it('doh.js', async () => {
    const answer = await answerOf('doh.js', '+https', '-p', '8080', 'example.org', 'A');
    assert.match(answer, /^example\.org\.\s+300\s+IN\s+A\s+1\.1\.1\.1$/m);
  });

  it('that of its README', async () => {
    const answer = await answerOf('readme.js', '-p', '5333', 'lsong.org', 'A');
    assert.match(answer, /^lsong\.org\.\s+300\s+IN\s+A\s+8\.8\.8\.8$/m);
  });

  it('dns.js: UDP, TCP and HTTPS at a time', async () => {
    const expected = /^example\.org\.\s+300\s+IN\s+A\s+1\.1\.1\.1$/m;
    assert.match(await answerOf('dns.js', '-p', '5333', 'example.org', 'A'), expected);
    assert.match(await dig('@127.0.0.1', '+norecurse', '+tcp', '-p', '5334', 'example.org', 'A'), expected);
    assert.match(await dig('@127.0.0.1', '+norecurse', '+https', '-p', '8443', 'example.org', 'A'), expected);
    await end(child, 'SIGINT');
    assert.match(output, /Closed\./);
  });
});
