import assert from 'node:assert/strict';
import { fuzzZoneTexts } from './zone-texts.js';

describe('zone files that were changed by chance', function () {
  this.timeout(120_000);

  it('are zones, or errors that name the line', () => {
    const { accepted, refused } = fuzzZoneTexts(5000, 1);
    // A run in which everything is refused, or nothing, would show little.
    assert.ok(accepted > 700 && refused > 700, `${accepted} accepted, ${refused} refused`);
  });
});
