import assert from 'node:assert/strict';
import { refuses } from '../support/refuses.js';
import { serveCorefile } from '../support/corefile-server.js';

describe('the directive tls', () => {
  it('is not served without its files', async () => {
    await assert.rejects(serveCorefile('tls://.:0 {\n tls /nowhere/cert /nowhere/key\n whoami\n}'), { code: 'ENOENT' });
  });

  refuses([
    ['tls cert', 2, "Wrong argument count or unexpected line ending after 'cert'"],
    ['tls cert key ca', 2, 'certificates of clients are not supported: CERT and KEY are expected'],
    [
      'tls cert key {\n client_auth require\n}',
      3,
      "client authentication 'require' is not supported: 'nocert' is expected",
    ],
  ]);
});
