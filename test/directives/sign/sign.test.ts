/** The directive sign: when it signs, what it says, and that file serves what it has signed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { CorefileServer } from 'multisocket';
import { KeptZone, type SignOptions } from '../../../dist/directives/sign/kept-zone.js';
import signFile, { type SignInput } from '../../../dist/directives/sign/sign-file.js';
import { dig, run } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { makeKey } from '../../support/dnssec-keys.js';
import { refuses } from '../../support/refuses.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ZONE = '$TTL 300\n@ SOA ns host 1 3600 900 604800 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n$INCLUDE more\n';

describe('the directive sign', function () {
  this.timeout(120_000);
  const top = temporaryDirectory();
  let folder: string;
  let key: string;
  let server: CorefileServer | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(top, 'case-'));
    writeFileSync(join(folder, 'db'), ZONE);
    writeFileSync(join(folder, 'more'), 'more A 192.0.2.2\n');
    key = await makeKey(folder, 'example.org', '-a', '13', '-f', 'KSK');
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const signedFile = (): string => join(folder, 'db.example.org.signed');
  const corefile = (options: string, file = ''): string =>
    `example.org:0 {\n${file}\nsign ${join(folder, 'db')} {\ndirectory ${folder}\n${options}\n}\n}`;
  /** Waits until the log has a line; returns it. */
  const logged = async (log: readonly string[], line: RegExp): Promise<string> => {
    for (;;) {
      const found = log.find((each) => line.test(each));
      if (found !== undefined) return found;
      await setTimeout(20);
    }
  };
  const asks = (port: number, ...args: string[]): Promise<string> => dig('@127.0.0.1', '-p', String(port), ...args);

  it('signs a zone file, and file serves it at once', async () => {
    const started = await serveCorefile(corefile(`key file ${key}`, `file ${signedFile()}`), { workers: 1 });
    ({ server } = started);
    const { log, port } = started;
    await logged(log, /^info plugin\/sign: Signing "example\.org\." because ENOENT: no such file or directory/);
    const said = await logged(log, /^info plugin\/sign: Successfully signed zone "example\.org\." in /);
    const tag = Number(key.split('+')[2]);
    assert.match(said, new RegExp(`signed" with key tags "${tag}" and \\d{10} SOA serial, elapsed \\d+\\.\\d{3}$`));
    await logged(log, /plugin\/file: zone example\.org was reloaded with serial \d{10}/);
    assert.match(await asks(port, '+short', 'more.example.org', 'A'), /^192\.0\.2\.2$/m);
    assert.match(await run('dnssec-verify', ['-z', '-o', 'example.org', signedFile()]), /Zone fully signed/);
  });

  /** Keeps the zone of the folder signed; the job runs in this thread. */
  const keep = (more: Partial<SignOptions> = {}): { zone: KeptZone; log: string[]; signed: string[] } => {
    const log: string[] = [];
    const signed: string[] = [];
    const level =
      (name: string) =>
      (text: string): void => {
        log.push(`${name} ${text.replaceAll(folder, 'DIR')}`);
      };
    const logger = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
    const options: SignOptions = {
      origin: 'example.org',
      file: join(folder, 'db'),
      keys: [{ kind: 'file', path: key }],
      directory: folder,
      denial: 'nsec',
      ...more,
    };
    const thread = {
      run: (_: unknown, input: unknown) =>
        signFile(input as SignInput, { signal: new AbortController().signal, progress: () => undefined }) as never,
    };
    const onSigned = (file: string): Promise<void> => {
      signed.push(file);
      return Promise.resolve();
    };
    return { zone: new KeptZone(options, { logger, thread, onSigned }), log, signed };
  };
  /** The reason for which the zone is signed again; undefined: it is not. */
  const reason = async (more: Partial<SignOptions> = {}): Promise<string | undefined> => {
    const { zone, log } = keep(more);
    await zone.check();
    await zone.close();
    const line = log.find((each) => each.startsWith('info plugin/sign: Signing'));
    if (line === undefined)
      assert.match(log.join('\n'), /Skipping signing zone "example\.org\." in ".*": signatures are valid$/);
    return line?.replace('info plugin/sign: Signing "example.org." because ', '');
  };

  it('signs again when the zone file, an included file, the keys or the options have changed, and not otherwise', async () => {
    assert.match((await reason()) ?? '', /^ENOENT/);
    assert.equal(await reason(), undefined);
    writeFileSync(join(folder, 'more'), 'more A 192.0.2.3\nyet.more A 192.0.2.4\n');
    assert.equal(await reason(), 'DIR/more has changed');
    assert.equal(await reason(), undefined);
    utimesSync(join(folder, 'db'), 1000, 1000); // an older file that is put in place
    assert.equal(await reason(), 'DIR/db has changed');
    assert.equal(await reason({ denial: 'nsec3' }), 'it denies names by nsec');
    assert.equal(await reason({ denial: 'nsec3' }), undefined);
    const another = await makeKey(folder, 'example.org', '-a', '15', '-f', 'KSK');
    const keys = [key, another].map((path) => ({ kind: 'file', path }) as const);
    assert.match((await reason({ denial: 'nsec3', keys })) ?? '', /^it was signed with the keys 13 \d+$/);
    assert.equal(await reason({ denial: 'nsec3', keys: keys.toReversed() }), undefined);
    assert.equal(await reason({ denial: 'nsec3', keys: [{ kind: 'directory', path: folder }] }), undefined);
    writeFileSync(join(folder, 'db2'), ZONE);
    assert.equal(await reason({ denial: 'nsec3', keys, file: join(folder, 'db2') }), 'it was made of DIR/db');
  });

  it('signs again when the signatures of the SOA are more than 6 days old, end within 7, or are to come', async () => {
    const foreign = async (...args: string[]): Promise<void> => {
      writeFileSync(join(folder, 'plain'), ZONE.replace('$INCLUDE more\n', ''));
      await run('dnssec-signzone', [
        '-S',
        '-K',
        folder,
        '-o',
        'example.org',
        '-f',
        signedFile(),
        '-P',
        '-d',
        folder,
        ...args,
        join(folder, 'plain'),
      ]);
    };
    await makeKey(folder, 'example.org', '-a', '13');
    await foreign('-s', 'now-5d', '-e', 'now+8d');
    // Files that another program has written are good, too, as long as the zone file is not newer.
    assert.equal(await reason(), undefined);
    const future = Date.now() / 1000 + 60;
    utimesSync(join(folder, 'db'), future, future);
    assert.equal(await reason(), 'DIR/db is newer');
    utimesSync(join(folder, 'db'), 1000, 1000);
    await foreign('-s', 'now-7d', '-e', 'now+20d');
    assert.match((await reason()) ?? '', /^inception "20\d\d-[^"]*" was more than 6 days ago$/);
    await foreign('-s', 'now-1d', '-e', 'now+6d');
    assert.match((await reason()) ?? '', /^expiration ".*" is less than 7 days away$/);
    await foreign('-s', 'now+1d', '-e', 'now+30d');
    assert.match((await reason()) ?? '', /^inception ".*" is in the future$/);
    for (const text of ['', ZONE, '; multisocket sign: {"files"\n', '\0\xff((("\n'.repeat(10_000)]) {
      writeFileSync(signedFile(), text);
      assert.equal(await reason(), 'its start has no signature of the SOA record', text.slice(0, 20));
    }
  });

  it('tells each failure once, leaves the signed file, and signs when the fault is gone', async () => {
    const { zone, log, signed } = keep();
    await zone.check();
    assert.deepEqual(signed, [signedFile()]);
    const before = readFileSync(signedFile());
    writeFileSync(join(folder, 'more'), 'more A 192.0.2\n');
    for (let i = 0; i < 3; i++) await zone.check();
    const faults = log.filter((line) => line.startsWith('warn'));
    assert.deepEqual(faults, [
      'warn plugin/sign: Error signing "example.org.": DIR/more:1: invalid IPv4 address "192.0.2": four numbers from 0 to 255 with dots between them',
    ]);
    assert.deepEqual(readFileSync(signedFile()), before);
    writeFileSync(join(folder, 'more'), 'more A 192.0.2.9\nelse.where. A 192.0.2.1\n');
    await zone.check();
    await zone.close();
    assert.notDeepEqual(readFileSync(signedFile()), before);
    assert.match(
      log.join('\n'),
      /warn plugin\/sign: DIR\/more:2: else\.where A: the name is not in the zone example\.org: the record is left out/,
    );
  });

  it('signs several zones of one file, also with keys of a folder', async () => {
    await makeKey(folder, 'example.net', '-a', '13', '-f', 'KSK');
    const text = `. {\nsign ${join(folder, 'db')} example.org example.net {\ndirectory ${folder}\nkey directory ${folder}\n}\n}`;
    const started = await serveCorefile(text.replace('.', '.:0'), { workers: 1 });
    ({ server } = started);
    for (const zone of ['example.org', 'example.net']) {
      await logged(started.log, new RegExp(`Successfully signed zone "${zone}\\."`));
      const file = join(folder, `db.${zone}.signed`);
      assert.match(await run('dnssec-verify', ['-z', '-o', zone, file]), /Zone fully signed/);
    }
  });

  it('does not start without its keys', async () => {
    const other = await makeKey(folder, 'other.org', '-a', '13', '-f', 'KSK');
    const start = async (options: string): Promise<void> => {
      ({ server } = await serveCorefile(corefile(options), { workers: 0 }));
    };
    await assert.rejects(start(`key file ${join(folder, 'none')}`), /none\.key/);
    await assert.rejects(
      start(`key file ${other}`),
      /key other\.org\. \(keyid: \d+\) can not sign the zone example\.org\./,
    );
    assert.equal(existsSync(signedFile()), false);
  });

  it('is checked by -check: keys, the zone file, the folder', async () => {
    const path = join(folder, 'Corefile');
    const check = (options: string): Promise<{ code: number; output: string }> => {
      writeFileSync(path, `example.org {\nsign ${join(folder, 'db')} {\n${options}\n}\n}\n`);
      return new Promise((resolve) => {
        execFile(process.execPath, ['dist/cli.js', '-conf', path, '-check'], (error, stdout, stderr) => {
          resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
        });
      });
    };
    assert.equal((await check(`key file ${key}\ndirectory ${folder}`)).code, 0);
    writeFileSync(join(folder, 'more'), 'x A 1\ny A 2\n');
    const { code, output } = await check(`key file ${key}x\ndirectory ${folder}/none`);
    assert.equal(code, 1);
    for (const part of ['more:1:', 'more:2:', `${key}x.key`, `${folder}/none`])
      assert.ok(output.includes(part), output);
    assert.equal(existsSync(signedFile()), false);
  });

  const missing = (name: string): string => `Wrong argument count or unexpected line ending after '${name}'`;
  refuses([
    ['sign', 2, missing('sign')],
    ['sign db {\nkey\n}', 3, missing('key')],
    ['sign db {\nkey file\n}', 3, missing('file')],
    ['sign db {\nkey directory\n}', 3, missing('directory')],
    ['sign db {\nkey aws K\n}', 3, "unknown property 'aws': file or directory"],
    ['sign db {\ndirectory\n}', 3, 'can only be one argument after "directory"'],
    ['sign db {\ndirectory a b\n}', 3, 'can only be one argument after "directory"'],
    ['sign db {\nnsec3 salt\n}', 3, 'invalid "salt" after nsec3: optout, or nothing'],
    ['sign db {\nkeys file K\n}', 3, "unknown property 'keys'"],
    ['sign d\ufffdb {\nkey file K\n}', 2, 'dbfile "d\ufffdb" contains invalid characters'],
  ]);
});
