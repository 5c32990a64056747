/** Signed zone files, judged by the verifiers of BIND, ldns, NSD and Knot. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import signFile, { type SignInput, type SignOutput } from '../../../dist/directives/sign/sign-file.js';
import { run } from '../../support/clients.js';
import { makeKey } from '../../support/dnssec-keys.js';
import { randomZone } from '../../support/random-zone.js';
import { seededNumbers } from '../../support/seeded-numbers.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const DENIALS = ['nsec', 'nsec3', 'nsec3-opt-out'] as const;

const folder = temporaryDirectory();
const signed = join(folder, 'db.example.org.signed');

async function sign(keys: readonly string[], more: Partial<SignInput> = {}): Promise<SignOutput> {
  const input: SignInput = {
    origin: 'example.org',
    file: join(folder, 'db'),
    signed,
    keys: keys.map((path) => ({ kind: 'file', path })),
    denial: 'nsec',
    ...more,
  };
  return signFile(input, { signal: new AbortController().signal, progress: () => undefined });
}

/** Asks the verifiers of others; throws with what they say if one does not accept the file. */
async function verify(origin = 'example.org'): Promise<void> {
  assert.match(await run('dnssec-verify', ['-z', '-o', origin, signed]), /Zone fully signed/);
  await run('ldns-verify-zone', [signed]);
  await run('nsd-checkzone', [origin, signed]);
  await run('named-checkzone', ['-i', 'local', '-k', 'ignore', origin, signed]);
  const configuration = join(folder, 'knot.conf');
  writeFileSync(
    configuration,
    `zone:\n  - domain: "${origin}"\n    file: "${signed}"\n    semantic-checks: on\n    dnssec-validation: on\n`,
  );
  await run('knotc', ['-c', configuration, 'zone-check', origin]);
}

describe('a zone file that sign has written', function () {
  this.timeout(300_000);
  let ksk: string;
  let zsk: string;
  before(async () => {
    ksk = await makeKey(folder, 'example.org', '-a', '13', '-f', 'KSK');
    zsk = await makeKey(folder, 'example.org', '-a', '13');
  });

  for (const denial of DENIALS) {
    it(`is accepted by the verifiers of others, with ${denial}`, async () => {
      for (let seed = 0; seed < 8; seed++) {
        const text = randomZone(`${denial} ${seed}`);
        writeFileSync(join(folder, 'db'), text);
        await sign(seed % 2 === 0 ? [ksk] : [ksk, zsk], { denial });
        await verify().catch((error: unknown) => {
          throw new Error(`${text}\n${readFileSync(signed, 'latin1')}\n${(error as Error).message}`);
        });
      }
    });
  }

  it('is signed with all algorithms, several at once', async () => {
    writeFileSync(join(folder, 'db'), randomZone('algorithms', 12));
    const make = (...args: string[]): Promise<string> => makeKey(folder, 'example.org', '-f', 'KSK', '-a', ...args);
    const keys = [ksk, zsk];
    for (const args of [['8', '-b', '2048'], ['10', '-b', '2048'], ['14'], ['15'], ['16']]) {
      const key = await make(...args);
      await sign([key]);
      await verify();
      keys.push(key);
    }
    const { keyTags } = await sign(keys, { denial: 'nsec3' });
    assert.equal(keyTags.length, 7);
    await verify();
  });

  it('has the times and the serial number that CoreDNS chooses, and records of its keys', async () => {
    const text = '$TTL 300\n@ 3600 SOA a b 5 1 1 1 7200\n@ NS ns.elsewhere.\nx A 192.0.2.1\n';
    // What signing makes is left out.
    const old = `@ DNSKEY 257 3 13 ${'A'.repeat(86)}==\n@ CDS 0 0 0 00\n@ RRSIG SOA 13 2 60 2030010101010101 20200101010101 1 @ AA==\n`;
    const more = `${old.replace('2030010101010101', '20300101010101')}x NSEC @ A\n@ NSEC3PARAM 1 0 0 -\n@ ZONEMD 5 1 1 ${'00'.repeat(48)}\n`;
    writeFileSync(join(folder, 'db'), text + more);
    rmSync(signed, { force: true }); // its serial number may be later than the time: many were signed in the same second
    const before = Math.floor(Date.now() / 1000);
    const { serial } = await sign([ksk]);
    const now = Math.floor(Date.now() / 1000);
    assert.ok(serial >= before && serial <= now, `${serial}`);
    await verify();
    const lines = readFileSync(signed, 'latin1').split('\n');
    const records = lines.map((line) => line.split('\t').slice(1).join(' '));
    const count = (start: string): number => records.filter((record) => record.startsWith(start)).length;
    const counts = [
      '3600 IN SOA',
      '3600 IN DNSKEY 257',
      '3600 IN CDS',
      '3600 IN CDNSKEY',
      '3600 IN NSEC',
      '0 IN NSEC3PARAM',
    ];
    assert.deepEqual(counts.map(count), [1, 1, 1, 1, 2, 0]);
    assert.equal(lines.filter((line) => line.includes('ZONEMD')).length, 0);
    const [, expiration, inception] = /RRSIG\tSOA 13 2 3600 (\d{14}) (\d{14}) /.exec(lines.join('\n')) ?? [];
    const hours = (time: string): number => {
      const iso = time.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
      return (Date.parse(iso) / 1000 - now) / 3600;
    };
    assert.ok(hours(inception) <= -2.99 && hours(inception) >= -21.01, inception);
    assert.ok(hours(expiration) >= 767.9 && hours(expiration) <= 888.1, expiration);
  });

  it('has a later serial number than the file before, also within a second', async () => {
    writeFileSync(join(folder, 'db'), '$TTL 300\n@ SOA a b 5 1 1 1 60\n@ NS ns.elsewhere.\n');
    const serials: number[] = [];
    for (let i = 0; i < 4; i++) serials.push((await sign([ksk])).serial);
    assert.deepEqual(
      serials.map((serial) => serial - serials[0]),
      [0, 1, 2, 3],
    );
  });

  it('may be of a name that is no name of a file, and of the root', async () => {
    for (const origin of ['0/25.2.0.192.in-addr.arpa', '.', 'a\\.b\\032c.org']) {
      writeFileSync(join(folder, 'db'), '$TTL 300\n@ SOA a b 5 1 1 1 60\n@ NS ns.elsewhere.\nx.y A 192.0.2.1\n');
      const path = mkdtempSync(join(folder, 'keys-'));
      await makeKey(path, origin, '-a', '13', '-f', 'KSK');
      await makeKey(path, origin, '-a', '13');
      await makeKey(path, 'another.org', '-a', '13', '-f', 'KSK');
      const keys = [{ kind: 'directory', path }] as const;
      const { keyTags } = await sign([], { origin, keys });
      assert.equal(keyTags.length, 2);
      if (origin !== '.') await verify(origin);
    }
  });

  it('stays as it was when keys or the zone are faulty, and says where', async () => {
    writeFileSync(join(folder, 'db'), '$TTL 300\n@ SOA a b 5 1 1 1 60\n@ NS ns.elsewhere.\n');
    await sign([ksk]);
    const before = readFileSync(signed, 'latin1');
    const other = await makeKey(folder, 'other.org', '-a', '13', '-f', 'KSK');
    const revoked = await makeKey(folder, 'example.org', '-a', '13', '-f', 'KSK');
    await run('dnssec-revoke', ['-r', '-K', folder, revoked]);
    const code = 'ERR_MULTISOCKET_DNSSEC_KEY';
    await assert.rejects(sign([other]), {
      code,
      message: /^key other\.org\. \(keyid: \d+\) can not sign the zone example\.org\.$/,
    });
    await assert.rejects(sign([zsk]), { code, message: /is not a CSK\/KSK/ });
    await assert.rejects(sign([join(folder, 'none')]), { code: 'ENOENT' });
    const names = readdirSync(folder).filter((name) => name.startsWith('Kexample.org') && name.endsWith('.key'));
    const flagged = names.filter((name) => readFileSync(join(folder, name), 'latin1').includes('DNSKEY 385'));
    assert.equal(flagged.length, 1);
    await assert.rejects(sign([join(folder, flagged[0])]), { code, message: /is revoked/ });
    const empty = mkdtempSync(join(folder, 'keys-'));
    const keys = [{ kind: 'directory', path: empty }] as const;
    await assert.rejects(sign([], { keys }), { code, message: /has no keys Kexample\.org\.\+\*\.key/ });
    await assert.rejects(sign([ksk], { file: join(folder, 'none') }), { code: 'ENOENT' });
    await assert.rejects(sign([ksk], { signed: join(folder, 'none', 'x') }), { code: 'ENOENT' });
    writeFileSync(join(folder, 'db'), '$TTL 300\n@ SOA a b 5 1 1 1 60\nx A 1.2.3\n');
    await assert.rejects(sign([ksk]), {
      code: 'ERR_MULTISOCKET_ZONE',
      message: /db:3: invalid IPv4 address "1\.2\.3"/,
    });
    assert.equal(readFileSync(signed, 'latin1'), before);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('is the old one or the new one, whole, whenever the process is killed', async () => {
    const names = Array.from({ length: 1500 }, (_, i) => `h${i} A 192.0.2.${i % 256}\n`).join('');
    writeFileSync(join(folder, 'db'), `$TTL 300\n@ SOA a b 5 1 1 1 60\n@ NS ns.elsewhere.\n${names}`);
    await sign([ksk]);
    const input: SignInput = {
      origin: 'example.org',
      file: join(folder, 'db'),
      signed,
      keys: [{ kind: 'file', path: ksk }],
      denial: 'nsec',
    };
    const module = new URL('../../../dist/directives/sign/sign-file.js', import.meta.url).href;
    const program = `import work from ${JSON.stringify(module)};
      for (;;) {
        await work(${JSON.stringify(input)}, { signal: new AbortController().signal, progress() {} });
        process.stdout.write('.');
      }`;
    const numbers = seededNumbers('kill');
    let left = 0;
    for (let i = 0; i < 6; i++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await setTimeout(numbers.next().value % 400);
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.match(await run('dnssec-verify', ['-z', '-o', 'example.org', signed]), /Zone fully signed/);
      left += readdirSync(folder).filter((name) => name.endsWith('.tmp')).length;
    }
    assert.ok(left > 0, 'no kill came in the middle');
    // What ended processes have left is removed when it has not been written to for a while.
    const past = new Date(Date.now() - 120_000);
    for (const name of readdirSync(folder)) if (name.endsWith('.tmp')) utimesSync(join(folder, name), past, past);
    await sign([ksk]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
});
