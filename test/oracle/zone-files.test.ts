/** Who accepts which zone file: this library, and BIND's named-checkzone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkZoneFile } from '../../dist/zone/read-zone.js';
import { findProgram } from '../support/find-program.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { generateZone, ORIGIN, Random } from '../directives/file/zone-generator.js';

const HEAD = '$TTL 60\n@ SOA ns.example.org. h.example.org. 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
/** Lines that both accept, or both refuse. */
const LINES = [
  'a A 192.0.2.1',
  'a A 192.0.2',
  'a A 192.0.2.256',
  'a A',
  'a AAAA ::1',
  'a AAAA ::g',
  'a IN 5 A 192.0.2.1',
  'a 1h30m A 192.0.2.1',
  'a MX 10 mail',
  'a MX mail',
  'a MX 70000 mail',
  'a MX 10 mail extra',
  'a TXT x',
  'a TXT "x y" z',
  'a TXT',
  'a TXT "x',
  'a TXT "\\200"',
  'a SRV 1 2 3 t',
  'a SRV 1 2 t',
  'a SRV 1 2 65536 t',
  'a CAA 0 issue "x"',
  'a CAA 256 issue "x"',
  'a CNAME b',
  'a CNAME b\na A 192.0.2.1',
  'a CNAME b\na CNAME c',
  'a DNAME b',
  'a PTR b..c',
  'a..b A 192.0.2.1',
  `${'x'.repeat(64)} A 192.0.2.1`,
  `a DS 1 8 2 ${'00'.repeat(32)}`,
  'a DS 1 8 2 0',
  'a TLSA 3 1 1 00',
  'a TLSA 3 1 1 0g',
  `a SSHFP 1 1 ${'00'.repeat(20)}`,
  'a NAPTR 1 1 "s" "x" "" b',
  'a NAPTR 1 1 u s',
  'a LOC 52 N 1 E 0m',
  'a LOC 91 N 1 E 0m',
  'a TYPE65280 \\# 2 0001',
  'a TYPE65280 \\# 3 0001',
  'a NOSUCH x',
  'a SVCB 1 . alpn=h2',
  'a HTTPS 0 b',
  'a URI 1 1 "x"',
  'a EUI48 00-00-5e-00-53-2a',
  'a EUI48 00-00',
  'a APL 1:10.0.0.0/8',
  'a APL 1:10.0.0.0/33',
  'a ( A\n 192.0.2.1 )',
  'a ( A 192.0.2.1',
  '$ORIGIN b\na A 192.0.2.1',
  '$TTL x',
  '$INCLUDE none',
  '$GENERATE 1-3 g$ A 192.0.2.$',
  '$NOSUCH',
  'a.example.org. A 192.0.2.1',
  '@ SOA a b 1 2 3 4 5',
  'a HINFO x y',
  'a RP a b',
  'a AFSDB 1 b',
  'a CERT 1 1 1 AA==',
  `a ZONEMD 1 1 1 ${'00'.repeat(48)}`,
  'a A 192.0.2.1 ; comment',
  'a CH A 192.0.2.1',
];

describe('zone files beside named-checkzone', function () {
  this.timeout(120_000);
  const program = findProgram('named-checkzone');
  const folder = temporaryDirectory();

  before(function () {
    if (program === undefined) this.skip();
  });

  /** What both say, as `ours theirs`. */
  function verdicts(text: string): string {
    const file = join(folder, 'zone');
    writeFileSync(file, text, 'latin1');
    const options = [
      '-i',
      'none',
      '-k',
      'ignore',
      '-m',
      'ignore',
      '-M',
      'ignore',
      '-n',
      'ignore',
      '-r',
      'ignore',
      '-S',
      'ignore',
    ];
    const { status, stdout } = spawnSync(program ?? '', [...options, ORIGIN, file]);
    const theirs = status === 0 ? 'accepts' : `refuses: ${String(stdout).slice(-300)}`;
    const { faults } = checkZoneFile(file, ORIGIN);
    const ours = faults.length === 0 ? 'accepts' : `refuses: ${faults.map(({ message }) => message).join()}`;
    return ours.slice(0, 7) === theirs.slice(0, 7) ? 'the same' : `${ours}; BIND ${theirs}`;
  }

  for (const line of LINES)
    it(`the same verdict: ${JSON.stringify(line.slice(0, 60))}`, () => {
      assert.equal(verdicts(`${HEAD}${line}\n`), 'the same');
    });

  it('the same verdict on generated zones, whole and without one of their words', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const whole = generateZone(new Random(seed)).text;
      // BIND refuses NS at a wildcard, which RFC 4592 s.4.2 leaves open.
      const text = whole.replaceAll(/^.*\*.*\bNS\b.*\n/gim, '');
      assert.equal(verdicts(text), 'the same', text);
      const random = new Random(seed);
      const lines = text.split('\n');
      const line = random.below(lines.length);
      const words = lines[line].split(' ');
      words.splice(random.below(words.length), 1);
      lines[line] = words.join(' ');
      assert.equal(verdicts(lines.join('\n')), 'the same', `${lines[line]} was ${text.split('\n')[line]}`);
    }
  });
});
