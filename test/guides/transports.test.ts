/** The program of docs/guides/transports.md. */
import assert from 'node:assert/strict';
import { dig } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { startGuideProgram, writeGuidePrograms } from '../support/guide-program.js';

describe('the guide to transports', function () {
  before(function () {
    if (process.platform !== 'linux' || process.env.MULTISOCKET_NATIVE === '0') this.skip();
  });

  it('has a program that serves each entry as it says', async () => {
    const ports = [await freePort(), await freePort(), await freePort()].map(String);
    const [udp, tcp, lo] = ports;
    const directory = writeGuidePrograms('transports', { 5300: udp, 5301: tcp, 5302: lo });
    const program = await startGuideProgram(directory, 'transports.mjs', /, lo\n/);
    try {
      const ask = async (port: string, ...how: string[]): Promise<string> =>
        (await dig('@127.0.0.1', '-p', port, 'example.org', 'TXT', '+short', ...how)).trim();
      assert.equal(await ask(udp, '+notcp'), '"asked at 127.0.0.1 by udp"');
      assert.equal(await ask(tcp, '+tcp'), '"asked at 127.0.0.1 by tcp"');
      for (const way of ['+notcp', '+tcp']) {
        assert.equal(await ask(lo, way), `"asked at 127.0.0.1 by ${way === '+tcp' ? 'tcp' : 'udp'}"`);
      }
      assert.equal(
        program.output(),
        [
          `listening on 127.0.0.1:${udp}, udp, all interfaces`,
          `listening on 127.0.0.1:${tcp}, tcp, all interfaces`,
          `listening on 0.0.0.0:${lo}, udp and tcp, lo\n`,
        ].join('\n'),
      );
    } finally {
      await program.end();
    }
  });
});
