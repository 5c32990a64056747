import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dig, run } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms } from '../support/guide-program.js';

const guide = readFileSync(fileURLToPath(new URL('../../docs/guides/tsig.md', import.meta.url)), 'utf8');

describe('the guide of TSIG', () => {
  it('has a program that only the key of its commands changes', async () => {
    const port = await freePort();
    const directory = writeGuidePrograms('tsig', { '127.0.0.1:5300': `127.0.0.1:${port}` });
    const program = await startGuideProgram(directory, 'signed.mjs');
    const key = /^key=(\S+)$/m.exec(guide)?.[1] ?? '';
    const ask = ['@127.0.0.1', '-p', String(port), '+norecurse', 'www.example.org'];
    const update = (address: string, ...with_: string[]): Promise<string> => {
      const script = `server 127.0.0.1 ${port}\nzone example.org\nupdate add www.example.org 60 A ${address}\nsend\n`;
      return run('sh', ['-c', 'printf "%s" "$1" | { shift; nsupdate "$@" 2>&1 || true; }', 'sh', script, ...with_]);
    };
    assert.match(await update('192.0.2.3'), /REFUSED/);
    assert.match(await dig(...ask), /192\.0\.2\.1$/m);
    assert.equal(await update('192.0.2.2', '-y', key), '');
    const signed = await dig(...ask, '-y', key);
    assert.match(signed, /192\.0\.2\.2$/m);
    assert.match(signed, /update\.key\.\s+0\s+ANY\s+TSIG\s+hmac-sha256\./);
    assert.match(await update('192.0.2.4', '-y', key.replace('update.key', 'other.key')), /NOTAUTH\(BADKEY\)/);
    await program.end();
  });
});
