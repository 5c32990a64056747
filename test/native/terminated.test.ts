import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./fixtures/terminating.js', import.meta.url));

describe('a thread that is terminated while it makes native objects', () => {
  for (const kind of ['StreamAdmission', 'UdpEndpoint', 'TcpEndpoint']) {
    it(`does not end the process: ${kind}`, () => {
      const { status, signal, stderr } = spawnSync(process.execPath, [program, kind], { encoding: 'utf8' });
      assert.deepEqual([status, signal], [0, null], stderr.slice(0, 1000));
    });
  }
});
