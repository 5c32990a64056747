/** SVCB and HTTPS, and other types that dns-packet lacks: what goes on the wire, and what dig makes of it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DecodedMessage, ResourceRecord, ServiceBinding, ServiceRecord } from 'multisocket';
import { dig } from '../support/clients.js';
import { exchange, receiveOne, Reply } from '../support/queries.js';
import { serve } from '../support/server.js';

type Data = Extract<ResourceRecord, { type: 'SVCB' | 'HTTPS' }>['data'];

/** The RDATA of an answer as it goes on the wire. */
function wire(type: string, data: unknown): string {
  const { message } = exchange({}, (reply) => {
    reply.answer({ type, name: 'www.example.org', data } as ResourceRecord);
  });
  assert.equal(message.answers?.length, 1);
  return (message.answers[0] as { data: Buffer }).data.toString('hex');
}

/** Why a record cannot be written. */
function refused(type: string, data: unknown): string {
  let reason = '';
  assert.throws(
    () => exchange({}, (reply) => void reply.answer({ type, name: 'www.example.org', data } as ResourceRecord)),
    (error) => {
      reason = (error as Error).message;
      return true;
    },
  );
  return reason;
}

/** What a record with that RDATA is decoded into, by a reply that takes it over and by a query; either writes it again. */
function readBack(type: 'SVCB' | 'HTTPS', hex: string): unknown {
  const number = type === 'SVCB' ? '0040' : '0041';
  const length = (hex.length / 2).toString(16).padStart(4, '0');
  const record = `c00c${number}00010000003c${length}${hex}`;
  const header = (flags: string, counts: string): string => `1234${flags}0001${counts}`;
  const question = '076578616d706c65036f72670000010001';
  const sent = Buffer.from(header('8180', '000100000000') + question + record, 'hex');
  const { bytes } = exchange({ size: undefined }, (reply) => {
    reply.send(sent);
    const [read] = reply.answers as ServiceRecord[];
    assert.equal(read.type, type);
    reply.answers = [read];
  });
  assert.equal(bytes.toString('hex', 12), question + record);
  const { answers, message } = receiveBoth(Buffer.from(header('0100', '000000000001') + question + record, 'hex'));
  assert.deepEqual(message.additionals, answers);
  return (answers[0] as ServiceRecord).data;
}

/** As a query has a message's one additional record, and as a reply to it has that record taken over. */
function receiveBoth(query: Buffer): { answers: readonly ResourceRecord[]; message: DecodedMessage } {
  const response = Buffer.from(query);
  response.writeUInt16BE(1, 6);
  response.writeUInt16BE(0, 10);
  const asked = receiveOne(query);
  const reply = new Reply(asked).send(response);
  return { answers: reply.answers, message: asked.message };
}

/** An object as it is read: without lists in another order and IPv6 addresses in another form. */
function normal(data: Data): unknown {
  const { priority, target, params } = data as ServiceBinding;
  if (params === undefined) return { priority, target };
  const { mandatory, ipv6hint, ...others } = params;
  const order = ['alpn', 'ipv4hint'];
  return {
    priority,
    target,
    params: {
      ...others,
      ...(mandatory && { mandatory: order.filter((name) => mandatory.includes(name)) }),
      ...(ipv6hint && { ipv6hint: ipv6hint.map((address) => address.replace('192.0.2.33', 'c000:221')) }),
    },
  };
}

const foo = '03666f6f07' + Buffer.from('example').toString('hex') + '03636f6d00';

const known = 'key0 to key65534, mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint, dohpath, ohttp';

describe('the data of SVCB and HTTPS (RFC 9460)', () => {
  // As an object, as text, and on the wire: the test vectors of RFC 9460 appendix D.
  const vectors: [title: string, object: Data, text: string, hex: string][] = [
    ['an alias', { priority: 0, target: 'foo.example.com' }, '0 foo.example.com.', `0000${foo}`],
    ['the owner itself', { priority: 1, target: '.' }, '1 .', '000100'],
    [
      'a port',
      { priority: 16, target: 'foo.example.com', params: { port: 53 } },
      '16 foo.example.com. port=53',
      `0010${foo}000300020035`,
    ],
    [
      'a parameter without a name',
      { priority: 1, target: 'foo.example.com', params: { key667: Buffer.from('hello') } },
      '1 foo.example.com. key667=hello',
      `0001${foo}029b000568656c6c6f`,
    ],
    [
      'an octet that is no character',
      { priority: 1, target: 'foo.example.com', params: { key667: Buffer.from('hello\xd2qoo', 'latin1') } },
      '1 foo.example.com. key667="hello\\210qoo"',
      `0001${foo}029b000968656c6c6fd2716f6f`,
    ],
    [
      'two IPv6 hints',
      { priority: 1, target: 'foo.example.com', params: { ipv6hint: ['2001:db8::1', '2001:db8::53:1'] } },
      '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
      `0001${foo}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
    ],
    [
      'an IPv4-mapped IPv6 hint',
      { priority: 1, target: 'foo.example.com', params: { ipv6hint: ['2001:db8:122:344::192.0.2.33'] } },
      '1 foo.example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
      `0001${foo}0006001020010db80122034400000000c0000221`,
    ],
    [
      'parameters in any order, which are sorted',
      {
        priority: 16,
        target: 'foo.example.org',
        params: { alpn: ['h2', 'h3-19'], mandatory: ['ipv4hint', 'alpn'], ipv4hint: ['192.0.2.1'] },
      },
      '16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
      '001003666f6f076578616d706c65036f726700' + '0000000400010004' + '000100090268320568332d3139' + '00040004c0000201',
    ],
    [
      'a comma and a backslash in a protocol',
      { priority: 16, target: 'foo.example.org', params: { alpn: ['f\\oo,bar', 'h2'] } },
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      '001003666f6f076578616d706c65036f726700' + '0001000c08665c6f6f2c626172026832',
    ],
    [
      'all that have names',
      {
        priority: 1,
        target: '.',
        params: {
          ohttp: true,
          dohpath: '/dns-query{?dns}',
          ech: Buffer.from('abcd'),
          'no-default-alpn': true,
          alpn: ['h3'],
        },
      },
      '1 . alpn=h3 no-default-alpn ech=YWJjZA== dohpath=/dns-query{?dns} ohttp',
      '000100' +
        '00010003026833' +
        '00020000' +
        '0005000461626364' +
        `00070010${Buffer.from('/dns-query{?dns}').toString('hex')}` +
        '00080000',
    ],
  ];
  for (const [title, object, text, hex] of vectors) {
    it(`${title}, from an object and from text`, () => {
      for (const type of ['SVCB', 'HTTPS']) {
        assert.equal(wire(type, object), hex);
        assert.equal(wire(type, text), hex);
      }
    });
  }

  it('is read back as it was given: what is sent encoded, and what stands in a query', () => {
    for (const type of ['SVCB', 'HTTPS'] as const) {
      for (const [, object, , hex] of vectors) assert.deepEqual(readBack(type, hex), normal(object));
    }
  });

  // What is malformed (RFC 9460 s.2.2), and what this library would write in another way.
  const foreign: [title: string, hex: string][] = [
    ['nothing', ''],
    ['no target', '0001'],
    ['a target without its end', '000103666f6f'],
    ['a target that is compressed', '0001c00c'],
    ['a parameter without its length', '0001000001'],
    ['a parameter without its end', '000100000300040035'],
    ['keys that do not ascend', '000100000300020035000100030268'],
    ['a key twice', '000100000300020035' + '000300020035'],
    ['the key that is invalid', '000100ffff0000'],
    ['a port of three octets', '00010000030003003500'],
    ['no port', '00010000030000'],
    ['half an IPv4 hint', '000100000400060102030405ff'],
    ['half an IPv6 hint', '00010000060008ffffffffffffffff'],
    ['a protocol that is longer than the list', '00010000010003056832'],
    ['an empty protocol', '00010000010001' + '00'],
    ['no-default-alpn with a value', '000100' + '00010003026833' + '0002000100'],
    ['no-default-alpn alone', '000100' + '00020000'],
    ['mandatory with what is not there', '000100' + '000000020003'],
    ['mandatory with what descends', '000100' + '0000000400040003' + '000300020035' + '0004000401020304'],
    ['half a key in mandatory', '000100' + '000000030003ff' + '000300020035'],
  ];
  for (const [title, hex] of foreign) {
    it(`${title} stays octets, and is written again as it was`, () => {
      assert.deepEqual(readBack('HTTPS', hex), Buffer.from(hex, 'hex'));
    });
  }

  it('octets that are no text stay octets in dohpath, and are escaped in the target', () => {
    const data = { priority: 1, target: 'a\\.b\\000c\\\\.\\255', params: { dohpath: Buffer.of(0xff) } };
    const hex = '0001' + '06612e6200635c' + '01ff' + '00' + '00070001ff';
    assert.equal(wire('HTTPS', data), hex);
    assert.deepEqual(readBack('HTTPS', hex), data);
  });

  it('any object that can be written is read back, or its octets are', () => {
    const octets = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    const value = fc.tuple(fc.integer({ min: 0, max: 12 }), octets).map(([key, bytes]) => {
      const head = Buffer.alloc(4);
      head.writeUInt16BE(key);
      head.writeUInt16BE(bytes.length, 2);
      return Buffer.concat([head, bytes]);
    });
    const start = fc.constantFrom('000100', '000003666f6f00', `0010${foo}`).map((hex) => Buffer.from(hex, 'hex'));
    const rdata = fc
      .tuple(start, fc.array(value, { maxLength: 4 }))
      .map(([head, values]) => Buffer.concat([head, ...values]));
    fc.assert(fc.property(fc.oneof(rdata, octets), (bytes) => void readBack('SVCB', bytes.toString('hex'))));
  });

  const none = { priority: 1, target: '.' };
  const faults: [data: unknown, reason: string | RegExp][] = [
    [{ priority: 65536, target: '.' }, 'the priority 65536 is not an integer from 0 to 65535'],
    [{ priority: 1 }, /^a name must be a string/],
    [{ ...none, params: { colour: 'red' } }, `unknown service parameter colour: ${known}`],
    [{ ...none, params: { key65535: Buffer.alloc(0) } }, `unknown service parameter key65535: ${known}`],
    [{ ...none, params: { key01: Buffer.alloc(0) } }, `unknown service parameter key01: ${known}`],
    [{ ...none, params: { toString: true } }, `unknown service parameter toString: ${known}`],
    [{ ...none, params: { port: 53, key3: Buffer.alloc(2) } }, 'the parameter with the number 3 is given twice'],
    [{ ...none, params: { port: 65536 } }, 'the parameter port: the port 65536 is not an integer from 0 to 65535'],
    [{ ...none, params: { alpn: [] } }, 'the parameter alpn: its list is empty'],
    [{ ...none, params: { alpn: 'h2' } }, 'the parameter alpn: its list is empty'],
    [{ ...none, params: { alpn: [''] } }, 'the parameter alpn: a protocol has no name'],
    [{ ...none, params: { alpn: ['x'.repeat(256)] } }, 'the parameter alpn: a string has more than 255 octets'],
    [{ ...none, params: { 'no-default-alpn': true } }, 'no-default-alpn needs alpn'],
    [{ ...none, params: { ipv4hint: ['192.0.2'] } }, "the parameter ipv4hint: invalid IPv4 address '192.0.2'"],
    [{ ...none, params: { ipv6hint: ['fe80::1%1'] } }, "the parameter ipv6hint: invalid IPv6 address 'fe80::1%1'"],
    [{ ...none, params: { ech: 'abcd' } }, "the parameter ech: the value must be a Buffer, not 'abcd'"],
    [{ ...none, params: { ohttp: 1 } }, 'the parameter ohttp: it takes no value: true is expected, not 1'],
    [{ ...none, params: { mandatory: ['port'] } }, 'port is mandatory and is not there'],
    [{ ...none, params: { mandatory: ['mandatory'] } }, 'the parameter mandatory: it cannot name itself'],
    [
      { ...none, params: { mandatory: ['port', 'key3'], port: 1 } },
      'the parameter mandatory: it names a parameter twice',
    ],
    ['', 'the record is empty'],
    ['x .', 'invalid priority "x": an integer from 0 to 65535'],
    ['1', 'the target is missing'],
    ['1 . alpn="h2', 'a quote is not closed on its line, or the line ends with a backslash'],
    ['1 . port', 'the parameter port: invalid port "": 0 to 65535'],
    ['1 . port=1 port=2', 'the parameter port is given twice'],
    ['1 . ohttp=1', 'the parameter ohttp: it takes no value'],
    ['1 . ech=a', 'the parameter ech: invalid ech "a": Base64 (RFC 4648 section 4)'],
    ['1 . key667=\\256', 'the parameter key667: invalid escape \\256: three digits, at most \\255'],
  ];
  for (const [data, reason] of faults) {
    it(`${JSON.stringify(data).slice(0, 90)} is refused: ${String(reason)}`, () => {
      const said = refused('HTTPS', data);
      if (typeof reason === 'string') assert.equal(said, reason);
      else assert.match(said, reason);
    });
  }
});

describe('other types that dns-packet lacks', () => {
  const digest = Buffer.alloc(4, 0xab);
  const cases: [type: string, data: unknown, hex: string][] = [
    ['URI', { priority: 10, weight: 1, target: 'ftp://x/' }, '000a0001' + Buffer.from('ftp://x/').toString('hex')],
    ['AFSDB', { subtype: 1, hostname: 'foo.example.com' }, `0001${foo}`],
    ['KX', { preference: 2, exchanger: 'foo.example.com' }, `0002${foo}`],
    ['CDS', { keyTag: 1, algorithm: 13, digestType: 2, digest }, '00010d02abababab'],
    ['DLV', { keyTag: 1, algorithm: 13, digestType: 2, digest }, '00010d02abababab'],
    ['CDNSKEY', { flags: 257, algorithm: 13, key: digest }, '0101030dabababab'],
    ['SMIMEA', { usage: 3, selector: 1, matchingType: 1, certificate: digest }, '030101abababab'],
    ['SPF', 'v=spf1 -all', `0b${Buffer.from('v=spf1 -all').toString('hex')}`],
  ];
  for (const [type, data, hex] of cases) {
    it(`${type} is written as its RFC has it`, () => {
      assert.equal(wire(type, data), hex);
    });
  }
});

it('dig reads SVCB, HTTPS, URI and CDS as they were given', async () => {
  const records = [
    ['HTTPS', '1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1'],
    ['SVCB', { priority: 2, target: 'svc.example.net', params: { alpn: ['dot'], port: 853 } }],
    ['URI', { priority: 10, weight: 1, target: 'https://example.org/' }],
    ['CDS', { keyTag: 1, algorithm: 13, digestType: 2, digest: Buffer.alloc(32, 0xab) }],
  ] as const;
  const { server, port } = await serve({
    workers: 0,
    handler: (query, reply) => {
      const [type, data] = records.find(([name]) => name === query.type)!;
      reply.answer({ type, name: query.name, ttl: 60, data } as ResourceRecord);
    },
  });
  const read = async (type: string): Promise<string> =>
    (await dig('@127.0.0.1', '-p', String(port), '+short', '+norec', 'www.example.org', type)).trim();
  assert.equal(await read('HTTPS'), '1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1');
  assert.equal(await read('SVCB'), '2 svc.example.net. alpn="dot" port=853');
  assert.equal(await read('URI'), '10 1 "https://example.org/"');
  assert.equal(await read('CDS'), `1 13 2 ${'AB'.repeat(28)} ${'AB'.repeat(4)}`);
  await server.close();
});
