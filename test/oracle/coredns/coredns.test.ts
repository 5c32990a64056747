import assert from 'node:assert/strict';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { compareAnswers } from './compare-answers.js';
import { chosenByChance, compareVerdicts } from './compare-verdicts.js';
import { findCoredns } from './find-coredns.js';
import { writeFiles } from './verdicts.js';

/** At least this share of all Corefiles is accepted by both or by none. */
const SAME_VERDICTS = 0.96;

describe('beside CoreDNS', function () {
  this.timeout(120_000);
  const program = findCoredns();
  const home = process.cwd();

  before(async function () {
    if (program === undefined) this.skip();
    process.chdir(temporaryDirectory());
    await writeFiles(process.cwd());
  });
  after(() => {
    process.chdir(home);
  });

  it('the same Corefiles are accepted', async () => {
    const counts = [...(await compareVerdicts(program ?? '', chosenByChance(230, 7))).values()];
    const corefiles = counts.reduce((sum, count) => sum + count.corefiles, 0);
    const differences = counts.flatMap((count) => count.differences);
    assert.ok(corefiles > 230);
    assert.ok(
      differences.every(({ directive }) => directive !== '(in use)'),
      JSON.stringify(differences),
    );
    assert.ok(counts.some(({ accepted }) => accepted > 0));
    assert.ok(differences.length <= corefiles * (1 - SAME_VERDICTS), JSON.stringify(differences, undefined, 1));
  });

  it('the same questions get the same answers, or a rule says why not', async () => {
    const { same, open } = await compareAnswers(program ?? '', 500, 7);
    assert.ok(same > 0);
    assert.deepEqual(open, []);
  });
});
