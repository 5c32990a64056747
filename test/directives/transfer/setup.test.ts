/** The syntax of transfer. */
import assert from 'node:assert/strict';
import { loadCorefile } from '../../../dist/corefile/corefile.js';
import 'multisocket';
import { refuses } from '../../support/refuses.js';
import { useFor, type TransferOptions } from '../../../dist/directives/transfer/targets.js';

function usesOf(lines: string): TransferOptions[] {
  const { blocks } = loadCorefile(`example.org {\n${lines}\n}`, { environment: {} });
  return blocks[0].directives[0].config as TransferOptions[];
}

describe('the syntax of transfer', () => {
  it('reads addresses with and without a port, in canonical form', () => {
    const [{ targets, everyone }] = usesOf(
      'transfer {\nto 192.0.2.1 192.0.2.2:5300\nto 2001:DB8:0::1 [2001:db8::2]:5300 ::ffff:192.0.2.3\n}',
    );
    assert.equal(everyone, false);
    assert.deepEqual(targets, [
      { address: '192.0.2.1', port: 53 },
      { address: '192.0.2.2', port: 5300 },
      { address: '2001:db8::1', port: 53 },
      { address: '2001:db8::2', port: 5300 },
      { address: '192.0.2.3', port: 53 },
    ]);
  });

  it('takes the zones of the server block, or its own, and several uses', () => {
    const uses = usesOf('transfer {\nto *\n}\ntransfer Sub.example.org a.test {\nto 192.0.2.1\nsource 192.0.2.2\n}');
    assert.deepEqual(
      uses.map(({ zones, everyone, source }) => [zones, everyone, source]),
      [
        [['example.org'], true, undefined],
        [['sub.example.org', 'a.test'], false, '192.0.2.2'],
      ],
    );
    assert.equal(useFor(uses, 'sub.example.org'), uses[1]);
    assert.equal(useFor(uses, 'www.sub.example.org'), uses[1]);
    assert.equal(useFor(uses, 'other.example.org'), uses[0]);
    assert.equal(useFor(uses, 'org'), undefined);
  });

  it('reads the directory and the size of journals', () => {
    const [{ journal, journalSize }] = usesOf('transfer {\nto *\njournal /var/lib/zones 64K\n}');
    assert.deepEqual([journal, journalSize], ['/var/lib/zones', 65_536]);
    assert.equal(usesOf('transfer {\nto *\njournal j\n}')[0].journalSize, 4 * 2 ** 20);
    assert.equal(usesOf('transfer {\nto *\n}')[0].journal, undefined);
  });

  it('warns of NOTIFY between families of addresses', () => {
    const { warnings } = loadCorefile('. {\ntransfer {\nto 2001:db8::1\nsource 192.0.2.1\n}\n}', { environment: {} });
    assert.match(warnings[0].message, /NOTIFY cannot be sent to 2001:db8::1 from 192\.0\.2\.1/);
  });

  refuses([
    ['transfer', 2, "'to' is required"],
    ['transfer {\n}', 2, "'to' is required"],
    ['transfer {\n to\n}', 3, "Wrong argument count or unexpected line ending after 'to'"],
    ['transfer {\n to ns.example.org\n}', 3, "must specify an IP address: `ns.example.org'"],
    ['transfer {\n to 192.0.2.0/24\n}', 3, "must specify an IP address: `192.0.2.0/24'"],
    ['transfer {\n to [2001:db8::1]\n}', 3, "must specify an IP address: `[2001:db8::1]'"],
    ['transfer {\n to 192.0.2.1:0\n}', 3, 'invalid port 0 of 192.0.2.1:0: 1 to 65,535'],
    ['transfer {\n to 192.0.2.1:65536\n}', 3, 'invalid port 65536 of 192.0.2.1:65536: 1 to 65,535'],
    ['transfer {\n to * {\n  x\n }\n}', 3, "Unexpected token '{', expecting argument"],
    ['transfer {\n to *\n source\n}', 4, "Wrong argument count or unexpected line ending after 'source'"],
    ['transfer {\n to *\n source 192.0.2.1\n source 192.0.2.1\n}', 5, 'source already specified'],
    ['transfer {\n to *\n source here\n}', 4, 'invalid source address "here"'],
    ['transfer {\n to *\n journal\n}', 4, "Wrong argument count or unexpected line ending after 'journal'"],
    ['transfer {\n to *\n journal a 1T\n}', 4, 'invalid size "1T": 4K to 1G, a number of octets, or with K, M or G'],
    ['transfer {\n to *\n journal a 100\n}', 4, 'invalid size "100": 4K to 1G, a number of octets, or with K, M or G'],
    ['transfer {\n from *\n}', 3, 'unknown property "from"'],
  ]);
});
