import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseZone, readZone } from '../../dist/zone.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SOA = '@ 60 SOA a b 1 2 3 4 5\n';

describe('parseZone', () => {
  it('takes an origin in any form, and octets', () => {
    for (const origin of ['Example.ORG', 'example.org.']) {
      const zone = parseZone(Buffer.from(`${SOA}W 60 A 192.0.2.1\n`), { origin });
      assert.equal(zone.origin, 'example.org');
      assert.deepEqual(zone.find('w.EXAMPLE.org.', 'A'), [
        { name: 'w.example.org', type: 'A', ttl: 60, class: 'IN', data: '192.0.2.1' },
      ]);
    }
  });

  it('takes characters outside of ASCII for their UTF-8', () => {
    const zone = parseZone(`${SOA}x 60 TXT "é"\nà 60 TXT x\n`, { origin: 'example.org' });
    assert.deepEqual(zone.find('x.example.org', 'TXT')[0].data, [Buffer.from('é')]);
    assert.equal(zone.find('\\195\\160.example.org', 'TXT').length, 1);
  });

  it('reads no file, unless there is a folder for them', () => {
    const folder = temporaryDirectory();
    const outside = temporaryDirectory();
    mkdirSync(join(folder, 'more'));
    writeFileSync(join(folder, 'more/a'), 'a 60 A 192.0.2.1\n$INCLUDE b\n');
    writeFileSync(join(folder, 'b'), 'b 60 A 192.0.2.2\n');
    writeFileSync(join(outside, 'c'), 'c 60 A 192.0.2.3\n');
    symlinkSync(join(outside, 'c'), join(folder, 'link'));
    const parse = (path: string, include?: string): number =>
      parseZone(`${SOA}$INCLUDE ${path}\n`, { origin: 'example.org', ...(include === undefined ? {} : { include }) })
        .size;
    assert.equal(parse('more/a', folder), 3);
    const refused = (path: string, reason: RegExp, include?: string): void => {
      assert.throws(() => parse(path, include), { code: 'ERR_MULTISOCKET_ZONE', message: reason });
    };
    refused('b', /^zone:2: \$INCLUDE is refused: the option "include" can name a folder with files for it$/);
    for (const path of ['../../../etc/passwd', '/etc/passwd', 'link', join(outside, 'c')]) {
      refused(path, /^zone:2: \$INCLUDE of .* is refused: the file is not in /, folder);
    }
    refused('gone', /^zone:2: ENOENT/, folder);
  });

  it('refuses invalid arguments', () => {
    assert.throws(() => parseZone(SOA, { origin: 'a..b' }), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => parseZone(SOA, { origin: 5 as never }), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => parseZone(5 as never, { origin: 'a' }), { code: 'ERR_INVALID_ARG_TYPE' });
    const zone = parseZone(SOA, { origin: 'example.org' });
    assert.throws(() => zone.find('a..b', 'A'), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => zone.find('a', 'nonsense'), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('readZone', () => {
  it('reads a file and what it includes', () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'zone'), `${SOA}$INCLUDE more\n`);
    writeFileSync(join(folder, 'more'), 'a 60 A 192.0.2.1\nx.example.net. 60 A 192.0.2.1\n');
    const zone = readZone(join(folder, 'zone'), { origin: 'example.org' });
    assert.deepEqual([zone.size, zone.serial, zone.warnings.length], [2, 1, 1]);
    assert.throws(() => readZone(join(folder, 'gone'), { origin: 'example.org' }), { code: 'ENOENT' });
  });
});
