/** The guide doh-proxies.md. */
import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { dnsParameter, doh, HTTP_VERSIONS } from '../support/doh.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';
import { until } from '../support/server.js';

describe('the guide about reverse proxies', () => {
  let program: GuideProgram;
  let url: string;

  before(async () => {
    const port = String(await freePort());
    program = await startGuideProgram(writeGuidePrograms('doh-proxies', { 8053: port }), 'proxied.mjs');
    url = `http://127.0.0.1:${port}/dns-query`;
  });
  after(() => program.end());

  for (const version of HTTP_VERSIONS) {
    it(`the program tells clients by address and path, HTTP/${version}`, async () => {
      const headers = [
        ['x-forwarded-for', '198.51.100.9, 198.51.100.7'],
        ['origin', 'https://app.example'],
      ] as const;
      const { status, headers: received, body } = await doh(`${url}/kitchen${dnsParameter()}`, { version, headers });
      assert.deepEqual([status, packet.decode(body).answers?.length], [200, 1]);
      assert.equal(received['access-control-allow-origin'], 'https://app.example');
      await until(() => program.output().includes('198.51.100.7 through 127.0.0.1 as "kitchen"'), 'the line');
      await doh(`${url}${dnsParameter()}`, { version, localAddress: '127.0.0.8', headers });
      await until(() => program.output().includes('127.0.0.8 through undefined as undefined'), 'the line');
    });
  }

  it("curl's question of the guide is one", async () => {
    const { status, body } = await doh(`${url}/kitchen?dns=AAABAAABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE`);
    assert.deepEqual([status, packet.decode(body).questions?.[0].name], [200, 'example.org']);
  });
});
