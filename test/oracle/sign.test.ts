/** The directive sign beside CoreDNS's, with the same zone and keys: each difference has a reason. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type packet from 'dns-packet';
import signFile from '../../dist/directives/sign/sign-file.js';
import { printRdata } from '../../dist/dns/records/index.js';
import { typeNumber } from '../../dist/dns/registry.js';
import { readZoneFile } from '../../dist/dns/zone-file/zone-file.js';
import { makeKey } from '../support/dnssec-keys.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { findCoredns } from './coredns/find-coredns.js';

const ZONE = `$TTL 300
@ 7200 SOA ns hostmaster 2017042745 3600 900 604800 3600
@ NS ns
@ MX 10 Mail
@ DNSKEY 257 3 13 AAAA
@ CDS 0 0 0 00
ns A 192.0.2.53
ns AAAA 2001:db8::53
www A 192.0.2.1
www A 192.0.2.2
mail 60 A 192.0.2.3
mail TXT "one" "two"
alias CNAME www
*.wild TXT "w"
a.b.deep A 192.0.2.4
sub NS ns.sub
ns.sub A 192.0.2.9
cut NS ns.elsewhere.
cut A 192.0.2.10
sec NS ns.elsewhere.
sec DS 1234 13 2 ${'00'.repeat(32)}
_s._tcp SRV 1 2 3 www
svc HTTPS 1 . alpn=h2
odd TYPE65280 \\# 3 010203
caa CAA 0 issue "ca.example"
`;

/** What one side has and the other has not, and why. */
const REASONS: readonly [reason: string, ours: RegExp, theirs: RegExp][] = [
  ['SHA-1 must not be used in CDS (RFC 8624 s.3.3)', /^$/, /^example\.org 7200 CDS \d+ 13 1 /],
  ['an address at a zone cut is glue, and not signed', /^$/, /^cut\.example\.org RRSIG A /],
  ['nor is it in the NSEC (RFC 4035 s.2.3)', /^cut\.\S+ 3600 NSEC \S+ NS RRSIG/, /^cut\.\S+ 3600 NSEC \S+ A NS RRSIG/],
  [
    'the original TTL is that of the RRset, not that of SOA (RFC 4034 s.3.1.4)',
    /^example\.org RRSIG NS 13 2 300 /,
    /^example\.org RRSIG NS 13 2 7200 /,
  ],
];

/** The records of a signed file; signatures without their times and octets. */
function recordsOf(file: string): Set<string> {
  const records = new Set<string>();
  readZoneFile(file, 'example.org', {
    onRecord({ name, ttl, type, data }) {
      if (type === 'RRSIG') {
        const { typeCovered, algorithm, labels, originalTTL, keyTag, signersName } = data as packet.RrsigData;
        records.add(
          `${name.toLowerCase()} RRSIG ${typeCovered} ${algorithm} ${labels} ${originalTTL} ${keyTag} ${signersName}`,
        );
      } else {
        const text = printRdata(typeNumber(type) ?? 0, type, data).toLowerCase();
        const types =
          type === 'NSEC'
            ? text.replace(/^(\S+) (.*)$/, (_, next: string, list: string) => `${next} ${list.toUpperCase()}`)
            : text;
        records.add(
          `${name.toLowerCase()} ${ttl} ${type} ${type === 'SOA' ? types.replace(/ 1\d{9} /, ' SERIAL ') : types}`,
        );
      }
    },
  });
  return records;
}

describe('sign beside CoreDNS', function () {
  this.timeout(120_000);
  it('makes the same records of the same zone and key, but for what has a reason', async function () {
    const program = findCoredns();
    if (program === undefined) this.skip();
    const folder = temporaryDirectory();
    const file = join(folder, 'db');
    writeFileSync(file, ZONE);
    const key = await makeKey(folder, 'example.org', '-a', '13', '-f', 'KSK');
    const corefile = `example.org:${await freePort()} {\nbind 127.0.0.1\nsign ${file} {\nkey file ${key}\ndirectory ${folder}\n}\n}\n`;
    writeFileSync(join(folder, 'Corefile'), corefile);
    const theirs = join(folder, 'db.example.org.signed');
    const child = spawn(program, ['-conf', join(folder, 'Corefile')], { stdio: 'ignore' });
    while (!existsSync(theirs)) await setTimeout(50);
    child.kill();
    await once(child, 'exit');
    const signed = join(folder, 'ours');
    const keys = [{ kind: 'file', path: key }] as const;
    const input = { origin: 'example.org', file, signed, keys, denial: 'nsec' } as const;
    await signFile(input, { signal: new AbortController().signal, progress: () => undefined });
    const [our, their] = [recordsOf(signed), recordsOf(theirs)];
    assert.ok(our.size > 60, `${our.size}`);
    const onlyOurs = [...our].filter((record) => !their.has(record));
    const onlyTheirs = [...their].filter((record) => !our.has(record));
    const unexplained = (records: readonly string[], side: 1 | 2): string[] =>
      records.filter((record) => !REASONS.some((reason) => reason[side].test(record)));
    assert.deepEqual([unexplained(onlyOurs, 1), unexplained(onlyTheirs, 2)], [[], []]);
  });
});
