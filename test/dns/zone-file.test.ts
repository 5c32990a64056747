import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { writeRdata } from '../../dist/dns/records/index.js';
import { typeNumber } from '../../dist/dns/registry.js';
import { MessageWriter } from '../../dist/dns/writer.js';
import { parseZoneFile, readZoneFile, type ZoneFileRecord } from '../../dist/dns/zone-file/zone-file.js';

/** `name ttl type data` of each record of a zone file for example.org; octets as hexadecimal digits. */
function read(text: string): string[] {
  return records(text).map(show);
}

function records(text: string): ZoneFileRecord[] {
  const found: ZoneFileRecord[] = [];
  parseZoneFile(text, 'db', 'example.org', { onRecord: (record) => found.push(record) });
  return found;
}

function show({ name, ttl, type, data }: { name: string; ttl: number; type: string; data: unknown }): string {
  const text = Buffer.isBuffer(data)
    ? data.toString('hex')
    : typeof data === 'string'
      ? data
      : JSON.stringify(data, strings);
  return `${name} ${ttl} ${type} ${text}`;
}

function strings(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: string; data?: number[] };
  return type === 'Buffer' ? Buffer.from(data!).toString('latin1') : value;
}

/** Takes no records. */
const nothing = { onRecord: (): void => undefined };

/** The data of one record: text for an address or a name, else its octets as hexadecimal digits. */
function rdata(type: string, text: string): string {
  const [{ data }] = records(`$TTL 60\nx ${type} ${text}\n`);
  return typeof data === 'string' ? data : octets(type, data).toString('hex');
}

/** RDATA as it goes on the wire. */
function octets(type: string, data: unknown): Buffer {
  const target = Buffer.alloc(0xffff);
  const writer = new MessageWriter();
  writer.begin(target, 0, target.length, '.');
  writeRdata(writer, typeNumber(type)!, type, data);
  return target.subarray(2, writer.at);
}

function fails(text: string, message: string | RegExp): void {
  assert.throws(
    () => read(text),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_MULTISOCKET_ZONE');
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    },
  );
}

describe('zone files', () => {
  describe('names', () => {
    it('are relative to the origin unless they end with a dot', () => {
      assert.deepEqual(read('$TTL 60\nwww CNAME a\nb.example.net. CNAME c.example.net.\n@ CNAME @\n'), [
        'www.example.org 60 CNAME a.example.org',
        'b.example.net 60 CNAME c.example.net',
        'example.org 60 CNAME example.org',
      ]);
    });

    it('follow $ORIGIN, which may be relative itself', () => {
      assert.deepEqual(
        read('$TTL 60\n$ORIGIN sub\na A 192.0.2.1\n$ORIGIN example.net.\na A 192.0.2.2\n$ORIGIN .\na A 192.0.2.3\n'),
        ['a.sub.example.org 60 A 192.0.2.1', 'a.example.net 60 A 192.0.2.2', 'a 60 A 192.0.2.3'],
      );
    });

    it('are the last ones where white space stands in their place', () => {
      assert.deepEqual(read('$TTL 60\na A 192.0.2.1\n  A 192.0.2.2\n\n; nothing\n\tTXT x\n'), [
        'a.example.org 60 A 192.0.2.1',
        'a.example.org 60 A 192.0.2.2',
        'a.example.org 60 TXT ["x"]',
      ]);
    });

    it('keep their case, and their escapes in one form', () => {
      const names = [
        'WWW',
        'a\\.b',
        'a\\046b',
        'sp\\032ace',
        'sp\\ ace',
        '\\065',
        'back\\\\slash',
        'b\\200',
        '"quo ted"',
        '\\@',
        '"@"',
      ];
      const found = read(names.map((name) => `${name} 60 A 192.0.2.1\n`).join(''));
      assert.deepEqual(
        found.map((record) => record.split('.example.org')[0]),
        ['WWW', 'a\\.b', 'a\\.b', 'sp\\032ace', 'sp\\032ace', 'A', 'back\\\\slash', 'b\\200', 'quo\\032ted', '@', '@'],
      );
    });

    it('may be numbers, classes and types', () => {
      assert.deepEqual(read('$TTL 60\n300 A 192.0.2.1\nIN A 192.0.2.2\nNS 5 IN A 192.0.2.3\n'), [
        '300.example.org 60 A 192.0.2.1',
        'IN.example.org 60 A 192.0.2.2',
        'NS.example.org 5 A 192.0.2.3',
      ]);
    });

    it('have labels of 63 octets and are 255 long at most', () => {
      const label = 'l'.repeat(63);
      assert.equal(read(`${label}.${label}.${label}.${'l'.repeat(49)} 60 A 192.0.2.1\n`).length, 1);
      fails(
        `${label}.${label}.${label}.${'l'.repeat(50)} 60 A 192.0.2.1\n`,
        /^db:1: the name .* has more than 255 octets$/,
      );
      fails(`${label}l 60 A 192.0.2.1\n`, /^db:1: the label l+ has more than 63 octets$/);
      fails('a..b 60 A 192.0.2.1\n', 'db:1: the name a..b has an empty label or ends with a backslash');
      fails('.a 60 A 192.0.2.1\n', 'db:1: the name .a has an empty label or ends with a backslash');
      fails('a\\256 60 A 192.0.2.1\n', 'db:1: invalid escape \\256: three digits, at most \\255');
      fails('a\\25 60 A 192.0.2.1\n', 'db:1: invalid escape \\25: three digits, at most \\255');
    });
  });

  describe('TTL and class', () => {
    it('stand in any order, in any case, or not at all', () => {
      const found = read(
        '$TTL 60\na 5 IN A 192.0.2.1\na IN 5 A 192.0.2.1\na in a 192.0.2.1\na CLASS1 TYPE1 192.0.2.1\n',
      );
      assert.deepEqual(found, [
        'a.example.org 5 A 192.0.2.1',
        'a.example.org 5 A 192.0.2.1',
        'a.example.org 60 A 192.0.2.1',
        'a.example.org 60 A 192.0.2.1',
      ]);
    });

    it('have units', () => {
      const ttls = read(
        'a 1h30m A 192.0.2.1\na 1W2D A 192.0.2.1\na 10s A 192.0.2.1\na 0 A 192.0.2.1\na 2147483647 A 192.0.2.1\n',
      );
      assert.deepEqual(
        ttls.map((record) => Number(record.split(' ')[1])),
        [5400, 777600, 10, 0, 2147483647],
      );
      fails('a 2147483648 A 192.0.2.1\n', 'db:1: invalid time "2147483648": 0 to 2147483647 seconds');
    });

    it("are those of $TTL, else the last that was stated, else SOA's MINIMUM (RFC 2308 s.4, RFC 1035 s.5.1)", () => {
      assert.deepEqual(
        read('@ SOA a b 1 2 3 4 77\nx A 192.0.2.1\nx 9 A 192.0.2.2\nx A 192.0.2.3\n$TTL 5\nx A 192.0.2.4\n')
          .slice(1)
          .map((record) => Number(record.split(' ')[1])),
        [77, 9, 9, 5],
      );
      fails('x A 192.0.2.1\n', 'db:1: the record has no TTL, and neither $TTL nor an earlier record gives one');
    });

    it('is IN alone', () => {
      fails('x 60 CH TXT "x"\n', 'db:1: the class CH is not IN');
    });
  });

  describe('entries', () => {
    it('go over lines between parentheses, comments aside', () => {
      const [soa] = read('@ 60 IN SOA ns1 host\\.master ( ; start\n 2026 1d ; refresh ( "\n\n 2h\n 4w 15m )\n');
      assert.equal(
        soa,
        'example.org 60 SOA {"mname":"ns1.example.org","rname":"host\\\\.master.example.org","serial":2026,"refresh":86400,"retry":7200,"expire":2419200,"minimum":900}',
      );
    });

    it('may have several parentheses, DOS line ends, and no end of line at the end', () => {
      assert.deepEqual(read('$TTL 60\r\na ( MX ) ( 10\r\n) b\r\nc A 192.0.2.1'), [
        'a.example.org 60 MX {"preference":10,"exchange":"b.example.org"}',
        'c.example.org 60 A 192.0.2.1',
      ]);
    });

    it('have strings with semicolons, parentheses, escapes and any octet', () => {
      assert.equal(
        read('x 60 TXT "one; (two" three\\"x "\\200\\;" "" "a""b"\n')[0],
        'x.example.org 60 TXT ["one; (two","three\\"x","\u00c8;","","a","b"]',
      );
      assert.equal(rdata('TXT', `"${'x'.repeat(255)}"`).length, 512);
    });

    it('tell their line when they are not closed', () => {
      fails(
        'a 60 A 192.0.2.1\nb 60 TXT "x\n',
        'db:2: a quote is not closed on its line, or the line ends with a backslash',
      );
      fails('\na 60 A ( 192.0.2.1\n\nb 60 A 192.0.2.1\n', 'db:2: a parenthesis is not closed');
      fails('a 60 A 192.0.2.1 )\n', 'db:1: a closing parenthesis has no opening one');
      fails(
        'a 60 A 192.0.2.1\n(\n\n)\n\nb 60 A 1.2.3\n',
        'db:6: invalid IPv4 address "1.2.3": four numbers from 0 to 255 with dots between them',
      );
    });
  });

  describe('RDATA', () => {
    const cases: [type: string, text: string, expected: string][] = [
      ['AAAA', '2001:DB8:0:0::1', '2001:db8::1'],
      ['NS', 'ns.example.net.', 'ns.example.net'],
      ['PTR', 'Host', 'Host.example.org'],
      ['DNAME', '.', '.'],
      ['SRV', '1 2 5060 sip', '0001000213c4' + '03736970076578616d706c65036f726700'],
      ['CAA', '128 issue "ca; x"', '8005697373756563613b2078'],
      ['HINFO', 'PC "L"', '025043014c'],
      ['RP', 'a. .', '01610000'],
      ['AFSDB', '1 a.', '0001016100'],
      ['NAPTR', '10 20 "u" "" "!x!" .', '000a001401750003217821' + '00'],
      ['DS', '60485 5 1 2BB1 83AF', 'ec4505012bb183af'],
      ['SSHFP', '2 1 ( 1234 abcd )', '02011234abcd'],
      ['TLSA', '3 1 1 d2ab', '030101d2ab'],
      ['DNSKEY', '256 3 8 AQ ID', '0100030801' + '0203'],
      ['URI', '10 1 "ftp://x/"', '000a00016674703a2f2f782f'],
      ['HTTPS', '0 svc.', '00000373766300'],
      // RFC 9460 appendix D.2.
      ['SVCB', '16 foo. port=53', '001003666f6f0000030002' + '0035'],
      ['SVCB', '1 foo. key667=hello', '000103666f6f00029b000568656c6c6f'],
      ['SVCB', '1 foo. key667="hello\\210qoo"', '000103666f6f00029b000968656c6c6fd2716f6f'],
      [
        'SVCB',
        '1 foo. ipv6hint="2001:db8::1,2001:db8::53:1"',
        '000103666f6f000006002020010db800000000000000000000000120010db8000000000000000000530001',
      ],
      [
        'SVCB',
        '1 foo. ipv6hint="2001:db8:122:344::192.0.2.33"',
        '000103666f6f000006001020010db8012203440000' + '0000c0000221',
      ],
      [
        'SVCB',
        '16 foo. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
        '001003666f6f000000000400010004000100090268320568332d31390004' + '0004c0000201',
      ],
      ['SVCB', '16 foo. alpn="f\\\\\\\\oo\\\\,bar,h2"', '001003666f6f000001000c08665c6f6f2c626172026832'],
      ['HTTPS', '1 . no-default-alpn alpn=h3', '0001000001000302683300020000'],
      ['TYPE65280', '\\# 4 0A00 0001', '0a000001'],
      ['TYPE65280', '\\# 0', ''],
      ['CAA', '\\# 3 000161', '000161'],
      ['A', '\\# 4 C0000201', '192.0.2.1'],
      ['MX', '\\# 5 000A016100', '000a016100'],
    ];
    for (const [type, text, expected] of cases) {
      it(`${type} ${text}`, () => {
        assert.equal(rdata(type, text), expected);
      });
    }

    const faults: [text: string, reason: string][] = [
      ['A 192.0.2.256', 'invalid IPv4 address "192.0.2.256": four numbers from 0 to 255 with dots between them'],
      ['A', 'the IPv4 address is missing'],
      ['A 192.0.2.1 x', 'unexpected "x" at the end of the record'],
      ['AAAA fe80::1%eth0', 'invalid IPv6 address "fe80::1%eth0": RFC 4291 section 2.2, without a zone'],
      ['MX 65536 a', 'invalid preference "65536": an integer from 0 to 65535'],
      ['MX 10', 'the name exchange is missing'],
      ['DS 1 8 2 ABC', 'invalid digest "ABC": pairs of hexadecimal digits'],
      ['DNSKEY 256 3 8 A', 'invalid key "A": Base64 (RFC 4648 section 4)'],
      ['SOA a b 1 x 3 4 5', 'invalid refresh "x": seconds, or numbers with the units s, m, h, d, w'],
      ['SVCB 1 . port', 'the parameter port: invalid port "": 0 to 65535'],
      ['SVCB 1 . port=1 port=2', 'the parameter port is given twice'],
      [
        'SVCB 1 . colour=red',
        'unknown service parameter colour: key0 to key65534, mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint, dohpath, ohttp',
      ],
      ['TYPE65280 \\# 3 0A', '\\# announces 3 octets and has 1'],
      ['A \\# 3 C00002', 'the octets are not RDATA of A: the data end too early'],
      ['TYPE65280 1', 'the type TYPE65280 has no text form but \\# LENGTH HEX (RFC 3597 section 5)'],
      ['ANY \\# 1 00', 'the type ANY cannot stand in a zone'],
      ['NONSENSE x', 'invalid type "NONSENSE": a name such as AAAA, or TYPE65280'],
      ['', 'the type is missing'],
    ];
    for (const [text, reason] of faults) {
      it(`refuses ${text || 'nothing'}`, () => {
        fails(`\nx 60 IN ${text}\n`, `db:2: ${reason}`);
      });
    }
  });

  it('refuse an unknown directive, and a record without an owner', () => {
    fails('$NONSENSE x\n', 'db:1: unknown directive $NONSENSE: $ORIGIN, $TTL, $INCLUDE or $GENERATE');
    fails(' 60 A 192.0.2.1\n', 'db:1: the first record has no owner');
    fails('$TTL 60 x\n', 'db:1: unexpected "x" at the end of the record');
  });

  describe('limits', () => {
    const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    const file = join(folder, 'zone');
    after(() => {
      rmSync(folder, { recursive: true });
    });
    /** The errors of a file whose text is written in parts. */
    const faultsOf = (path: string, ...parts: readonly string[]): string[] => {
      if (parts.length > 0) writeFileSync(path, parts.join(''), 'latin1');
      const faults: string[] = [];
      readZoneFile(path, 'example.org', { ...nothing, onFault: ({ message }) => faults.push(message) });
      return faults;
    };
    const memory = (): number => process.memoryUsage.rss() / 2 ** 20;

    it('of a line, a comment too, are 1 MiB', () => {
      const good = 'a 60 A 192.0.2.1\n';
      assert.deepEqual(faultsOf(file, good, `; ${'x'.repeat(2 ** 20 - 2)}\n`, good), []);
      const expected = [`${file}:2: a line has more than 1048576 octets`];
      assert.deepEqual(faultsOf(file, good, `; ${'x'.repeat(2 ** 20 - 1)}\n`, good), expected);
      assert.deepEqual(faultsOf(file, good, `a TXT ${'x'.repeat(2 ** 25)}`), expected);
      // A file without an end.
      const before = memory();
      assert.deepEqual(faultsOf('/dev/zero'), ['/dev/zero:1: a line has more than 1048576 octets']);
      assert.ok(memory() - before < 64, `${memory() - before} MiB`);
    });

    it('of an entry are as many words as a record may have octets, and more', () => {
      const octets = `a 60 TYPE65280 ( \\# 65535\n${'00\n'.repeat(65_535)})\n`;
      assert.deepEqual(faultsOf(file, octets), []);
      const endless = `x\na ( TXT\n${'x x x x x x x x\n'.repeat(1_000_000)})\n`;
      const before = memory();
      assert.deepEqual(faultsOf(file, endless).slice(1), [`${file}:2: an entry has more than 131072 words`]);
      assert.ok(memory() - before < 200, `${memory() - before} MiB`);
      assert.deepEqual(faultsOf(file, '(\n'.repeat(1_000_000)), [`${file}:1: a parenthesis is not closed`]);
    });

    it('of files that are included in all are 10,000', () => {
      for (let i = 0; i < 9; i++) writeFileSync(join(folder, String(i)), `$INCLUDE ${i + 1}\n`.repeat(100));
      writeFileSync(join(folder, '9'), 'a 60 A 192.0.2.1\n');
      const faults = new Set(faultsOf(join(folder, '0')));
      assert.deepEqual(
        [...faults].map((fault) => fault.replace(/.*: /, '')),
        Array(faults.size).fill('more than 10000 files are included'),
      );
      assert.ok(faults.size > 0);
    });
  });

  describe('$GENERATE', () => {
    it('stands for a record for each number', () => {
      assert.deepEqual(read('$TTL 60\n$GENERATE 1-5/2 h$ A 192.0.2.$\n'), [
        'h1.example.org 60 A 192.0.2.1',
        'h3.example.org 60 A 192.0.2.3',
        'h5.example.org 60 A 192.0.2.5',
      ]);
    });

    it('has offset, width and base, and plain dollar signs', () => {
      assert.deepEqual(read('$TTL 60\n$GENERATE 9-10 h${1,3}-${0,2,x}-${0,4,X} 5 TXT \\$ $$ ${-9} ${0,3,n}\n'), [
        'h010-09-0009.example.org 5 TXT ["$","$","0","9.0"]',
        'h011-0a-000A.example.org 5 TXT ["$","$","1","a.0"]',
      ]);
    });

    it('refuses invalid ranges and modifiers, and ranges that are too long', () => {
      fails('$GENERATE 5-1 h$ A 192.0.2.$\n', 'db:1: invalid range "5-1": START-STOP or START-STOP/STEP');
      fails('$GENERATE 0-9999999 h$ A 192.0.2.1\n', 'db:1: the range 0-9999999 has more than 65536 numbers');
      fails('$GENERATE 1-2 h${x} 60 A 192.0.2.1\n', /invalid modifier in "h\$\{x\}"/);
      fails('$GENERATE 1-2 h${-2} 60 A 192.0.2.1\n', 'db:1: h${-2} gives the negative number -1');
    });
  });

  describe('$INCLUDE', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
      mkdirSync(join(folder, 'more'));
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };

    it('reads from the folder of the file, with an origin of its own that ends with it', () => {
      write('more/inner', '$TTL 5\n a A 192.0.2.9\nb A 192.0.2.1\n$INCLUDE "third"\n'.replace(' a ', 'a '));
      write('more/third', '$ORIGIN example.net.\nc A 192.0.2.3\n');
      const outer = write('outer', '$TTL 60\n$INCLUDE more/inner sub\nd A 192.0.2.4\n');
      const records: ZoneFileRecord[] = [];
      const files = readZoneFile(outer, 'example.org', { onRecord: (record) => records.push(record) });
      assert.deepEqual(records.map(show), [
        'a.sub.example.org 5 A 192.0.2.9',
        'b.sub.example.org 5 A 192.0.2.1',
        'c.example.net 5 A 192.0.2.3',
        'd.example.org 60 A 192.0.2.4',
      ]);
      assert.deepEqual(
        [...files.keys()],
        ['outer', 'more/inner', 'more/third'].map((name) => join(folder, name)),
      );
      assert.equal(records[2].file, join(folder, 'more/third'));
      assert.equal(records[2].line, 2);
    });

    it('tells where a file is missing, where one has a fault, and where files go in circles', () => {
      const missing = write('missing', '\n$INCLUDE nowhere\n');
      assert.throws(() => readZoneFile(missing, 'example.org', nothing), {
        message: new RegExp(`^${missing}:2: ENOENT`),
      });
      const faulty = write('faulty', 'x 60 A y\n');
      assert.throws(() => readZoneFile(write('outer', '$INCLUDE faulty\n'), 'example.org', nothing), {
        message: `${faulty}:1: invalid IPv4 address "y": four numbers from 0 to 255 with dots between them`,
      });
      const circle = write('circle', '$INCLUDE circle\n');
      assert.throws(() => readZoneFile(circle, 'example.org', nothing), {
        message: `${circle}:1: files include each other more than 10 deep`,
      });
    });
  });

  it('give records or one error with its place, whatever is in them', () => {
    const pieces = fc.constantFrom(
      'a',
      '@',
      'A',
      'TXT',
      'IN',
      '60',
      '192.0.2.1',
      '"',
      '(',
      ')',
      ';',
      '\n',
      ' ',
      '\\',
      '\\#',
      '$TTL',
      '$ORIGIN',
      '$GENERATE',
      '1-3',
      'SVCB',
      'alpn=',
      '.',
      '\u00ff',
      '1h',
    );
    const texts = fc.oneof(
      fc.array(pieces).map((parts) => parts.join('')),
      fc.array(pieces).map((parts) => parts.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          for (const { ttl, line } of records(text)) {
            assert.ok(ttl >= 0 && line >= 1);
          }
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'ERR_MULTISOCKET_ZONE');
          assert.match((error as Error).message, /^db:\d+: /);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
