/** The programs of docs/guides/forwarder.md, each with an upstream of this test. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createServer } from 'multisocket';
import { makeCertificate } from '../support/certificate.js';
import { ask, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms } from '../support/guide-program.js';
import { HttpsUpstream } from '../support/https-upstream.js';
import { ScriptedUpstream } from '../support/upstream.js';

describe('the guide to forwarding', function () {
  this.timeout(60_000);
  let upstream: ScriptedUpstream;
  before(async () => {
    upstream = await ScriptedUpstream.start();
  });
  after(() => upstream.close());

  it('has a filter: names that are blocked, and names below them, get NXDOMAIN, others the answer of the upstream', async () => {
    const certificate = await makeCertificate();
    await using https = await HttpsUpstream.start(certificate);
    const port = await freePort();
    const directory = writeGuidePrograms('forwarder', {
      "'https://dns.quad9.net/dns-query', '9.9.9.9'": `'${https.url}'`,
      "policy: 'sequential'": `tls: { ca: ${JSON.stringify(certificate.cert)} }`,
      '127.0.0.1:5300': `127.0.0.1:${port}`,
    });
    const program = await startGuideProgram(directory, 'filter.mjs');
    const rcodeOf = async (name: string): Promise<unknown> => ((await ask(port, name)) as { rcode?: string }).rcode;
    for (const name of ['ads.example', 'x.Ads.example', 'a.b.tracker.example']) {
      assert.equal(await rcodeOf(name), 'NXDOMAIN');
    }
    assert.equal(https.asked.length, 0);
    for (const name of ['example', 'bads.example', 'ads.example.org']) assert.equal(await rcodeOf(name), 'NOERROR');
    assert.equal(https.asked.length, 3);
    await program.end();
  });

  it('has a handler module for workers', async () => {
    const filename = join(writeGuidePrograms('forwarder'), 'handler.mjs');
    const workerData = { upstreams: `127.0.0.1:${upstream.port}` };
    const server = createServer({ listen: '127.0.0.1:0', sockets: 2, workers: 2, filename, workerData });
    await server.listen();
    const { port } = server.addresses()[0];
    for (let i = 0; i < 20; i++) assert.equal((await ask(port, `n${i}.example`)).answers?.length, 1);
    await server.close();
  });

  it('has a program that asks and ends', async () => {
    const program = join(writeGuidePrograms('forwarder'), 'ask.mjs');
    const output = await run(process.execPath, [program, `127.0.0.1:${upstream.port}`]);
    assert.match(output, /^NOERROR false \[\s*\{/);
    assert.equal(upstream.asked.at(-1)?.decoded.questions?.[0].type, 'AAAA');
  });
});
