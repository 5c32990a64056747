import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseZoneFile, readZoneFile, zoneFileSteps, type ZoneFileRecord } from '../../dist/dns/zone-file/zone-file.js';

/** More than two pieces of a file. */
const SIZE = 700_000;

/** Entries of many lengths and forms, so that pieces end in each of them. */
function entry(i: number): string {
  if (i % 5000 === 4999) return `long${i} TXT ${'"0123456789abcdef" '.repeat(20_000)}\n`;
  if (i % 11 === 3) return `p${i} ( 60 ; a comment ( "\n\n IN\r\n A\n192.0.2.${i % 256} )\n`;
  if (i % 7 === 2) return `  \t TXT "x;(${i}" ; "\n`;
  if (i % 13 === 1) return `q${i} 5 TXT "${'y'.repeat(i % 250)}" z\\\n`.replace('z\\', 'z');
  return `host${i} ${i} IN A 192.0.2.${i % 256}\n`;
}

function zone(last: string): string {
  let text = '$TTL 60\n@ SOA a b 1 2 3 4 5\n';
  for (let i = 0; text.length < SIZE; i++) text += entry(i);
  return text + last;
}

describe('a zone file that is read in pieces', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  for (const last of [
    '',
    'end A 192.0.2.1',
    '; a comment',
    ' ',
    'end ( A\n192.0.2.1\n)',
    `end TXT "${'\xff'.repeat(9)}"\n`,
  ]) {
    it(`has the same records as its text, which ends with ${JSON.stringify(last)}`, () => {
      const text = zone(last);
      const file = join(folder, 'db');
      writeFileSync(file, text, 'latin1');
      const expected: ZoneFileRecord[] = [];
      const found: ZoneFileRecord[] = [];
      parseZoneFile(text, file, 'example.org', { onRecord: (record) => expected.push(record) });
      readZoneFile(file, 'example.org', { onRecord: (record) => found.push(record) });
      assert.ok(expected.length > 5000);
      assert.deepEqual(found, expected);
    });
  }

  it('names the line of a fault in a later piece', () => {
    const file = join(folder, 'db');
    for (const [fault, reason] of [
      ['x A y\n', 'invalid IPv4 address'],
      ['x ( A 192.0.2.1\n', 'a parenthesis is not closed'],
      ['x TXT "y\n', 'a quote is not closed'],
    ]) {
      const text = zone(fault);
      writeFileSync(file, text);
      const line = text.split('\n').length - 1;
      assert.throws(
        () => readZoneFile(file, '.', { onRecord: () => undefined }),
        (error: Error) => {
          assert.ok(error.message.startsWith(`${file}:${line}: ${reason}`), error.message);
          return true;
        },
      );
    }
  });

  it('tells after each thousand records how far it is, the included files too', () => {
    const included = join(folder, 'more');
    writeFileSync(included, zone('').replace('@ SOA a b 1 2 3 4 5\n', ''));
    const file = join(folder, 'db');
    const text = `$TTL 60\n$INCLUDE more\n$GENERATE 1-2500 g$ A 192.0.2.1\n`;
    writeFileSync(file, text);
    let last = { records: 0, octets: 0, size: 0 };
    let steps = 0;
    for (const progress of zoneFileSteps(file, 'example.org', { onRecord: () => undefined })) {
      assert.equal(progress.records, last.records + 1000);
      assert.ok(progress.octets >= last.octets && progress.octets <= progress.size);
      last = { ...progress };
      steps++;
    }
    assert.ok(steps > 6);
    assert.equal(last.octets, last.size);
    assert.ok(last.size > SIZE);
  });
});
