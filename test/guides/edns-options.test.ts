import assert from 'node:assert/strict';
import { dig } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';

describe('the guide "EDNS options"', () => {
  let program: GuideProgram;
  let server: string[];

  before(async () => {
    const port = await freePort();
    program = await startGuideProgram(writeGuidePrograms('edns-options', { '5353': String(port) }), 'edns-options.mjs');
    server = ['@127.0.0.1', '-p', String(port), 'example.org', 'A'];
  });
  after(() => program.end());

  it('has a server that answers by network', async () => {
    for (const [subnet, address, echo] of [
      ['198.51.100.0/24', '192.0.2.2', '198.51.100.0/24/1'],
      ['203.0.113.0/24', '192.0.2.2', '203.0.113.0/24/1'],
      ['10.0.0.0/8', '192.0.2.1', '10.0.0.0/8/1'],
      ['0.0.0.0/0', '192.0.2.1', '0.0.0.0/0/0'],
    ]) {
      const answer = await dig(...server, `+subnet=${subnet}`);
      assert.match(answer, new RegExp(`IN\\s+A\\s+${address}`));
      assert.ok(answer.includes(`CLIENT-SUBNET: ${echo}`), answer);
    }
    const without = await dig(...server);
    assert.match(without, /IN\s+A\s+192\.0\.2\.1/);
    assert.doesNotMatch(without, /CLIENT-SUBNET/);
  });

  it('has a server with an option of its own', async () => {
    assert.match(await dig(...server, '+ednsopt=65001'), /OPT=65001: 68 65 6c 6c 6f \("hello"\)/);
    assert.doesNotMatch(await dig(...server), /65001/);
    assert.doesNotMatch(program.output(), /warn|ERR_|Error/i);
  });
});
