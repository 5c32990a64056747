/** dnssec, judged by delv and by Unbound as a validator. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dig, run } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { DnsProgram } from '../support/dns-program.js';
import { findProgram } from '../support/find-program.js';
import { refuses } from '../support/refuses.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { unboundServer } from '../support/unbound.js';
import type { CorefileServer } from 'multisocket';

const ZONE = `$TTL 300
@ SOA ns hostmaster 1 3600 900 604800 60
@ NS ns
@ MX 10 Mail.Example.ORG.
ns A 192.0.2.53
www A 192.0.2.1
www A 192.0.2.2
mail A 192.0.2.3
Mixed TXT "Case" "two"
alias CNAME www
dead CNAME nothing
*.wild TXT "w"
a.b.deep A 192.0.2.4
sub NS ns.sub
ns.sub A 192.0.2.9
sec NS ns.sec
sec DS 1234 13 2 0000000000000000000000000000000000000000000000000000000000000000
_s._tcp SRV 1 2 3 WWW
ptr PTR WWW.example.ORG.
d DNAME www
svc HTTPS 1 . alpn=h2
odd TYPE65280 \\# 3 010203
naptr NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .
`;

/** Questions below example.org, and what a validator says of them. */
const QUESTIONS: readonly [name: string, type: string, rcode: string][] = [
  ['', 'SOA', 'NOERROR'],
  ['', 'NS', 'NOERROR'],
  ['', 'MX', 'NOERROR'],
  ['', 'DNSKEY', 'NOERROR'],
  ['', 'TXT', 'NODATA'],
  ['www', 'A', 'NOERROR'],
  ['WWW', 'A', 'NOERROR'],
  ['www', 'AAAA', 'NODATA'],
  ['www', 'TYPE65280', 'NODATA'],
  ['www', 'DS', 'NODATA'],
  ['www', 'NSEC', 'NOERROR'],
  ['mixed', 'TXT', 'NOERROR'],
  ['alias', 'A', 'NOERROR'],
  ['alias', 'CNAME', 'NOERROR'],
  ['alias', 'TXT', 'NODATA'],
  ['dead', 'A', 'NXDOMAIN'],
  ['x.wild', 'TXT', 'NOERROR'],
  ['x.wild', 'A', 'NODATA'],
  ['b.deep', 'A', 'NODATA'],
  ['_s._tcp', 'SRV', 'NOERROR'],
  ['ptr', 'PTR', 'NOERROR'],
  ['svc', 'HTTPS', 'NOERROR'],
  ['odd', 'TYPE65280', 'NOERROR'],
  ['naptr', 'NAPTR', 'NOERROR'],
  ['sub', 'DS', 'NODATA'],
  ['sec', 'DS', 'NOERROR'],
  ['nope', 'A', 'NXDOMAIN'],
  ['a.nope', 'TXT', 'NXDOMAIN'],
  ['*', 'A', 'NXDOMAIN'],
  ['\\000', 'A', 'NXDOMAIN'],
  ['\\255\\255', 'A', 'NXDOMAIN'],
  ['\\@b', 'AAAA', 'NXDOMAIN'],
  ['\\091', 'AAAA', 'NXDOMAIN'],
  ['x.d', 'A', 'NXDOMAIN'],
  [`${'y'.repeat(63)}.${'\\255'.repeat(63)}`, 'A', 'NXDOMAIN'],
];

const folder = temporaryDirectory();

/** Makes keys with these arguments of dnssec-keygen; returns the bases of their files. */
async function makeKey(...args: string[]): Promise<string> {
  return (await run('dnssec-keygen', ['-K', folder, ...args, 'example.org'])).trim();
}

/** The DNSKEY of a key file as a trust anchor's fields: flags, protocol, algorithm and key. */
function anchorOf(base: string): string[] {
  const record = readFileSync(join(folder, `${base}.key`), 'utf8')
    .split('\n')
    .find((line) => line.startsWith('example'));
  const [, , , flags, protocol, algorithm, ...key] = record?.split(/\s+/) ?? [];
  return [flags, protocol, algorithm, key.join('')];
}

describe('the directive dnssec', function () {
  this.timeout(120_000);
  let server: CorefileServer | undefined;
  let port = 0;

  before(() => {
    writeFileSync(join(folder, 'db'), ZONE);
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Serves the zone with keys, given by the bases of their files. */
  const sign = async (keys: readonly string[], before = ''): Promise<void> => {
    const files = keys.map((key) => join(folder, key)).join(' ');
    const text = `example.org:0 {\n${before}\ndnssec {\nkey file ${files}\n}\nfile ${join(folder, 'db')}\n}`;
    ({ server, port } = await serveCorefile(text, { workers: 0 }));
  };
  /** What delv finds: the response code, `NODATA`, or its own words if it could not validate the answer. */
  const validated = async (name: string, type: string, anchors: string): Promise<string> => {
    const args = ['@127.0.0.1', '-p', String(port), '-a', anchors, '+root=example.org', '+nocrypto', name, type];
    const said = await run('sh', ['-c', 'delv "$@" 2>&1 || true', 'delv', ...args]);
    if (!said.includes('fully validated')) return said;
    if (said.includes('ncache nxdomain')) return 'NXDOMAIN';
    return said.includes('ncache nxrrset') ? 'NODATA' : 'NOERROR';
  };
  const validatesAll = async (bases: readonly string[], questions = QUESTIONS): Promise<void> => {
    const anchors = join(folder, 'anchors');
    const lines = bases.map((base) => {
      const [flags, protocol, algorithm, key] = anchorOf(base);
      return `"example.org." static-key ${flags} ${protocol} ${algorithm} "${key}";\n`;
    });
    writeFileSync(anchors, `trust-anchors {\n${lines.join('')}};\n`);
    const found: [string, string, string][] = [];
    for (const [name, type] of questions) {
      const full = name === '' ? 'example.org' : `${name}.example.org`;
      found.push([name, type, await validated(full, type, anchors)]);
    }
    assert.deepEqual(found, questions);
  };

  it('makes answers and denials that delv validates', async () => {
    const key = await makeKey('-a', 'ECDSAP256SHA256', '-f', 'KSK');
    await sign([key]);
    await validatesAll([key]);
  });

  for (const algorithm of ['RSASHA256', 'RSASHA512', 'ECDSAP384SHA384', 'ED25519', 'ED448']) {
    it(`signs with ${algorithm}`, async () => {
      const key = await makeKey('-a', algorithm, ...(algorithm.startsWith('RSA') ? ['-b', '2048'] : []));
      await sign([`${key}.private`]);
      await validatesAll(
        [key],
        QUESTIONS.filter(([name]) => ['', 'www', 'nope'].includes(name)),
      );
    });
  }

  it('signs keys with keys that have SEP, and all else with the others', async () => {
    const [ksk, zsk] = [await makeKey('-a', '13', '-f', 'KSK'), await makeKey('-a', '13')];
    await sign([`${ksk}.key`, zsk]);
    await validatesAll([ksk], QUESTIONS.slice(0, 8));
    const tag = (base: string): string => String(Number(base.split('+')[2]));
    const signers = async (type: string): Promise<string[]> => {
      const said = await dig('@127.0.0.1', '-p', String(port), '+dnssec', '+short', 'example.org', type);
      return [...said.matchAll(/^\w+ 13 2 \d+ \d+ \d+ (\d+) example\.org\./gm)].map(([, found]) => found);
    };
    assert.deepEqual(await signers('DNSKEY'), [tag(ksk)]);
    assert.deepEqual(await signers('SOA'), [tag(zsk)]);
  });

  it('proves referrals: the signature of DS, or that there is none; all else is the child\u2019s', async () => {
    await sign([await makeKey('-a', '13')]);
    const types = async (name: string): Promise<string[]> => {
      const said = await dig('@127.0.0.1', '-p', String(port), '+dnssec', '+noall', '+authority', name, 'A');
      return [...said.matchAll(/\bIN\s+((?:RRSIG\s+)?\w+)/g)].map(([, types]) => types.replaceAll(/\s+/g, ' '));
    };
    assert.deepEqual(await types('x.sec.example.org'), ['NS', 'DS', 'RRSIG DS']);
    assert.deepEqual(await types('x.sub.example.org'), ['NS', 'NSEC', 'RRSIG NSEC']);
    const proof = await dig(
      '@127.0.0.1',
      '-p',
      String(port),
      '+dnssec',
      '+noall',
      '+authority',
      'x.sub.example.org',
      'A',
    );
    assert.match(proof, /^sub\.example\.org\.\s+300\s+IN\s+NSEC\s+\\000\.sub\.example\.org\. NS RRSIG NSEC$/m);
  });

  it('leaves replies without DO, and those of other zones, as they are', async () => {
    await sign([await makeKey('-a', '13')]);
    const plain = await dig('@127.0.0.1', '-p', String(port), 'www.example.org', 'A');
    assert.doesNotMatch(plain, /RRSIG|NSEC/);
    assert.match(await dig('@127.0.0.1', '-p', String(port), '+dnssec', 'example.com', 'A'), /status: REFUSED/);
    assert.match(await dig('@127.0.0.1', '-p', String(port), 'example.org', 'DNSKEY'), /ANSWER: 1/);
  });

  it('lets a resolver that denies by what it has seen (RFC 8198) find all names, also behind cache', async () => {
    const unbound = findProgram('unbound');
    assert.ok(unbound, 'unbound is not installed');
    const key = await makeKey('-a', '13');
    await sign([key], 'cache');
    const style = {
      configuration: (
        directory: string,
        at: number,
      ) => `${unboundServer(directory, at).replace('"iterator"', '"validator iterator"')}  aggressive-nsec: yes
  do-not-query-localhost: no
  trust-anchor: "example.org. DNSKEY ${anchorOf(key).join(' ')}"
stub-zone:
  name: "example.org"
  stub-addr: 127.0.0.1@${port}
remote-control:
  control-enable: no
`,
      args: (file: string) => ['-d', '-p', '-c', file],
      serves: () => true,
    };
    const resolver = await DnsProgram.start(unbound, style, '.', '');
    try {
      for (const [name, type, rcode] of [...QUESTIONS, ...QUESTIONS].filter(([name]) => name !== 'x.d')) {
        const full = name === '' ? 'example.org' : `${name}.example.org`;
        const said = await dig('@127.0.0.1', '-p', String(resolver.port), '+dnssec', full, type);
        const expected = rcode === 'NXDOMAIN' ? 'NXDOMAIN' : 'NOERROR';
        assert.match(said, new RegExp(`status: ${expected}`), said);
        assert.match(said, /flags: [a-z ]*\bad\b/, said);
        if (rcode === 'NOERROR') assert.ok(new RegExp(String.raw`\sIN\s+${type}\s`).test(said), said);
      }
    } finally {
      await resolver.stop();
    }
  });

  it('refuses keys that are missing, faulty or of another zone, and names the file', async () => {
    const faulty = async (base: string, pattern: RegExp): Promise<void> => {
      const text = `example.org:0 {\ndnssec {\nkey file ${join(folder, base)}\n}\nwhoami\n}`;
      await assert.rejects(serveCorefile(text, { workers: 0 }), (error: Error) => {
        assert.match(error.message, pattern);
        return true;
      });
    };
    await faulty('Knone', /Knone\.key/);
    const [one, two] = [await makeKey('-a', '13'), await makeKey('-a', '13')];
    const file = (base: string, suffix: string): string => join(folder, `${base}.${suffix}`);
    const text = (base: string, suffix: string): string => readFileSync(file(base, suffix), 'utf8');
    const write = (name: string, key: string, secret: string): void => {
      writeFileSync(file(name, 'key'), key);
      writeFileSync(file(name, 'private'), secret);
    };
    write('Kswapped', text(one, 'key'), text(two, 'private'));
    await faulty('Kswapped', /Kswapped\.private: its private key does not fit the public key in .*Kswapped\.key/);
    write('Kempty', text(one, 'key'), '');
    await faulty('Kempty', /Kempty\.private: it has no line "Private-key-format:"/);
    write('Kcut', text(one, 'key'), text(one, 'private').replace(/PrivateKey.*/, ''));
    await faulty('Kcut', /Kcut\.private: it has no line "PrivateKey:"/);
    write('Kother', text(one, 'key').replaceAll('example.org', 'example.com'), text(one, 'private'));
    await faulty('Kother', /key example\.com\. \(keyid: \d+\) can not sign any of the zones/);
    write('Ktype', 'example.org. IN A 192.0.2.1\n', text(one, 'private'));
    await faulty('Ktype', /Ktype\.key: it has a record of type A in place of DNSKEY/);
    write('Kold', text(one, 'key').replace(/ 3 13 /, ' 3 5 '), text(one, 'private'));
    await faulty('Kold', /Kold\.key: keys of algorithm 5 cannot sign here; those of 8, 10, 13, 14, 15, 16 can/);
  });

  refuses([
    ['dnssec {\nkey\n}', 3, "Wrong argument count or unexpected line ending after 'key'"],
    ['dnssec {\nkey file\n}', 3, "Wrong argument count or unexpected line ending after 'file'"],
    [
      'dnssec {\nkey aws_secretsmanager K\n}',
      3,
      'key aws_secretsmanager is not supported: write the keys to files, and name them by "key file"',
    ],
    ['dnssec {\nkeys file K\n}', 3, "unknown property 'keys'"],
    ['dnssec {\ncache_capacity x\n}', 3, 'invalid capacity "x": a whole number'],
    ['dnssec\ndnssec', 3, 'this plugin can only be used once per Server Block'],
  ]);
});
