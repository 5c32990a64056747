import assert from 'node:assert/strict';
import { ask } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';

describe('the guide of zones', () => {
  let port: number;
  let program: GuideProgram;

  before(async () => {
    port = await freePort();
    const directory = writeGuidePrograms('zones', { '127.0.0.1:5300': `127.0.0.1:${port}` });
    program = await startGuideProgram(directory, 'zones.mjs');
  });

  after(() => program.end());

  async function answers(name: string, type: Parameters<typeof ask>[2] = 'A'): Promise<string> {
    const reply = await ask(port, name, type);
    const data = reply.answers!.map((record) => (record as { data: unknown }).data);
    return [(reply as unknown as { rcode: string }).rcode, reply.flag_aa ? 'aa' : 'no aa', ...data].join(' ');
  }

  it('has a program that serves a zone', async () => {
    assert.match(program.output(), /^serial 2$/m);
    assert.equal(await answers('www.example.org'), 'NOERROR aa 192.0.2.80');
    assert.equal(await answers('new.example.org'), 'NOERROR aa 192.0.2.81');
    assert.equal(await answers('Shop.apps.example.org'), 'NOERROR aa www.example.org 192.0.2.80');
    assert.equal(await answers('x.example.org'), 'NXDOMAIN aa');
    assert.equal(await answers('www.example.org', 'MX'), 'NOERROR aa');
    assert.equal(await answers('example.net'), 'REFUSED no aa');
    const referral = await ask(port, 'a.sub.example.org', 'A');
    assert.equal(referral.flag_aa, false);
    assert.deepEqual(
      [referral.authorities, referral.additionals].map((records) => records!.map(({ name }) => name)),
      [['sub.example.org'], ['ns.sub.example.org']],
    );
  });
});
