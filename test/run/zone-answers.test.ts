import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorefileServer } from 'multisocket';
import { ask } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { until } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const folder = temporaryDirectory();

/** A zone file in which all names that begin with `a` have one address. */
function zone(name: string, address: string, serial = 1): string {
  const file = join(folder, name);
  const names = ['@', 'a', 'a.sub', 'a.b.sub'].map((label) => `${label} 60 A ${address}\n`).join('');
  writeFileSync(file, `@ 60 SOA ns host ${serial} 2 3 4 5\n@ 60 NS ns\n${names}out 60 CNAME a.far.test.\n`);
  return file;
}

const upper = zone('upper', '192.0.2.1');
const lower = zone('lower', '192.0.2.2');
const far = zone('far', '192.0.2.3');

describe('native answers of zones of a Corefile', () => {
  let server: CorefileServer | undefined;
  let port: number;

  async function start(...blocks: string[]): Promise<void> {
    ({ server, port } = await serveCorefile(blocks.join('\n'), { workers: 1 }));
  }
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  /** The response code and the answers, and whether native code gave them. */
  async function asked(name: string, type: 'A' | 'DS' = 'A'): Promise<string> {
    const before = server!.stats().totals.zoneAnswers;
    const message = await ask(port, name, type);
    const { rcode } = message as unknown as { rcode: string };
    const data = message.answers!.map((record) => String((record as { data: unknown }).data));
    const native = server!.stats().totals.zoneAnswers > before;
    return [rcode, ...data, native ? 'native' : 'chain'].join(' ');
  }

  it('are those of the block with the longest zone', async () => {
    await start(
      `test:0 {\n bind 127.0.0.1\n file ${upper}\n}`,
      `sub.test:0 {\n bind 127.0.0.1\n file ${lower} sub.test\n}`,
      `b.sub.test:0 {\n bind 127.0.0.1\n whoami\n}`,
    );
    assert.equal(await asked('a.test'), 'NOERROR 192.0.2.1 native');
    assert.equal(await asked('a.sub.test'), 'NOERROR 192.0.2.2 native');
    assert.equal(await asked('A.B.sub.TEST'), 'NOERROR chain');
    assert.equal(await asked('gone.sub.test'), 'NXDOMAIN native');
    // DS of a zone's own name is answered above it.
    assert.equal(await asked('sub.test', 'DS'), 'NOERROR chain');
    assert.equal(await asked('other.example'), 'REFUSED chain');
  });

  it('are those of the longest zone of a block, and of its first directive that has the name', async () => {
    await start(`.:0 {\n bind 127.0.0.1\n file ${upper} test\n file ${lower} sub.test\n}`);
    assert.equal(await asked('a.test'), 'NOERROR 192.0.2.1 native');
    assert.equal(await asked('a.sub.test'), 'NOERROR 192.0.2.2 native');
    assert.equal(await asked('far.example'), 'REFUSED chain');
  });

  it('leave to the chain what the next directive, or another zone, may answer', async () => {
    await start(
      `test:0 {\n bind 127.0.0.1\n file ${upper} {\n fallthrough\n }\n whoami\n}`,
      `far.test:0 {\n bind 127.0.0.1\n file ${far}\n}`,
    );
    assert.equal(await asked('a.test'), 'NOERROR 192.0.2.1 native');
    assert.equal(await asked('gone.test'), 'NOERROR chain');
    assert.equal(await asked('out.test'), 'NOERROR a.far.test 192.0.2.3 chain');
    assert.equal(await asked('a.far.test'), 'NOERROR 192.0.2.3 native');
  });

  for (const directive of ['log', 'any', 'acl {\n allow net 127.0.0.1\n }', 'cache', 'rewrite name x.test a.test']) {
    it(`are not given past ${directive.split(' ')[0]}, which sees each query`, async () => {
      await start(`test:0 {\n bind 127.0.0.1\n ${directive}\n file ${upper}\n}`);
      assert.equal(await asked('a.test'), 'NOERROR 192.0.2.1 chain');
    });
  }

  it('are given past errors and chaos, which do not', async () => {
    await start(`test:0 {\n bind 127.0.0.1\n errors\n chaos\n file ${upper}\n}`);
    assert.equal(await asked('a.test'), 'NOERROR 192.0.2.1 native');
  });

  it('are of the new version after a reload of the file, and wait for a missing one', async () => {
    const file = join(folder, 'late');
    rmSync(file, { force: true });
    await start(`test:0 {\n bind 127.0.0.1\n file ${file} {\n reload 20ms\n }\n}`);
    assert.equal(await asked('a.test'), 'SERVFAIL chain');
    for (const serial of [1, 2]) {
      zone('late', `192.0.2.${10 + serial}`, serial);
      let last = '';
      for (const end = Date.now() + 30_000; last !== `NOERROR 192.0.2.${10 + serial} native`;) {
        assert.ok(Date.now() < end, last);
        last = await asked('a.test');
      }
    }
    await until(() => server!.stats().totals.zoneAnswers > 1, 'native code answers');
  });
});
