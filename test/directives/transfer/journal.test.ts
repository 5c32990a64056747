/** The journals of transfer, over restarts. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { run } from '../../support/nsupdate.js';
import { ORIGIN, Primary, zoneText } from '../../support/primary.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const record = (serial: number): string =>
  `a 60 IN A 192.0.2.${serial}\n${'b c d e f g h'
    .split(' ')
    .map((name) => `${name} 60 IN A 192.0.2.0\n`)
    .join('')}`;

/** The serial numbers of an incremental transfer; one alone for a whole zone. */
async function serialsFrom(port: number, serial: number): Promise<number[]> {
  const { output } = await run('dig', [
    '@127.0.0.1',
    '-p',
    String(port),
    '+tcp',
    '+noall',
    '+answer',
    `${ORIGIN}.`,
    `IXFR=${serial}`,
  ]);
  return [...output.matchAll(/SOA\s+\S+ \S+ (\d+) /g)].map(([, found]) => Number(found));
}

async function eventually(port: number, serial: number, expected: readonly number[]): Promise<void> {
  for (let left = 100; left > 0; left--) {
    if ((await serialsFrom(port, serial)).join() === expected.join()) return;
    await wait(30);
  }
  assert.deepEqual(await serialsFrom(port, serial), expected);
}

describe('the journals of transfer', () => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryDirectory();
  });
  const start = (transfer: string, serial = 1): Promise<Primary> =>
    Primary.start({ transfer, folder, zone: zoneText(serial, record(serial)) });

  it('are found after a restart', async () => {
    const journal = join(folder, 'journals', 'here');
    const first = await start(`to *\njournal ${journal}`);
    await first.write(2, record(2));
    await eventually(first.port, 1, [2, 1, 2, 2]);
    await first.write(3, record(3));
    await eventually(first.port, 1, [3, 1, 2, 2, 3, 3]);
    await first.close();
    assert.deepEqual(readdirSync(journal), ['example.org.journal']);
    const second = await start(`to *\njournal ${journal}`, 3);
    await eventually(second.port, 1, [3, 1, 2, 2, 3, 3]);
    await second.write(4, record(4));
    await eventually(second.port, 2, [4, 2, 3, 3, 4, 4]);
    await second.close();
  });

  it('are dropped if the zone has changed meanwhile', async () => {
    const first = await start(`to *\njournal ${folder}`);
    await first.write(2, record(2));
    await eventually(first.port, 1, [2, 1, 2, 2]);
    await first.close();
    const second = await start(`to *\njournal ${folder}`, 3);
    assert.deepEqual(await serialsFrom(second.port, 1), [3, 3]);
    await second.close();
  });

  it('are used up to the last whole difference', async () => {
    const first = await start(`to *\njournal ${folder}`);
    await first.write(2, record(2));
    await eventually(first.port, 1, [2, 1, 2, 2]);
    await first.close();
    const file = join(folder, 'example.org.journal');
    const whole = readFileSync(file);
    appendFileSync(file, Buffer.from('00000040ffff', 'hex'));
    const second = await start(`to *\njournal ${folder}`, 2);
    await eventually(second.port, 1, [2, 1, 2, 2]);
    await second.close();
    assert.deepEqual(readFileSync(file), whole);
  });

  it('end at a version that is not later, and go on from there', async () => {
    const primary = await start(`to *\njournal ${folder}`, 5);
    await primary.write(6, record(6));
    await eventually(primary.port, 5, [6, 5, 6, 6]);
    await primary.write(2, record(2));
    await primary.write(3, record(3));
    await eventually(primary.port, 2, [3, 2, 3, 3]);
    assert.deepEqual(await serialsFrom(primary.port, 6), [3]);
    await primary.close();
  });

  it('survive a change of the Corefile', async () => {
    const primary = await start(`to *\njournal ${folder}`);
    await primary.write(2, record(2));
    await eventually(primary.port, 1, [2, 1, 2, 2]);
    const corefile = (more: string, to: string): string =>
      `${ORIGIN}:${primary.port} {\n${more}\ntransfer {\nto ${to}\njournal ${folder}\n}\nfile ${join(folder, 'db')} {\nreload 50ms\n}\n}`;
    await primary.server.reload({ corefile: corefile('errors', '*') });
    await eventually(primary.port, 1, [2, 1, 2, 2]);
    await primary.server.reload({ corefile: corefile('', '* 192.0.2.1') });
    await eventually(primary.port, 1, [2, 1, 2, 2]);
    await primary.write(3, record(3));
    await eventually(primary.port, 1, [3, 1, 2, 2, 3, 3]);
    await primary.close();
  });

  it('stay in memory if their file cannot be written, with a line in the log', async () => {
    const primary = await start(`to *\njournal ${folder}`);
    mkdirSync(join(folder, 'example.org.journal.new', 'x'), { recursive: true });
    await primary.write(2, record(2));
    await eventually(primary.port, 1, [2, 1, 2, 2]);
    assert.ok(
      primary.log.some((line) => line.startsWith('error plugin/transfer: zone example.org: its journal is not kept: ')),
    );
    await primary.close();
  });
});
