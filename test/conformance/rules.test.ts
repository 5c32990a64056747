/** Each rule of docs/conformance.md, and that the table there is the one that these rules make. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { titleOf } from './rule.js';
import { RULES } from './rules/index.js';
import { Site } from './site.js';
import { checkElsewhere, DOCUMENT, render } from './table.js';

describe('conformance', () => {
  let site: Site;

  before(async () => (site = await Site.start()));
  after(() => site.stop());

  for (const [heading, rules] of RULES) {
    describe(heading, () => {
      for (const rule of rules) it(titleOf(rule), () => rule.check(site));
    });
  }

  it('has a table of 120 rules and more, each with a title of its own', () => {
    const titles = RULES.flatMap(([, rules]) => rules.map(titleOf));
    assert.equal(new Set(titles).size, titles.length);
    assert.ok(titles.length >= 120);
    const document = readFileSync(DOCUMENT, 'utf8');
    assert.equal(document, render(document), 'docs/conformance.md: npm run conformance:table brings it up to date');
  });

  it('names tests elsewhere that are there', () => {
    checkElsewhere();
  });
});
