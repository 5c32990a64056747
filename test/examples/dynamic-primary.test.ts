/** The example dynamic-primary with nsupdate, dig, and NSD, Knot and BIND as its secondaries. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { typeNumber } from '../../dist/dns/registry.js';
import { printRdata } from '../../dist/dns/records/index.js';
import type { Zone } from '../../dist/zone.js';
import { bindArgs, bindOptions } from '../support/bind.js';
import { DnsProgram, type ProgramStyle } from '../support/dns-program.js';
import { end, until } from '../support/server.js';
import { findProgram } from '../support/find-program.js';
import { freePort } from '../support/free-port.js';
import { knotServer } from '../support/knot.js';
import { nsdServer } from '../support/nsd.js';
import { nsupdate, run, transferred } from '../support/nsupdate.js';

const ORIGIN = 'example.org';
const SECRET = 'YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBvY3RldHMuLi4=';
const KEY = ['-y', `hmac-sha256:example-key:${SECRET}`];
const script = fileURLToPath(new URL('../../examples/dynamic-primary/server.js', import.meta.url));

/** The secondaries, for the port of the primary. An answer of any kind tells that one runs: it has no zone yet. */
const SECONDARIES: Record<string, (primary: number) => ProgramStyle> = {
  nsd: (primary) => ({
    args: (file) => ['-d', '-c', file],
    serves: () => true,
    configuration: (folder, port) => `${nsdServer(folder, port)}  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
key:
  name: example-key
  algorithm: hmac-sha256
  secret: "${SECRET}"
zone:
  name: ${ORIGIN}
  request-xfr: 127.0.0.1@${primary} example-key
  allow-notify: 127.0.0.1 NOKEY
  provide-xfr: 127.0.0.1 NOKEY
`,
  }),
  knotd: (primary) => ({
    args: (file) => ['-c', file],
    serves: () => true,
    configuration: (folder, port) => `${knotServer(folder, port)}database:
    storage: "${folder}/db"
log:
  - target: stderr
    any: warning
key:
  - id: example-key
    algorithm: hmac-sha256
    secret: ${SECRET}
remote:
  - id: primary
    address: 127.0.0.1@${primary}
    key: example-key
acl:
  - id: local
    address: 127.0.0.1
    action: [notify, transfer]
zone:
  - domain: ${ORIGIN}
    storage: "${folder}"
    file: secondary
    master: primary
    acl: local
`,
  }),
  named: (primary) => ({
    args: bindArgs,
    serves: () => true,
    configuration: (folder, port) => `key "example-key" { algorithm hmac-sha256; secret "${SECRET}"; };
${bindOptions(folder, port, 'notify no;')}zone "${ORIGIN}" {
  type secondary;
  primaries port ${primary} { 127.0.0.1 key example-key; };
  file "secondary";
  allow-transfer { 127.0.0.1; };
};
`,
  }),
};

/** The records of a zone, names in lower case. */
function show(zone: Zone): string[] {
  return Array.from(zone.records(), ({ name, ttl, type, data }) => {
    return `${name} ${ttl} ${type} ${printRdata(typeNumber(type)!, type, data)}`.toLowerCase();
  }).sort();
}

describe('the example dynamic-primary', function () {
  this.timeout(120_000);
  let child: ChildProcess;
  let port: number;
  let output = '';
  const peers = new Map<string, DnsProgram>();

  async function startPrimary(secondaries: readonly string[]): Promise<void> {
    const env = { ...process.env, PORT: String(port), SECONDARIES: secondaries.join(' ') };
    child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let own = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (own += String(text)));
    await until(() => own.includes('dig @') || child.exitCode !== null, 'it to listen');
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += String(text)));
  }

  before(async () => {
    port = await freePort();
    // The ports of the secondaries are known when they run, and they want a primary when they start.
    await startPrimary([]);
    for (const [name, style] of Object.entries(SECONDARIES)) {
      const program = findProgram(name);
      if (program === undefined) console.log(`      without ${name}: it is not installed`);
      else peers.set(name, await DnsProgram.start(program, style(port), ORIGIN, ''));
    }
    await follow();
    await end(child, 'SIGINT');
    await startPrimary([...peers.values()].map((peer) => `127.0.0.1:${peer.port}`));
  });

  after(async () => {
    for (const peer of peers.values()) await peer.stop();
    await end(child, 'SIGINT');
    assert.equal(child.exitCode, 0, output);
  });

  const dig = async (at: number, ...args: string[]): Promise<string> =>
    (await run('dig', ['@127.0.0.1', '-p', String(at), '+norecurse', '+tries=1', ...args])).output;

  async function serial(at: number): Promise<string> {
    return (await dig(at, '+short', ORIGIN, 'SOA')).split(' ')[2] ?? '';
  }

  /** Waits until all secondaries have the primary's serial number. Their SOA has them ask once a day: NOTIFY told them. */
  async function follow(): Promise<void> {
    const wanted = await serial(port);
    for (const [name, peer] of peers) {
      let found = '';
      for (let tries = 0; tries < 150 && found !== wanted; tries++) {
        found = await serial(peer.port);
        if (found !== wanted) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.equal(found, wanted, `${name}: ${output}`);
    }
  }

  it('is copied by its secondaries', async () => {
    await follow();
    for (const [name, peer] of peers) {
      const expected = show(await transferred(port, ORIGIN, KEY));
      assert.deepEqual(show(await transferred(peer.port, ORIGIN)), expected, name);
    }
  });

  it('takes updates that are signed, and its secondaries follow by IXFR', async () => {
    const updates = [
      'update add new.example.org 60 A 192.0.2.9\nupdate add new.example.org 60 TXT "x"\nsend',
      'prereq yxrrset www.example.org A\nupdate delete www.example.org\nupdate add *.apps.example.org 60 CNAME new.example.org.\nsend',
      'update delete new.example.org TXT\nupdate add example.org 60 MX 10 new.example.org.\nsend',
    ];
    for (const commands of updates) {
      assert.equal(await nsupdate(port, ORIGIN, commands, KEY), '');
      await follow();
    }
    assert.equal(await serial(port), '4');
    if (peers.size > 0) assert.match(output, /^IXFR from [123] to [234]$/m);
    const expected = show(await transferred(port, ORIGIN, KEY));
    for (const [name, peer] of peers) {
      assert.equal(await dig(peer.port, '+short', 'shop.apps.example.org', 'A'), 'new.example.org.\n192.0.2.9\n', name);
      assert.deepEqual(show(await transferred(peer.port, ORIGIN)), expected, name);
    }
  });

  it('gives changes to dig by IXFR, the SOA alone to one who has all, the whole zone to one who is far behind', async () => {
    const ixfr = async (from: number): Promise<string[]> =>
      (await dig(port, '+noall', '+answer', ...KEY, ORIGIN, `IXFR=${from}`)).trim().split('\n');
    const lines = (await ixfr(3)).map((line) => line.split(/\s+/).slice(0, 4).join(' '));
    assert.deepEqual(lines, [
      'example.org. 300 IN SOA',
      'example.org. 300 IN SOA',
      'new.example.org. 60 IN TXT',
      'example.org. 300 IN SOA',
      'example.org. 60 IN MX',
      'example.org. 300 IN SOA',
    ]);
    assert.equal((await ixfr(4)).length, 1);
    assert.equal((await ixfr(77)).length, show(await transferred(port, ORIGIN, KEY)).length + 1);
  });

  it('refuses updates and transfers without the key, and prerequisites that do not hold', async () => {
    const change = 'update add evil.example.org 60 A 192.0.2.66\nsend';
    assert.match(await nsupdate(port, ORIGIN, change), /update failed: REFUSED/);
    const wrong = ['-y', 'hmac-sha256:example-key:d3JvbmcgYnV0IGxvbmcgZW5vdWdoIHNlY3JldA=='];
    assert.match(await nsupdate(port, ORIGIN, change, wrong), /BADSIG|NOTAUTH/);
    assert.match(await nsupdate(port, ORIGIN, `prereq nxdomain new.example.org\n${change}`, KEY), /YXDOMAIN/);
    assert.match(await dig(port, ORIGIN, 'AXFR'), /Transfer failed/);
    assert.match(await dig(port, 'evil.example.org', 'A'), /status: NXDOMAIN/);
    assert.equal(await serial(port), '4');
  });
});
