import assert from 'node:assert/strict';
import { dig } from '../support/clients.js';
import { serveCorefile } from '../support/corefile-server.js';

const example = new URL('../../examples/own-directive/', import.meta.url);

describe("the example of a directive of one's own", () => {
  it('answers in every worker, and leaves the rest to the chain', async () => {
    const corefile = '.:0 {\n multisocket 2\n greet world\n whoami\n}';
    const { server, port } = await serveCorefile(corefile, { modules: [new URL('directive.js', example)] });
    for (let i = 0; i < 8; i++) {
      assert.equal(await dig('@127.0.0.1', '-p', String(port), '+short', 'example.org', 'TXT'), '"Hello, world"\n');
    }
    assert.match(
      await dig('@127.0.0.1', '-p', String(port), 'example.org', 'A'),
      /example\.org\.\s+0\s+IN\s+A\s+127\.0\.0\.1/,
    );
    await server.close();
  });
});
