import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { run } from '../support/clients.js';
import { refuses } from '../support/refuses.js';
import { serveCorefile } from '../support/corefile-server.js';

describe('the directive tls', () => {
  it('serves with its certificate, and shows another after a reload', async () => {
    const [one, two] = [await makeCertificate(), await makeCertificate()];
    const corefile = (files: Certificate): string => {
      const key = join(dirname(files.file), 'key.pem');
      return `tls://.:0 {\n multisocket 2\n tls ${files.file} ${key}\n whoami\n}`;
    };
    const { server, port } = await serveCorefile(corefile(one));
    const ask = (trusted: Certificate): Promise<string> => {
      const args = [
        '-p',
        String(port),
        `+tls-ca=${trusted.file}`,
        '+tls-hostname=localhost',
        '+retry=0',
        'example.org',
      ];
      return run('kdig', ['@127.0.0.1', ...args]);
    };
    assert.match(await ask(one), /status: NOERROR/);
    await server.reload({ corefile: corefile(two) });
    assert.match(await ask(two), /status: NOERROR/);
    await assert.rejects(ask(one));
    await server.close();
  });

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
