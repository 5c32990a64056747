/** A secondary of this library that is itself a primary, and several workers. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { parseZone, type Zone } from '../../../dist/zone.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { freePort } from '../../support/free-port.js';
import { transferred } from '../../support/nsupdate.js';
import { ORIGIN, Primary, serves, zoneText } from '../../support/primary.js';
import { byTcp, ixfr, typesOf } from '../../support/transfer-queries.js';

const many = Array.from({ length: 30 }, (_, i) => `n${i} 60 IN A 192.0.2.${i}\n`).join('');
const texts = (zone: Zone): string[] => [...zone.records()].map((record) => JSON.stringify(record)).sort();

async function knows(port: number, serial: number): Promise<void> {
  for (let left = 200; !typesOf(await byTcp(port, ixfr(serial))).startsWith('SOA SOA'); left--) {
    assert.ok(left > 0, `no difference from serial ${serial}`);
    await wait(20);
  }
}

describe('transfer of the zones of secondary', () => {
  it('passes a zone and its changes on, from all workers', async () => {
    const port = await freePort();
    const primary = await Primary.start({ transfer: `to 127.0.0.1:${port}`, zone: zoneText(1, many) });
    const { server, log } = await serveCorefile(
      `${ORIGIN}:${port} {\nmultisocket 2\ntransfer {\nto *\n}\nsecondary {\ntransfer from 127.0.0.1:${primary.port}\nstore off\n}\n}`,
      { workers: 2 },
    );
    await serves(port, 1);
    for (let serial = 2; serial < 5; serial++) {
      const records = `${many}v${serial} 60 IN TXT "${serial}"\n`;
      await primary.write(serial, records);
      await serves(port, serial).catch((error: unknown) => {
        assert.fail(`${String(error)}\n${[...primary.log, ...log].join('\n')}`);
      });
      await knows(port, serial - 1);
      const expected = texts(parseZone(zoneText(serial, records), { origin: ORIGIN }));
      for (let i = 0; i < 4; i++) assert.deepEqual(texts(await transferred(port, ORIGIN)), expected);
    }
    await server.close();
    await primary.close();
  });
});
