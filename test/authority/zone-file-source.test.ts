import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Authority } from '../../dist/authority/authority.js';
import type { LoadProgress } from '../../dist/authority/jobs/load.js';
import { ZoneFileSource } from '../../dist/authority/zone-file-source.js';
import type { RunOptions } from '../../dist/authority/zone-thread.js';

const options = { source: 's', directive: 'file', file: 'db', origin: 'example.org', reload: 0, byTime: false };

describe('a zone file', () => {
  it('tells how far a long read is', async () => {
    const log: string[] = [];
    const authority = new Authority({ ...console, info: (message: string) => log.push(message) }, () =>
      Promise.resolve(),
    );
    Object.assign(authority.thread, {
      run: (_: unknown, __: unknown, { onProgress }: RunOptions<LoadProgress>) => {
        onProgress?.({ records: 400_000, share: 0.4 });
        onProgress?.({ records: 999_999, share: 0.9999 });
        onProgress?.({ records: 7, share: 1 }); // a pipe
        return Promise.reject(new Error('the end'));
      },
    });
    await assert.rejects(new ZoneFileSource(options, authority).loaded, { message: 'the end' });
    assert.deepEqual(log, [
      'plugin/file: zone example.org: 400,000 of an estimated 1,000,000 records, 40 %',
      'plugin/file: zone example.org: 999,999 of an estimated 1,000,099 records, 99 %',
      'plugin/file: zone example.org: 7 records',
    ]);
  });

  describe('that several sources have', () => {
    let folder: string;
    let file: string;
    let log: string[];
    let authority: Authority;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
      file = join(folder, 'db');
      log = [];
      authority = new Authority({ ...console, info: (message: string) => log.push(message) }, () => Promise.resolve());
    });

    afterEach(async () => {
      await authority.close();
      rmSync(folder, { recursive: true });
    });

    const write = (serial: number, more = ''): void => {
      writeFileSync(file, `$TTL 60\n@ SOA a b ${serial} 1 1 1 1\n${more}`);
    };

    const source = (name: string, reload = 0): ZoneFileSource =>
      new ZoneFileSource({ ...options, file, source: name, reload }, authority);

    const imageOf = (name: string): unknown => authority.zones.get(name, 'example.org')?.image;

    it('is read once for all, and again when it has changed', async () => {
      write(1);
      const sources = [source('a', 20), source('b', 30), source('c')];
      await Promise.all(sources.map(({ loaded }) => loaded));
      const first = imageOf('a');
      assert.notEqual(first, undefined);
      assert.equal(imageOf('b'), first);
      assert.equal(imageOf('c'), first);
      write(2);
      while (log.length < 2) await wait(5);
      assert.notEqual(imageOf('a'), first);
      assert.equal(imageOf('b'), imageOf('a'));
      assert.equal(imageOf('c'), first);
      for (const each of sources) each.close();
    });

    it('is read by the others when the first of them ends', async () => {
      write(1, '$GENERATE 1-65536 g$ A 192.0.2.1\n'.repeat(3));
      const [first, second] = [source('a'), source('b')];
      await wait(50);
      first.close();
      await assert.rejects(first.loaded, { name: 'AbortError' });
      await second.loaded;
      assert.notEqual(imageOf('b'), undefined);
    });
  });
});
