import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadCorefile, type Corefile } from '../../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../../dist/corefile/registry.js';
import { secondary } from '../../../dist/directives/secondary/setup.js';
import { defaultFolder, fileOf, prepareFolder } from '../../../dist/directives/secondary/store.js';
import { checkCorefile } from '../../../dist/run/check.js';
import { makeCertificate } from '../../support/certificate.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const registry = new DirectiveRegistry();
registry.register(secondary);
const load = (text: string): Corefile => loadCorefile(text, { registry, environment: {} });
const configOf = (lines: string): unknown =>
  load(`example.org 10.0.0.0/8 {\n${lines}\n}`).blocks[0].directives[0].config;
const SECRET = Buffer.alloc(32, 7);

describe('the directive secondary: syntax', () => {
  const primaries = [{ address: '192.0.2.1', port: 53 }];
  const zones = ['example.org', '10.in-addr.arpa'];
  const defaults = { zones, primaries, key: undefined, store: undefined, fallthrough: [] };
  const from = 'transfer from 192.0.2.1\n';

  it('serves the zones of its block, or those that it names; the last use of a zone counts', () => {
    assert.deepEqual(configOf(`secondary {\n${from}}`), [defaults]);
    assert.deepEqual(configOf(`secondary Example.NET. {\n${from}}`), [{ ...defaults, zones: ['example.net'] }]);
    assert.deepEqual(configOf(`secondary a b {\n${from}}\nsecondary b {\ntransfer from ::1\n}`), [
      { ...defaults, zones: ['a'] },
      { ...defaults, zones: ['b'], primaries: [{ address: '::1', port: 53 }] },
    ]);
  });

  it('reads addresses in all forms', () => {
    const texts =
      '192.0.2.1:5353 [2001:db8::1]:54 ::1 192.0.2.2: 192.0.2.3%lo tls://192.0.2.4 tls://192.0.2.5%ns.example:8530';
    assert.deepEqual(configOf(`secondary a {\ntransfer from 192.0.2.1\ntransfer from ${texts}\n}`), [
      {
        ...defaults,
        zones: ['a'],
        primaries: [
          { address: '192.0.2.1', port: 53 },
          { address: '192.0.2.1', port: 5353 },
          { address: '2001:db8::1', port: 54 },
          { address: '::1', port: 53 },
          { address: '192.0.2.2', port: 53 },
          { address: '192.0.2.3', port: 53 },
          { address: '192.0.2.4', port: 853, tls: { minVersion: 'TLSv1.3' } },
          { address: '192.0.2.5', port: 8530, tls: { minVersion: 'TLSv1.3', servername: 'ns.example' } },
        ],
      },
    ]);
  });

  it('takes fallthrough, key, tls and store', async () => {
    const { file, cert } = await makeCertificate();
    const secret = SECRET.toString('base64');
    const lines = `fallthrough X.example.org\nkey One.Example. HMAC-SHA256 ${secret}\ntls ${file}\nstore zones\ntransfer from tls://::1\n`;
    assert.deepEqual(configOf(`secondary {\n${lines}}`), [
      {
        zones,
        primaries: [{ address: '::1', port: 853, tls: { minVersion: 'TLSv1.3', ca: cert } }],
        key: { name: 'one.example', algorithm: 'hmac-sha256', secret: new Uint8Array(SECRET) },
        store: resolve('zones'),
        fallthrough: ['x.example.org'],
      },
    ]);
    assert.deepEqual(configOf(`secondary {\n${from}store off\n}`), [{ ...defaults, store: null }]);
  });

  const faults: [string, number, RegExp][] = [
    ['secondary', 2, /^secondary zones require a transfer from property$/],
    ['secondary {\n}', 2, /^secondary zones require a transfer from property$/],
    ['secondary {\n transfer\n}', 3, /^Wrong argument count or unexpected line ending after 'transfer'$/],
    ['secondary {\n transfer from\n}', 3, /^Wrong argument count or unexpected line ending after 'from'$/],
    ['secondary {\n transfer to *\n}', 3, /^unknown property to$/],
    ['secondary {\n transfer from *\n}', 3, /^can't use '\*' in transfer from$/],
    ['secondary {\n transfer from ns.example\n}', 3, /^must specify an IP address: `ns\.example'$/],
    ['secondary {\n transfer from https://192.0.2.1\n}', 3, /^must specify an IP address/],
    ['secondary {\n transfer from tls://ns.example\n}', 3, /^must specify an IP address/],
    ['secondary {\n transfer from [::1]\n}', 3, /^must specify an IP address: `\[::1\]'$/],
    ['secondary {\n transfer from 192.0.2.1:70000\n}', 3, /^invalid port in `192\.0\.2\.1:70000': 1 to 65535$/],
    ['secondary {\n transferr from 192.0.2.1\n}', 3, /^unknown property 'transferr'$/],
    ['secondary {\n catalog\n}', 3, /^catalog zones \(RFC 9432\) are not supported$/],
    ['secondary {\n key a hmac-sha256\n}', 3, /^Wrong argument count/],
    ['secondary {\n key a hmac-md5 AAAA\n}', 3, /"key\.algorithm" option must be 'hmac-sha1', /],
    ['secondary {\n key a hmac-sha256 c2hvcnQ=\n}', 3, /^The "key\.secret" option must have 16 to 1024 octets/],
    ['secondary {\n tls nowhere.pem\n}', 3, /^tls nowhere\.pem: ENOENT/],
    ['secondary {\n store\n}', 3, /^Wrong argument count/],
  ];
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => configOf(text),
        (error: Error & { code: string }) => {
          const prefix = `plugin/secondary: Corefile:${line} - Error during parsing: `;
          assert.equal(error.code, 'ERR_MULTISOCKET_COREFILE');
          assert.ok(error.message.startsWith(prefix), error.message);
          assert.match(error.message.slice(prefix.length), message);
          return true;
        },
      );
    });
  }
});

describe('the folder of stored zones', () => {
  it('is that of the service manager, else of the user', () => {
    assert.equal(defaultFolder({ STATE_DIRECTORY: '/var/lib/a:/var/lib/b', XDG_STATE_HOME: '/x' }), '/var/lib/a/zones');
    assert.equal(defaultFolder({ XDG_STATE_HOME: '/x' }), '/x/multisocket/zones');
    // A relative path is invalid (XDG Base Directory Specification).
    assert.match(defaultFolder({ XDG_STATE_HOME: 'x' }), /\/\.local\/state\/multisocket\/zones$/);
  });

  it('holds every zone in a file of its own, whatever its name', () => {
    const names = [
      '.',
      'org',
      'example.org',
      'a/b',
      '\\.\\.',
      '..',
      'a\\000b',
      'a\\.b',
      'a.b',
      'A',
      '~',
      '%2e',
      'x\n',
      'ä',
    ];
    const long = Array.from({ length: 4 }, () => '\\255'.repeat(60)).join('.');
    const files = [...names, long, `${long}x`].map((name) => fileOf('/zones', name));
    assert.equal(new Set(files).size, files.length);
    for (const file of files) assert.match(file, /^\/zones\/(?!\.)[a-z0-9_.%~-]{1,250}\.zone$/);
  });

  it('is made for its owner alone', () => {
    const folder = join(temporaryDirectory(), 'a', 'b');
    prepareFolder(folder);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it('must be one, if a line names it', async () => {
    const folder = temporaryDirectory();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const corefile = (store: string): string =>
      `a:0 {\n bind 127.0.0.1\n secondary {\n transfer from 192.0.2.1\n store ${store}\n }\n}`;
    await assert.rejects(serveCorefile(corefile(file)), /plugin\/secondary: zones cannot be stored in .*file: EEXIST/);
    const { faults } = await checkCorefile(corefile(file), {});
    assert.match(faults.map(({ message }) => message).join(), /store .*file: it is not a folder/);
    if (process.getuid?.() === 0) return; // root may write anywhere
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    await assert.rejects(
      serveCorefile(corefile(closed)),
      /plugin\/secondary: zones cannot be stored in .*closed: EACCES/,
    );
  });

  it('is done without, with a warning, if the default cannot be used', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const before = process.env.XDG_STATE_HOME;
    process.env.XDG_STATE_HOME = file;
    try {
      const { server, log } = await serveCorefile(
        'a:0 {\n bind 127.0.0.1\n secondary {\n transfer from 192.0.2.1\n }\n}',
      );
      await server.close();
      assert.match(
        log.join('\n'),
        /warn plugin\/secondary: zones cannot be stored in .*file\/multisocket\/zones: ENOTDIR.*restart/,
      );
    } finally {
      if (before === undefined) delete process.env.XDG_STATE_HOME;
      else process.env.XDG_STATE_HOME = before;
    }
  });
});
