import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { compare } from './compare.js';
import { rowsOf } from './differences.js';
import { libraries } from './peers.js';

describe('the adapters beside the libraries that they stand for', function () {
  this.timeout(60_000);

  for (const library of libraries) {
    it(`${library.name}: 400 queries get the same replies, but for rows of its guide`, async () => {
      const { equal, open } = await compare(library, 400, 7);
      assert.deepEqual(open, []);
      assert.ok(equal > 100, `${equal} are equal`);
    });

    it(`${library.name}: each difference that is meant is a row of its guide`, () => {
      const guide = readFileSync(new URL(`../../../docs/migrate/${library.name}.md`, import.meta.url), 'utf8');
      for (const row of rowsOf(library.name)) assert.ok(guide.includes(`| ${row} |`), row);
    });
  }
});
