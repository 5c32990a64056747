import assert from 'node:assert/strict';
import { BEHAVIOURS } from './behaviours.js';
import { makeCertificate } from '../../support/certificate.js';
import { compare, compareHttps } from './compare.js';
import { HTTPS_BEHAVIOURS } from './https.js';
import { forwarders, httpsForwarders } from './peers.js';

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

  it('does so with upstreams by HTTPS', async () => {
    const certificate = await makeCertificate();
    const peers = httpsForwarders(certificate.file).filter(({ program }) => program !== undefined);
    const comparisons = await compareHttps(HTTPS_BEHAVIOURS, peers, certificate);
    const unfit = comparisons.filter(({ behaviour, got: [ours] }) => !behaviour.right.includes(ours.outcome));
    assert.deepEqual(
      unfit.map(({ behaviour, got }) => [behaviour.name, ...got.map(({ outcome }) => outcome)]),
      [],
    );
  });
});
