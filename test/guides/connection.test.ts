/** The guide connection.md. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../support/certificate.js';
import { dig, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms, type GuideProgram } from '../support/guide-program.js';

describe('the guide about who asks', () => {
  let program: GuideProgram;
  let directory: string;
  const ports: Record<string, string> = {};

  before(async () => {
    for (const port of ['5300', '8853', '8443']) ports[port] = String(await freePort());
    directory = writeGuidePrograms('connection', ports);
    const [own, client] = [await makeCertificate(), await makeCertificate('laptop')];
    const files = { 'cert.pem': own.cert, 'key.pem': own.key, 'clients.pem': client.cert, 'laptop.key': client.key };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    program = await startGuideProgram(directory, 'who.mjs');
  });
  after(() => program.end());

  const ask = async (port: string, ...args: string[]): Promise<unknown> => {
    const asked = ['@127.0.0.1', '-p', ports[port], '+short', ...args, 'example.org', 'TXT'];
    const answer = port === '5300' ? await dig(...asked) : await run('kdig', asked);
    return JSON.parse(JSON.parse(answer) as string);
  };

  it('UDP: the address', async () => {
    assert.deepEqual(await ask('5300'), { address: '127.0.0.1' });
    assert.deepEqual(await ask('5300', '+tcp'), { address: '127.0.0.1' });
  });

  it('TLS: the server name and the certificate', async () => {
    const files = [`+tls-certfile=${join(directory, 'clients.pem')}`, `+tls-keyfile=${join(directory, 'laptop.key')}`];
    assert.deepEqual(await ask('8853', '+tls-sni=localhost', ...files, '+tls'), {
      address: '127.0.0.1',
      protocol: 'TLSv1.3',
      serverName: 'localhost',
      alpn: 'dot',
      certificate: 'CN=laptop',
    });
  });

  it('HTTPS: the path', async () => {
    assert.deepEqual(await ask('8443', '+https=/dns-query/kitchen'), {
      address: '127.0.0.1',
      protocol: 'TLSv1.3',
      alpn: 'h2',
      request: 'POST /dns-query/kitchen',
      client: 'kitchen',
    });
  });
});
