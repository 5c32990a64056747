import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import { createServer, type Logger } from 'multisocket';
import { ask } from '../support/clients.js';

/** `RELOAD_RECORDS=1000000` gives the size of which the documentation speaks. */
const RECORDS = Number(process.env.RELOAD_RECORDS ?? 100_000);
/** Milliseconds for which a worker may not answer. */
const PAUSE = 50;
/** A busy machine delays loops too. */
const ATTEMPTS = 5;

function zone(serial: number): string {
  const lines = [`$TTL 60\n@ SOA a b ${serial} 1 1 1 1\n`];
  for (let i = 0; i < RECORDS; i++) lines.push(`host${i} IN A 192.0.2.${serial}\n`);
  return lines.join('');
}

describe('a worker', function () {
  this.timeout(600_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it(`goes on answering while a zone of ${RECORDS} records is read again`, async () => {
    const log: string[] = [];
    const add = (message: string): void => {
      log.push(message);
    };
    const logger: Logger = { debug: add, info: add, warn: add, error: add };
    const db = join(folder, 'db');
    writeFileSync(db, zone(1));
    await using server = createServer({
      corefile: `.:0 {\n bind 127.0.0.1\n file ${db} example.org {\n reload 50ms\n }\n loopdelay\n}`,
      modules: [new URL('fixtures/loop-delay.js', import.meta.url)],
      workers: 1,
      logger,
    });
    await server.listen();
    const { port } = server.addresses()[0];
    const delay = async (name: string): Promise<number> => {
      const [{ data }] = (await ask(port, name, 'TXT')).answers as packet.TxtAnswer[];
      return Number(String(data));
    };
    const pauses: number[] = [];
    for (let serial = 2; serial < 2 + ATTEMPTS && !pauses.some((pause) => pause < PAUSE); serial++) {
      const text = zone(serial);
      await delay('reset.loop');
      writeFileSync(db, text);
      let answers = 0;
      while (!log.includes(`plugin/file: zone example.org was reloaded with serial ${serial}`)) {
        const { answers: found } = await ask(port, `host${answers % RECORDS}.example.org`);
        assert.match((found![0] as packet.StringAnswer).data, /^192\.0\.2\./);
        answers++;
        await wait(1);
      }
      const { answers: found } = await ask(port, `host${RECORDS - 1}.example.org`);
      assert.equal((found![0] as packet.StringAnswer).data, `192.0.2.${serial}`);
      assert.ok(answers > 0);
      pauses.push(await delay('max.loop'));
    }
    console.log(`      the worst delay of the worker's loop: ${pauses.at(-1)!.toFixed(1)} ms`);
    assert.ok(
      pauses.some((pause) => pause < PAUSE),
      `${pauses.join(', ')} ms`,
    );
  });
});
