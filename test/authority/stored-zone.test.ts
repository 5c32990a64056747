import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readStoredZone, writeZone } from '../../dist/authority/stored-zone.js';
import { parseZone, Zone } from '../../dist/zone.js';
import { ZoneData } from '../../dist/zone/zone-data.js';
import { seededNumbers } from '../support/seeded-numbers.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { versionText } from './fixtures/zone-versions.js';

const ORIGIN = 'example.org';
const TEXT = `$TTL 300
@ SOA ns h 3 3600 600 86400 60
@ NS ns
@ TXT "one" "\\000\\255"
a\\.b.\\200c A 192.0.2.1
* CNAME ns
@ RRSIG SOA 13 2 300 20301231000000 20200101000000 12345 @ AAAA
@ RRSIG NS 13 2 300 20301231000000 20200101000000 12345 @ BBBB
@ NSEC ns SOA NS TXT RRSIG NSEC
`;
/** How often the writer is killed; a long run sets more. */
const KILLS = Number(process.env.MULTISOCKET_KILLS ?? 5);

function dataOf(text: string, origin = ORIGIN): ZoneData {
  return new ZoneData(origin, parseZone(text, { origin }).image());
}

const contents = (data: ZoneData): string[] =>
  Array.from(Zone.fromImage(data.image()).records(), (record) => JSON.stringify(record)).sort();

describe('a stored zone', function () {
  this.timeout(20_000 + 2000 * KILLS);

  it('is read as it was written, with signatures, for its owner alone', () => {
    const file = join(temporaryDirectory(), 'zone');
    const data = dataOf(TEXT);
    const refreshed = new Date('2026-01-02T03:04:05Z');
    writeZone(file, data, refreshed);
    assert.deepEqual(contents(readStoredZone(file, ORIGIN)), contents(data));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(file).mtimeMs, refreshed.getTime());
    writeZone(file, dataOf('@ 1 SOA a b 1 2 3 4 5', '.'), refreshed);
    assert.equal(readStoredZone(file, '.').size, 1);
    assert.throws(() => readStoredZone(file, ORIGIN), /has the zone \./);
  });

  it('is not read if any octet is missing, more, or another one', () => {
    const file = join(temporaryDirectory(), 'zone');
    writeZone(file, dataOf(TEXT), new Date());
    const whole = readFileSync(file);
    const refused = (octets: Buffer, what: string): void => {
      writeFileSync(file, octets);
      assert.throws(() => readStoredZone(file, ORIGIN), Error, what);
    };
    for (let i = 0; i < whole.length; i++) {
      refused(whole.subarray(0, i), `cut at ${i}`);
      const changed = Buffer.from(whole);
      changed[i] ^= 1 << (i % 8);
      refused(changed, `changed at ${i}`);
    }
    refused(Buffer.concat([whole, Buffer.alloc(1)]), 'longer');
  });

  it('is not written through a link, and stays when the next one cannot be written', () => {
    const folder = temporaryDirectory();
    const file = join(folder, 'zone');
    const other = join(folder, 'other');
    writeFileSync(other, 'precious');
    symlinkSync(other, `${file}.new`);
    writeZone(file, dataOf(TEXT), new Date());
    assert.equal(readFileSync(other, 'utf8'), 'precious');
    assert.throws(
      () => {
        writeZone(join(folder, 'none', 'zone'), dataOf(TEXT), new Date());
      },
      { code: 'ENOENT' },
    );
    assert.deepEqual(readdirSync(folder).sort(), ['other', 'zone']);
  });

  it(`is one of the versions after kill -9, at ${KILLS} moments`, async () => {
    const folder = temporaryDirectory();
    const file = join(folder, 'zone');
    const moments = seededNumbers('stored-zone');
    const seen = new Set<number>();
    for (let round = 0; round < KILLS; round++) {
      const writer = fork(fileURLToPath(new URL('./fixtures/zone-writer.js', import.meta.url)), [file, String(round)]);
      await once(writer, 'message'); // it has written once
      await wait(moments.next().value % 60);
      const gone = once(writer, 'exit');
      writer.kill('SIGKILL');
      await gone;
      const zone = Zone.fromImage(readStoredZone(file, ORIGIN).image());
      seen.add(zone.serial);
      const expected = parseZone(versionText(zone.serial), { origin: ORIGIN });
      assert.deepEqual([...zone.records()], [...expected.records()], `round ${round}`);
    }
    assert.ok(seen.size > 1);
  });
});
