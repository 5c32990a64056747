import assert from 'node:assert/strict';
import type { Server } from 'multisocket';
import { ask, dig } from '../support/clients.js';
import { serve } from '../support/server.js';

const filename = new URL('./fixtures/zones.js', import.meta.url);
const isNative = process.env.MULTISOCKET_NATIVE !== '0';

/** The response code and the addresses; with `js` if the handler has answered. */
async function asked(port: number, name: string): Promise<string> {
  const message = await ask(port, name, 'A');
  const { rcode } = message as unknown as { rcode: string };
  const byHandler = message.additionals!.some((record) => record.name === 'by.javascript');
  const addresses = message.answers!.map((record) => String((record as { data: unknown }).data));
  return [rcode, ...addresses, ...(byHandler ? ['js'] : [])].join(' ');
}

describe('context.serveZone', () => {
  for (const workers of [2, 0]) {
    describe(`with ${workers} workers`, () => {
      let server: Server;
      let port: number;
      const own = isNative ? '' : ' js';

      before(async () => {
        ({ server, port } = await serve({ workers, filename, nsid: 'here' }));
      });
      after(() => server.close());

      it('answers without the handler, and leaves other zones to it', async () => {
        assert.equal(await asked(port, 'ns.zone.test'), `NOERROR 192.0.2.1${own}`);
        assert.equal(await asked(port, 'gone.zone.test'), `NXDOMAIN${own}`);
        assert.equal(await asked(port, 'other.test'), 'REFUSED js');
        assert.equal(server.stats().totals.zoneAnswers, isNative ? 2 : 0);
      });

      it('answers by TCP, with the options that a client asks for', async () => {
        const text = await dig('@127.0.0.1', '-p', String(port), '+tcp', '+nsid', '+dnssec', 'ns.zone.test', 'A');
        assert.match(text, /status: NOERROR/);
        assert.match(text, /flags: qr aa/);
        assert.match(text, /NSID: .*here/);
        assert.match(text, /ns\.zone\.test\.\s+60\s+IN\s+A\s+192\.0\.2\.1/);
      });

      it('takes a new version of the zone, and gives the zone back', async () => {
        assert.equal(await asked(port, 'new.zone.test'), `NXDOMAIN${own}`);
        await server.postMessage('192.0.2.7');
        assert.equal(await asked(port, 'new.zone.test'), `NOERROR 192.0.2.7${own}`);
        await server.postMessage('withdraw');
        assert.equal(await asked(port, 'new.zone.test'), 'NOERROR 192.0.2.7 js');
      });
    });
  }
});
