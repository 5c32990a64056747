/** tsig, asked by dig, and with queries whose signatures are made here; beside CoreDNS. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorefileServer } from 'multisocket';
import { checkCorefile } from '../../dist/run/check.js';
import { findCoredns } from '../oracle/coredns/find-coredns.js';
import { ask, dig, opt, queryBytes, udpExchange } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { endChild } from '../support/end-child.js';
import { freePort } from '../support/free-port.js';
import { sign, tsigOf, type Signing } from '../support/other-opcodes.js';
import { refuses } from '../support/refuses.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdef');
const OTHER = Buffer.from('fedcba9876543210fedcba9876543210');
const [secret, other] = [SECRET.toString('base64'), OTHER.toString('base64')];
const folder = temporaryDirectory();
const zone = join(folder, 'db');
writeFileSync(
  zone,
  '@ 60 IN SOA ns admin 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\nwww 60 IN A 192.0.2.2\nalias 60 IN CNAME www.private.test.\n',
);
const keyFile = join(folder, 'keys');
writeFileSync(
  keyFile,
  `key "file.key" {
  algorithm hmac-sha512;
  secret "${other}";
};
key second. {
  secret ${secret};
};
`,
);

const COREFILE = (port: number): string => `
example.org:${port} private.test:${port} {
    tsig {
        secret Example.Key. ${secret}
        secrets ${keyFile}
        require TXT AXFR
    }
    file ${zone}
}
plain.test:${port} {
    file ${zone}
}
`;

const base: Signing = { key: 'example.key', secret: SECRET };
const now = (): number => Math.floor(Date.now() / 1000);

/** The response code of a reply, and of its TSIG the error, the octets of the MAC and of the other data. */
async function told(port: number, octets: Buffer): Promise<string> {
  const answered = await udpExchange(octets, port);
  if (answered === undefined) return 'nothing';
  const tsig = tsigOf(answered.reply);
  const rcode = answered.reply[3] & 15;
  return tsig === undefined ? `${rcode}` : `${rcode} ${tsig.error} ${tsig.mac.length} ${tsig.other.length / 2}`;
}

describe('the directive tsig', () => {
  let server: CorefileServer;
  let port = 0;
  before(async () => {
    ({ server, port } = await serveCorefile(COREFILE(0)));
  });
  after(() => server.close());

  const cases: readonly [what: string, name: string, type: string, signing: Signing | undefined, expected: string][] = [
    ['passes a query without a signature', 'www.example.org', 'A', undefined, '0'],
    ['refuses a type that must be signed', 'www.example.org', 'TXT', undefined, '5'],
    ['signs the reply to a signed query', 'www.example.org', 'A', base, '0 0 32 0'],
    ['passes a type that must be signed, signed', 'www.example.org', 'TXT', base, '0 0 32 0'],
    [
      'takes any algorithm with a key of the Corefile',
      'www.example.org',
      'A',
      { ...base, algorithm: 'hmac-sha512' },
      '0 0 64 0',
    ],
    [
      'takes a key of a file',
      'www.example.org',
      'A',
      { key: 'file.key', secret: OTHER, algorithm: 'hmac-sha512' },
      '0 0 64 0',
    ],
    ['takes only the algorithm of the file', 'www.example.org', 'A', { key: 'file.key', secret: OTHER }, '9 17 0 0'],
    [
      'takes any algorithm if the file names none',
      'www.example.org',
      'A',
      { key: 'second', secret: SECRET, algorithm: 'hmac-sha1' },
      '0 0 20 0',
    ],
    ['does not know other keys', 'www.example.org', 'A', { ...base, key: 'unknown' }, '9 17 0 0'],
    ['finds out a wrong secret', 'www.example.org', 'TXT', { ...base, secret: OTHER }, '9 16 0 0'],
    ['finds out a wrong time', 'www.example.org', 'A', { ...base, time: now() - 4000 }, '9 18 32 6'],
    ['leaves the queries of other server blocks alone', 'www.plain.test', 'A', base, '0'],
    ['refuses the names of no zone', 'www.example.net', 'A', base, '5'],
  ];
  for (const [what, name, type, signing, expected] of cases) {
    it(what, async () => {
      const query = queryBytes(name, type as 'A');
      assert.equal(await told(port, signing === undefined ? query : sign(query, signing)), expected);
    });
  }

  it('signs with EDNS, which stands before the signature', async () => {
    const answered = await udpExchange(
      sign(queryBytes('www.example.org', 'A', { additionals: [opt(1232)] }), base),
      port,
    );
    assert.ok(answered);
    const tsig = tsigOf(answered.reply);
    assert.ok(tsig);
    assert.equal(tsig.unsigned.readUInt16BE(10), 1);
  });

  it('is understood by dig', async () => {
    const where = ['@127.0.0.1', '-p', String(port)];
    const signed = await dig(...where, '-y', `hmac-sha256:example.key:${secret}`, 'www.example.org', 'A');
    assert.match(signed, /192\.0\.2\.2/);
    assert.match(signed, /TSIG PSEUDOSECTION/);
    assert.doesNotMatch(signed, /[Cc]ouldn't verify|WARNING --/);
    await assert.rejects(dig(...where, '-y', `hmac-sha256:example.key:${other}`, 'www.example.org', 'A'), /NOTAUTH/);
    assert.match(await dig(...where, 'www.example.org', 'TXT'), /REFUSED/);
  });

  it('does not open a block by an alias that leads there', async () => {
    // The target is in a block that wants signatures; the query is for one that does not, or is signed.
    const corefile = `plain.test:0 {\nfile ${zone}\n}\nprivate.test:0 {\ntsig {\nsecret example.key ${secret}\nrequire all\n}\nfile ${zone}\n}\n`;
    const both = await serveCorefile(corefile);
    const { answers } = await ask(both.port, 'alias.plain.test', 'A');
    assert.deepEqual(
      answers?.map(({ type }) => type),
      ['CNAME'],
    );
    await both.server.close();
    const signed = sign(queryBytes('alias.example.org'), base);
    assert.equal(await told(port, signed), '0 0 32 0');
  });

  refuses([
    ['tsig {\n secret a\n}', 3, "Wrong argument count or unexpected line ending after 'a'"],
    [`tsig {\n secret a ${secret}\n secret A. ${other}\n}`, 4, 'key "A." redefined'],
    ['tsig {\n secrets\n}', 3, "Wrong argument count or unexpected line ending after 'secrets'"],
    ['tsig {\n require\n}', 3, "Wrong argument count or unexpected line ending after 'require'"],
    ['tsig {\n require a\n}', 3, "unknown query type 'a'"],
    ['tsig {\n require A all\n}', 3, "unknown query type 'all'"],
    ['tsig {\n require_opcode\n}', 3, "Wrong argument count or unexpected line ending after 'require_opcode'"],
    ['tsig {\n require_opcode ASK\n}', 3, "unknown opcode 'ASK'"],
    ['tsig {\n key a\n}', 3, "unknown property 'key'"],
    ['tsig\ntsig', 3, 'this plugin can only be used once per Server Block'],
  ]);

  it('refuses a secret that is too short or no Base64, without showing it', async () => {
    for (const bad of ['c2hvcnQ=', 'not-base64!!']) {
      const { faults } = await checkCorefile(`. {\ntsig {\nsecret a ${bad}\n}\n}`, { environment: {}, dnsPort: 0 });
      assert.match(faults[0].message, /Corefile:3 .*"key\.secret"/);
      assert.doesNotMatch(faults[0].message, new RegExp(bad.slice(0, 6)));
    }
  });

  for (const [text, message] of [
    ['', undefined],
    [`key a { secret "${secret}"; };`, undefined],
    [
      `# one\n/* two\nlines */ key "a" { secret ${secret}; // end\n};\nkey b { algorithm HMAC-SHA512; secret "${secret}"; };`,
      undefined,
    ],
    [`key a { secret "${secret}"; }`, undefined],
    ['key a {\n  algorithm hmac-sha256;\n};', 'keys:3: expected secret for key "a"'],
    ['zone "a" { };', 'keys:1: unexpected "zone", expecting "key"'],
    ['key { };', 'keys:1: unexpected "{", expecting the name of a key'],
    ['key a {\n algorithm hmac-md5;\n};', 'keys:2: unknown algorithm "hmac-md5": one of hmac-sha1'],
    [`key a { secret "${secret}" };`, 'keys:1: unexpected "}", expecting ";"'],
    [`key a { secret "${secret}"; };\nkey A. { secret "${secret}"; };`, 'keys:2: key "a" redefined'],
    ['key a { secret "c2hvcnQ="; };', 'keys:1: The "key.secret" option must have 16 to 1024 octets'],
    ['key a { size 1; };', 'keys:1: unknown property "size"'],
    ['key a { secret "x', 'keys:1: unexpected "\\""'],
    ['key a {', 'keys:1: unexpected end of file, expecting "algorithm" or "secret"'],
    [`key example.key { secret "${secret}"; };`, 'keys: key "example.key" redefined'],
  ] as const) {
    it(`checks the file ${JSON.stringify(text.replace(secret, 'SECRET'))}`, async () => {
      const path = join(temporaryDirectory(), 'keys');
      writeFileSync(path, text);
      const corefile = `. {\ntsig {\nsecret example.key ${secret}\nsecrets ${path}\n}\n}`;
      const { faults } = await checkCorefile(corefile, { environment: {}, dnsPort: 0 });
      if (message === undefined) assert.deepEqual(faults, []);
      else assert.ok(faults[0]?.message.includes(message), faults[0]?.message);
    });
  }

  describe('beside CoreDNS', () => {
    let child: ChildProcess | undefined;
    let theirs = 0;
    before(async function () {
      const program = findCoredns();
      if (program === undefined) this.skip();
      theirs = await freePort();
      const file = join(folder, 'Corefile');
      writeFileSync(file, COREFILE(theirs));
      child = spawn(program, ['-conf', file], { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      await new Promise<void>((resolve, reject) => {
        const hear = (chunk: Buffer): void => {
          said += chunk.toString();
          if (said.includes('CoreDNS-')) resolve();
        };
        child?.stdout?.on('data', hear);
        child?.stderr?.on('data', hear);
        child?.once('exit', () => {
          reject(new Error(said));
        });
      });
    });
    after(async () => {
      if (child !== undefined) await endChild(child);
    });

    it('gives the same response codes and errors of TSIG', async () => {
      // CoreDNS does not bind a key to the algorithm of its file, and signs BADTIME without a MAC of the right length.
      const same = cases.filter(([what]) => !what.includes('only the algorithm'));
      for (const [what, name, type, signing] of same) {
        const query = queryBytes(name, type as 'A');
        const octets = signing === undefined ? query : sign(query, signing);
        const [ours, coredns] = [await told(port, octets), await told(theirs, octets)];
        assert.equal(ours.split(' ').slice(0, 2).join(' '), coredns.split(' ').slice(0, 2).join(' '), what);
      }
    });
  });
});
