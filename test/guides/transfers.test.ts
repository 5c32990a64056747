import assert from 'node:assert/strict';
import { ask, dig } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';
import { secondaries } from '../support/secondary.js';

describe('the guide "Zone transfers"', () => {
  let program: GuideProgram;
  let port: number;

  before(async () => {
    port = await freePort();
    program = await startGuideProgram(writeGuidePrograms('transfers', { '5353': String(port) }), 'transfers.mjs');
  });
  after(() => program.end());

  it('has a primary that dig takes the zone from', async () => {
    const server = ['@127.0.0.1', '-p', String(port)];
    assert.match(await dig(...server, 'example.org', 'AXFR'), /XFR size: 5004 records/);
    assert.match(await dig(...server, 'example.org', 'IXFR=1', '+tcp'), /XFR size: 5004 records/);
    assert.match(await dig(...server, 'example.org', 'SOA'), /status: NOERROR.*\n.*flags: qr aa.*ANSWER: 1/);
    assert.equal((await ask(port, 'example.net', 'SOA')).rcode, 'REFUSED');
  });

  for (const { name, start } of secondaries) {
    it(`has a primary that ${name} loads the zone from`, async () => {
      const secondary = await start(port, 'example.org');
      try {
        const { answers } = await ask(secondary.port, 'host-4711.example.org');
        assert.equal((answers?.[0] as { data: unknown }).data, '10.0.18.103');
      } finally {
        await secondary.stop();
      }
    }).timeout(60_000);
  }

  it('has no warning', () => {
    assert.doesNotMatch(program.output(), /warn|ERR_|Error/i);
  });
});
