import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { writeRecord, type ResourceRecord } from '../../dist/dns/record.js';
import { MessageWriter } from '../../dist/dns/writer.js';
import { run } from '../support/clients.js';
import { exchange } from '../support/queries.js';
import { answeringOnce } from '../support/once.js';

/** The wire form of a record behind a header, in hexadecimal. */
function wire(record: ResourceRecord, questionClass = 1): string {
  const target = Buffer.alloc(0x20000);
  const writer = new MessageWriter();
  writer.begin(target, 0, 0xffff, '.');
  writer.at = 12;
  writeRecord(writer, record, questionClass);
  return target.toString('hex', 12, writer.at);
}

/** RDLENGTH and RDATA of a record whose owner is the root. */
function rdata(type: string, data: unknown): string {
  const text = wire({ type, name: '.', data } as ResourceRecord);
  const length = parseInt(text.slice(18, 22), 16);
  assert.equal(text.length, 2 * (11 + length));
  return text.slice(22);
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const EXAMPLE = `07${hex('example')}03${hex('org')}00`;

/** A record of each type that dns-packet knows, and what dig and kdig print of its RDATA. */
const records: readonly (readonly [type: packet.RecordType, data: unknown, printed: string])[] = [
  ['A', '192.0.2.1', '192.0.2.1'],
  ['AAAA', '2001:db8::1', '2001:db8::1'],
  ['NS', 'ns.example.org', 'ns.example.org.'],
  ['CNAME', 'a.example.net', 'a.example.net.'],
  ['DNAME', 'a.example.net', 'a.example.net.'],
  ['PTR', 'host.example.org', 'host.example.org.'],
  [
    'SOA',
    {
      mname: 'ns.example.org',
      rname: 'a\\.b.example.org',
      serial: 4294967295,
      refresh: 2,
      retry: 3,
      expire: 4,
      minimum: 5,
    },
    'ns.example.org. a\\.b.example.org. 4294967295 2 3 4 5',
  ],
  ['MX', { preference: 10, exchange: 'mail.example.org' }, '10 mail.example.org.'],
  ['TXT', [Buffer.from('one'), Buffer.from('two words'), Buffer.from('')], '"one" "two words" ""'],
  ['HINFO', { cpu: 'VAX', os: 'UNIX' }, '"VAX" "UNIX"'],
  ['RP', { mbox: 'root.example.org', txt: 'txt.example.org' }, 'root.example.org. txt.example.org.'],
  ['SRV', { priority: 1, weight: 2, port: 3, target: 'host.example.org' }, '1 2 3 host.example.org.'],
  [
    'NAPTR',
    { order: 1, preference: 2, flags: 'u', services: 'E2U+sip', regexp: '!^.*$!sip:a@b!', replacement: '.' },
    '1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .',
  ],
  ['CAA', { flags: 128, tag: 'issue', value: 'ca.example', issuerCritical: true }, '128 issue "ca.example"'],
  [
    'DS',
    { keyTag: 1, algorithm: 13, digestType: 2, digest: Buffer.alloc(32, 0xab) },
    `1 13 2 ${'AB'.repeat(28)} ${'AB'.repeat(4)}`,
  ],
  ['DNSKEY', { flags: 257, algorithm: 13, key: Buffer.alloc(3, 0xff) }, '257 3 13 ////'],
  [
    'RRSIG',
    {
      typeCovered: 'A',
      algorithm: 13,
      labels: 2,
      originalTTL: 300,
      expiration: 86400,
      inception: 0,
      keyTag: 7,
      signersName: 'example.org',
      signature: Buffer.alloc(3, 0xff),
    },
    'A 13 2 300 19700102000000 19700101000000 7 example.org. ////',
  ],
  ['NSEC', { nextDomain: 'z.example.org', rrtypes: ['A', 'MX', 'RRSIG', 'CAA'] }, 'z.example.org. A MX RRSIG CAA'],
  [
    'NSEC3',
    {
      algorithm: 1,
      flags: 1,
      iterations: 10,
      salt: bytes('aabb'),
      nextDomain: Buffer.alloc(20, 0),
      rrtypes: ['NS', 'DS'],
    },
    `1 1 10 AABB ${'0'.repeat(32)} NS DS`,
  ],
  ['SSHFP', { algorithm: 1, hash: 1, fingerprint: 'AB'.repeat(20) }, `1 1 ${'AB'.repeat(20)}`],
  ['TLSA', { usage: 3, selector: 1, matchingType: 1, certificate: bytes('abcd') }, '3 1 1 ABCD'],
  ['NULL', bytes('c0ffee'), '\\# 3 C0FFEE'],
];

/** dig refuses NSEC3 whose owner is no hash. */
function ownerOf(type: string): string {
  return type === 'NSEC3' ? `${'0'.repeat(32)}.example.org` : 'www.example.org';
}

describe('records of each type that dns-packet knows', () => {
  it('are all here', () => {
    const record = (packet as unknown as { record: (type: string) => unknown }).record;
    const known: string[] = [];
    for (let type = 1; type < 300; type++) {
      const [{ type: name }] = packet.decode(
        Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, type >> 8, type & 255, 0, 1]),
      ).questions!;
      if (record(name) !== record('TYPE0') && name !== 'OPT') known.push(name);
    }
    assert.deepEqual(records.map(([type]) => type).sort(), known.sort());
  });

  for (const [type, data] of records) {
    it(`${type} is read by dns-packet as it was given`, () => {
      const given = structuredClone(data);
      const { message } = exchange({}, (reply) => {
        reply.answer({ type, name: 'www.example.org', ttl: 2147483647, class: 'CH', data } as ResourceRecord);
      });
      const [answer] = message.answers!;
      const record = { name: 'www.example.org', type, ttl: 2147483647, class: 'CH', flush: false };
      assert.deepEqual(answer, { ...record, data: type === 'TXT' ? (data as Buffer[]) : data });
      assert.deepEqual(structuredClone(data), given, 'what was given is unchanged');
    });
  }

  for (const program of ['dig', 'kdig']) {
    it(`are read by ${program} without a warning`, async () => {
      const all = records.map(([type, data]) => ({ type, name: ownerOf(type), ttl: 300, data }) as ResourceRecord);
      const port = await answeringOnce((reply) => reply.answer(...all));
      const args = ['@127.0.0.1', '-p', String(port), '+tcp', '+noall', '+answer', 'www.example.org', 'A'];
      const output = await run(program, program === 'dig' ? [...args, '+time=5', '+tries=1'] : [...args, '+retry=0']);
      assert.doesNotMatch(output, /warning|malformed|error/i);
      const plain = (text: string): string =>
        text
          .replaceAll(/[\s"]+/g, ' ')
          .trim()
          .toUpperCase();
      const lines = output.split('\n').filter((line) => /\sIN\s/.test(line));
      assert.equal(lines.length, records.length);
      records.forEach(([type, , printed], i) => {
        const expected = plain(`${ownerOf(type)}. 300 IN ${type} ${printed}`);
        assert.equal(plain(lines[i]).replaceAll(' ', ''), expected.replaceAll(' ', ''));
      });
    });
  }
});

describe('a record', () => {
  it('has its class, or else that of the question', () => {
    assert.equal(wire({ type: 'A', name: '.', data: '192.0.2.1' }, 3), '000001000300000000' + '0004c0000201');
    assert.equal(wire({ type: 'A', name: '.', class: 'HS', data: '192.0.2.1' }).slice(6, 10), '0004');
    assert.equal(wire({ type: 'TYPE1', name: '.', class: 'CLASS7', data: bytes('01') }).slice(6, 10), '0007');
  });

  it('has a TTL of 0 when none is given', () => {
    assert.equal(wire({ type: 'A', name: '.', ttl: undefined, data: '192.0.2.1' }).slice(10, 18), '00000000');
  });

  it('of any type may have its RDATA as a Buffer', () => {
    for (const type of ['A', 'MX', 'SOA', 'NSEC', 'SVCB', 'TYPE65280', 'UNKNOWN_65280', 'TYPE16']) {
      assert.equal(rdata(type, bytes('0102030405')), '0102030405');
      assert.equal(rdata(type, bytes('')), '');
    }
    assert.equal(wire({ type: 'TYPE65280', name: '.', data: bytes('01') }).slice(2, 6), 'ff00');
  });

  it('of an unknown type is read by dns-packet as it was given (RFC 3597)', () => {
    const { message } = exchange({}, (reply) => reply.answer({ type: 'HTTPS', name: 'a.org', data: bytes('000100') }));
    const [answer] = message.answers! as { type: string; data: unknown }[];
    assert.equal(answer.type, 'UNKNOWN_65');
    assert.deepEqual(answer.data, bytes('000100'));
  });
});

describe('RDATA', () => {
  it('of TXT is a string or a list of them, text or bytes', () => {
    assert.equal(rdata('TXT', 'hi'), '026869');
    assert.equal(rdata('TXT', bytes('ff00')), '02ff00');
    assert.equal(rdata('TXT', ['hi', bytes('00'), '']), '026869' + '0100' + '00');
    assert.equal(rdata('TXT', 'x'.repeat(255)).length, 512);
  });

  it('of AAAA is the address, in each way to write it (RFC 4291 s.2.2)', () => {
    for (const [address, octets] of [
      ['::', '00000000000000000000000000000000'],
      ['::1', '00000000000000000000000000000001'],
      ['1::', '00010000000000000000000000000000'],
      ['2001:DB8::a:b', '20010db8000000000000000000' + '0a000b'],
      ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
      ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
      ['1::3:4:5:6:7:8', '00010000000300040005000600070008'],
      ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
      ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
      ['1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201'],
    ] as const) {
      assert.equal(rdata('AAAA', address), octets);
    }
  });

  it('has names compressed in the types of RFC 1035 alone (RFC 3597 s.4)', () => {
    const owner = (type: string, data: unknown): string =>
      wire({ type, name: 'example.org', data } as ResourceRecord).slice(26 + 20);
    assert.equal(owner('NS', 'a.example.org'), '0161c00c');
    assert.equal(owner('CNAME', 'a.example.org'), '0161c00c');
    assert.equal(owner('PTR', 'a.example.org'), '0161c00c');
    assert.equal(owner('MX', { exchange: 'a.example.org' }), '00000161c00c');
    assert.equal(owner('SOA', { mname: 'a.example.org', rname: 'a.example.org' }).slice(0, 12), '0161c00cc023');
    const plain = `0161${EXAMPLE}`;
    assert.equal(owner('DNAME', 'a.example.org'), plain);
    assert.equal(owner('SRV', { port: 1, target: 'a.example.org' }), `000000000001${plain}`);
    assert.equal(owner('RP', { mbox: 'a.example.org', txt: 'a.example.org' }), plain + plain);
    assert.equal(owner('NSEC', { nextDomain: 'a.example.org', rrtypes: [] }), plain);
  });

  it('has names with escapes, in every type that has names', () => {
    const name = '\\000.a\\.b.example.org';
    const written = `010003${hex('a.b')}${EXAMPLE}`;
    for (const type of ['NS', 'CNAME', 'PTR', 'DNAME']) assert.equal(rdata(type, name), written);
    assert.ok(rdata('MX', { exchange: name }).endsWith(written));
    assert.ok(rdata('SRV', { target: name }).endsWith(written));
    assert.ok(rdata('SOA', { mname: '.', rname: name }).startsWith(`00${written}`));
    assert.equal(rdata('RP', { mbox: name, txt: '.' }), `${written}00`);
    assert.ok(rdata('NSEC', { nextDomain: name, rrtypes: ['A'] }).startsWith(written));
    assert.ok(rdata('NAPTR', { flags: '', services: '', regexp: '', replacement: name }).endsWith(written));
    const signature = { typeCovered: 'A', signersName: name, signature: bytes('ff') };
    assert.ok(rdata('RRSIG', signature).endsWith(`${written}ff`));
  });

  it('has lists of types in order, with those that dns-packet does not know (RFC 4034 s.4.1.2)', () => {
    const types = ['CAA', 'TYPE1234', 'HTTPS', 'A', 'NSEC', 'A'];
    // Window 0: 1 (A), 47 (NSEC), 65 (HTTPS); window 1: 257 (CAA); window 4: 1234.
    const window0 = '0009' + '400000000001000040';
    const window4 = '041b' + '00'.repeat(26) + '20';
    assert.equal(rdata('NSEC', { nextDomain: '.', rrtypes: types }), `00${window0}010140${window4}`);
    assert.equal(rdata('NSEC', { nextDomain: '.', rrtypes: ['TYPE255'] }), '000020' + '00'.repeat(31) + '01');
    assert.ok(rdata('RRSIG', { typeCovered: 'SVCB', signersName: '.', signature: bytes('') }).startsWith('0040'));
  });

  it('of CAA may be marked as critical without a change to what was given', () => {
    const data = Object.freeze({ issuerCritical: true, tag: 'issue', value: 'ca.example' });
    assert.equal(rdata('CAA', data), `8005${hex('issue')}${hex('ca.example')}`);
  });

  it('has numbers up to their greatest', () => {
    assert.equal(rdata('MX', { preference: 65535, exchange: '.' }), 'ffff00');
    assert.equal(rdata('SRV', { priority: 65535, weight: 65535, port: 65535, target: '.' }), 'ffffffffffff00');
  });
});

const a = (more: Record<string, unknown>): unknown => ({ type: 'A', name: 'a.org', data: '192.0.2.1', ...more });
const typed = (type: string, data: unknown): unknown => ({ type, name: 'a.org', data });
const long = `${'x'.repeat(64)}.org`;

describe('a record is refused', () => {
  for (const [what, record, message] of [
    ['of no type', a({ type: 'NONSENSE' }), 'unknown type "NONSENSE"'],
    ['of a type in lower case', a({ type: 'a' }), 'unknown type "a"'],
    ['of type OPT', typed('OPT', bytes('')), 'a reply cannot have an OPT record of its own: the server writes it'],
    [
      'of type OPT by number',
      typed('TYPE41', bytes('')),
      'a reply cannot have an OPT record of its own: the server writes it',
    ],
    ['of no class', a({ class: 'XX' }), 'unknown class "XX"'],
    ['with a negative TTL', a({ ttl: -1 }), 'the TTL -1 is not an integer from 0 to 2147483647'],
    ['with a TTL above 2^31 - 1', a({ ttl: 2 ** 31 }), 'the TTL 2147483648 is not an integer from 0 to 2147483647'],
    ['with a TTL of half a second', a({ ttl: 0.5 }), 'the TTL 0.5 is not an integer from 0 to 2147483647'],
    ['with a TTL that is no number', a({ ttl: '5' }), "the TTL '5' is not an integer from 0 to 2147483647"],
    ['without a name', a({ name: undefined }), 'a name must be a string, not undefined'],
    ['with a bad name', a({ name: 'a..b' }), 'the name "a..b" has an empty label'],
    ['without an address', a({ data: undefined }), 'invalid IPv4 address undefined'],
    ['with an IPv6 address in A', a({ data: '::1' }), "invalid IPv4 address '::1'"],
    ['with leading zeros in A', a({ data: '192.0.2.01' }), "invalid IPv4 address '192.0.2.01'"],
    ['with an IPv4 address in AAAA', typed('AAAA', '192.0.2.1'), "invalid IPv6 address '192.0.2.1'"],
    ['with nonsense in AAAA', typed('AAAA', 'zz::1'), "invalid IPv6 address 'zz::1'"],
    ['with a zone in AAAA', typed('AAAA', 'fe80::1%eth0'), "invalid IPv6 address 'fe80::1%eth0'"],
    ['with TXT of nothing', typed('TXT', []), 'text needs at least one string'],
    ['with TXT of a number', typed('TXT', [7]), 'a string or a Buffer is needed, not 7'],
    ['with TXT that is too long', typed('TXT', 'x'.repeat(256)), 'a string has more than 255 octets'],
    [
      'with HINFO that is too long',
      typed('HINFO', { cpu: 'x'.repeat(256), os: '' }),
      'a string has more than 255 octets',
    ],
    ['with CAA of a long tag', typed('CAA', { tag: 'x'.repeat(256), value: '' }), 'a string has more than 255 octets'],
    [
      'with MX of a great preference',
      typed('MX', { preference: 65536, exchange: '.' }),
      'the preference 65536 is not an integer from 0 to 65535',
    ],
    [
      'with SRV of a port too far',
      typed('SRV', { port: 1e5, target: '.' }),
      'the port 100000 is not an integer from 0 to 65535',
    ],
    [
      'with SOA of a negative serial',
      typed('SOA', { mname: '.', rname: '.', serial: -1 }),
      'the serial -1 is not an integer from 0 to 4294967295',
    ],
    ['with NSEC of no type', typed('NSEC', { nextDomain: '.', rrtypes: ['XYZ'] }), "unknown type 'XYZ'"],
    [
      'with a bad name in RRSIG',
      typed('RRSIG', { typeCovered: 'A', signersName: long, signature: bytes('') }),
      `the name "${long}" has a label of more than 63 octets`,
    ],
    ['with half of the text of HIP', typed('HIP', '2 200100107B'), 'the public key is missing'],
    ['with a number in HIP', typed('HIP', 7), 'the data must be a Buffer or text, not 7'],
    [
      'without data of a type unknown',
      typed('TYPE65280', undefined),
      'the data of TYPE65280 must be a Buffer, not undefined',
    ],
    ['with too much RDATA', typed('TYPE65280', Buffer.alloc(65536)), 'RDATA has more than 65,535 octets'],
  ] as const) {
    it(what, () => {
      assert.throws(() => wire(record as ResourceRecord), { message });
    });
  }
});
