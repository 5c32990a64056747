import assert from 'node:assert/strict';
import { BEHAVIOURS } from './behaviours.js';
import { compare } from './compare.js';
import { forwarders } from './peers.js';

describe('forward beside CoreDNS and Unbound', function () {
  this.timeout(60_000);
  const installed = forwarders().filter(({ program }) => program !== undefined);

  before(function () {
    if (installed.length > 1) return;
    console.log('neither CoreDNS nor Unbound is installed');
    this.skip();
  });

  it('gives a client what is right, or nothing that another one does better', async () => {
    const comparisons = await compare(BEHAVIOURS, installed, 7);
    const worse = comparisons.filter(({ verdict }) => verdict === 'theirs right');
    assert.deepEqual(
      worse.map(({ behaviour, got }) => [behaviour.name, ...got.map(({ outcome }) => outcome)]),
      [],
    );
    assert.ok(comparisons.filter(({ verdict }) => verdict === 'same').length > 20);
  });
});
