import assert from 'node:assert/strict';
import { fuzzTemplates } from './templates.js';

describe('templates and rewrites, asked for names of any octets', function () {
  this.timeout(120_000);

  it('give one record of their shape, or SERVFAIL', async () => {
    const { records, failures } = await fuzzTemplates(20_000, 1);
    // Most names can stand in most records: a run in which everything fails would show nothing.
    assert.ok(records > 10_000, `${records} records and ${failures} failures`);
  });
});
