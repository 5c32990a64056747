import assert from 'node:assert/strict';
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
});
