import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { get } from '../support/http.js';
import { refuses } from '../support/refuses.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('the directive ready', () => {
  it('names what cannot answer yet in some worker, and is OK when all can', async () => {
    const file = join(temporaryDirectory(), 'db');
    const port = await freePort();
    const { server } = await serveCorefile(
      `example.org:0 {\n multisocket 2\n ready 127.0.0.1:${port}\n file ${file} {\n  reload 1s\n }\n}`,
    );
    assert.deepEqual(await get(port, '/ready'), [503, 'file']);
    writeFileSync(file, '@ 60 IN SOA ns hostmaster 1 60 60 60 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n');
    let answer = await get(port, '/ready');
    for (let i = 0; i < 100 && answer[0] !== 200; i++) {
      await wait(100);
      answer = await get(port, '/ready');
    }
    assert.deepEqual(answer, [200, 'OK']);
    await server.close();
  });

  refuses([
    ['ready a', 2, 'not an address with a port: "a"'],
    ['ready\nready', 3, 'this plugin can only be used once per Server Block'],
    ['ready {\n monitor sometimes\n}', 3, "monitor type 'sometimes' not supported"],
    ['ready {\n monitor\n}', 3, "Wrong argument count or unexpected line ending after 'monitor'"],
    ['ready {\n watch\n}', 3, "unknown property 'watch'"],
  ]);
});
