import assert from 'node:assert/strict';
import { queryBytes, udpExchange } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';
import { refuses } from '../support/refuses.js';

describe('the directive rrl', () => {
  const asking = async (port: number, name: string): Promise<boolean> =>
    (await udpExchange(queryBytes(name), port, '127.0.0.1', 500)) !== undefined;

  it('limits responses to one question', async () => {
    const options = 'responses-per-second 1\n  window 60\n  slip-ratio 0\n  max-table-size 1000';
    const { server, port } = await serveCorefile(`.:0 {\n rrl . {\n  ${options}\n }\n whoami\n}`);
    assert.equal(await asking(port, 'a.example'), true);
    assert.equal(await asking(port, 'A.example'), false);
    assert.equal(await asking(port, 'b.example'), true);
    const { rateLimitDropped, rateLimitSlipped } = server.stats().totals;
    assert.deepEqual([rateLimitDropped, rateLimitSlipped], [1, 0]);
    await server.close();
  });

  it('limits requests, and only counts with report-only', async () => {
    const { server, port } = await serveCorefile(
      '.:0 {\n rrl {\n  requests-per-second 1\n  report-only\n }\n whoami\n}',
    );
    for (const name of ['a', 'b', 'c']) assert.equal(await asking(port, name), true);
    assert.ok(server.stats().totals.rateLimitDropped >= 1);
    await server.close();
  });

  it('needs a restart to be changed', async () => {
    const text = (rate: number): string => `.:0 {\n rrl {\n  responses-per-second ${rate}\n }\n whoami\n}`;
    const { server } = await serveCorefile(text(10));
    await server.reload({ corefile: text(10) });
    await assert.rejects(server.reload({ corefile: text(20) }), {
      code: 'ERR_MULTISOCKET_COREFILE_RESTART',
      message: /rrl/,
    });
    await server.close();
  });

  refuses([
    ['rrl', 2, 'The "rateLimit" option must have a rate above 0. Received { slip: 0 }'],
    [
      'rrl example.org {\n responses-per-second 1\n}',
      2,
      'zones are not supported: all that an address answers is limited',
    ],
    [
      'rrl {\n responses-per-second\n}',
      3,
      "Wrong argument count or unexpected line ending after 'responses-per-second'",
    ],
    ['rrl {\n responses-per-second x\n}', 3, 'invalid number "x": it must be whole and not negative'],
    ['rrl {\n referrals-per-second 5\n}', 3, "unknown option or one that is not supported: 'referrals-per-second'"],
    ['rrl {\n nodata-per-second 5\n}', 3, "unknown option or one that is not supported: 'nodata-per-second'"],
    [
      'rrl {\n responses-per-second 5\n slip-ratio 11\n}',
      2,
      'The "rateLimit.slip" option is out of range. It must be an integer from 0 to 10. Received 11',
    ],
    [
      'rrl {\n responses-per-second 5\n}\nrrl {\n responses-per-second 5\n}',
      5,
      'this plugin can only be used once per Server Block',
    ],
  ]);
});
