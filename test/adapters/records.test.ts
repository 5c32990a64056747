import assert from 'node:assert/strict';
import packet, { type Answer, type DecodedPacket, type Packet } from 'dns-packet';
import type { Handler, Server } from 'multisocket';
import { fromDinodns, fromDnsPacket, fromNativeDns, type NativeDnsRecord } from 'multisocket/adapters';
import { ask, opt } from '../support/clients.js';
import { serve } from '../support/server.js';

let server: Server;
let warnings: (Error & { code?: string })[];
async function answerOf(
  handler: Handler,
  name = 'a.test',
  more: Packet = {},
): Promise<DecodedPacket & { rcode: string }> {
  const served = await serve({ workers: 0, handler });
  ({ server, warnings } = served);
  return ask(served.port, name, 'A', more);
}

/** What dns-packet makes of a packet that is sent by dgram. */
const plainly = (response: object): DecodedPacket & { rcode: string } =>
  packet.decode(packet.encode(response)) as DecodedPacket & { rcode: string };

describe('records of other libraries', () => {
  afterEach(() => server.close());

  const name = 'a.test';
  const lenient: [what: string, record: object][] = [
    ['a type in lower case', { type: 'a', name, ttl: 1, data: '192.0.2.1' }],
    ['a class in lower case', { type: 'A', class: 'in', name, ttl: 1, data: '192.0.2.1' }],
    ['another class in lower case', { type: 'TXT', class: 'ch', name, ttl: 1, data: 'x' }],
    ['a TTL with a fraction', { type: 'A', name, ttl: 1.7, data: '192.0.2.1' }],
    ['a TTL as text', { type: 'A', name, ttl: '300', data: '192.0.2.1' }],
    ['a TTL that is no number', { type: 'A', name, ttl: NaN, data: '192.0.2.1' }],
    ['no TTL', { type: 'A', name, data: '192.0.2.1' }],
    ['a TTL of null', { type: 'A', name, ttl: null, data: '192.0.2.1' }],
    ['a last dot', { type: 'CNAME', name: `${name}.`, ttl: 1, data: 'b.test.' }],
    ['TXT as a string', { type: 'TXT', name, ttl: 1, data: 'bücher' }],
    ['TXT as a Buffer', { type: 'TXT', name, ttl: 1, data: Buffer.from([0, 255]) }],
    ['TXT as a list', { type: 'txt', name, ttl: 1, data: ['a', Buffer.from('b'), ''] }],
    ['MX without a preference', { type: 'MX', name, ttl: 1, data: { exchange: 'mx.test' } }],
    ['SRV without numbers', { type: 'srv', name, ttl: 1, data: { port: 53, target: 'b.test' } }],
    ['CAA with text', { type: 'caa', name, ttl: 1, data: { flags: 0, tag: 'issue', value: 'ca.test' } }],
    ['SOA with a dot in its mailbox', soa('first\\.last.test')],
    ['UTF-8 in a name', { type: 'CNAME', name, ttl: 1, data: 'bücher.test' }],
    ['a backslash in a name', { type: 'CNAME', name, ttl: 1, data: 'a\\b.test' }],
    ['the bit of mDNS', { type: 'A', name, ttl: 1, flush: true, data: '192.0.2.1' }],
    ['an unknown type', { type: 'UNKNOWN_65280', name, ttl: 1, data: Buffer.from('x') }],
    ['NULL as text', { type: 'NULL', name, ttl: 1, data: 'x' }],
  ];
  function soa(rname: string): object {
    const numbers = { serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
    return { type: 'SOA', name, ttl: 1, data: { mname: 'ns.test', rname, ...numbers } };
  }

  for (const [what, record] of lenient) {
    it(`dns-packet takes ${what}`, async () => {
      // Each its own copy: dns-packet changes TXT as it encodes it.
      const copy = (): object => ({ type: 'response', questions: [], answers: [{ ...record }] });
      const { answers } = await answerOf(fromDnsPacket(() => copy()));
      assert.deepEqual(answers, plainly(copy()).answers);
    });
  }

  for (const flags of [0, 3, packet.AUTHORITATIVE_ANSWER | 5, packet.TRUNCATED_RESPONSE, packet.RECURSION_AVAILABLE]) {
    it(`dns-packet's flags ${flags}, spread over the query`, async () => {
      const handler = fromDnsPacket((query) => ({ ...query, type: 'response', flags: query.flags! | flags }));
      const { rcode, flag_aa, flag_tc, flag_ra } = await answerOf(handler);
      const expected = plainly({ type: 'response', questions: [], flags });
      assert.deepEqual(
        { rcode, flag_aa, flag_tc, flag_ra },
        {
          rcode: expected.rcode,
          flag_aa: expected.flag_aa,
          flag_tc: expected.flag_tc,
          flag_ra: expected.flag_ra,
        },
      );
    });
  }

  it('EDNS options of a handler reach the client, and the own of the server do not come from it', async () => {
    const given = [
      { code: 15, data: Buffer.from([0, 18]) },
      { code: 10, data: Buffer.alloc(16) },
    ];
    const handler = fromDnsPacket(() => ({
      type: 'response',
      additionals: [opt(4096, { options: given as never[], extendedRcode: 1 })],
    }));
    const { additionals, rcode } = await answerOf(handler, name, { additionals: [opt()] });
    const [{ options, extendedRcode }] = additionals as unknown as {
      options: { code: number }[];
      extendedRcode: number;
    }[];
    assert.deepEqual(
      options.map(({ code }) => code),
      [15],
    );
    assert.deepEqual([extendedRcode, rcode], [1, 'NOERROR']);
  });

  it('a record with an empty label is SERVFAIL, not a malformed reply', async () => {
    const handler = fromDnsPacket(() => ({
      type: 'response',
      answers: [{ type: 'A', name: 'a..test', data: '192.0.2.1' }],
    }));
    assert.equal((await answerOf(handler)).rcode, 'SERVFAIL');
    assert.match(warnings[0].message, /a\.\.test/);
  });

  const native: [what: string, record: Partial<NativeDnsRecord>, expected: object | RegExp][] = [
    ['A', { type: 1, address: '192.0.2.1' }, { data: '192.0.2.1' }],
    ['AAAA', { type: 28, address: '2001:db8::1' }, { data: '2001:db8::1' }],
    ['NS', { type: 2, data: 'ns.test' }, { data: 'ns.test' }],
    ['PTR', { type: 12, data: 'b.test' }, { data: 'b.test' }],
    ['SPF', { type: 99, data: ['v=spf1'] }, { data: Buffer.from('\u0006v=spf1') }],
    [
      'TLSA',
      { type: 52, usage: 3, selector: 1, matchingtype: 1, buff: Buffer.from('abcd') },
      { data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('abcd') } },
    ],
    [
      'NAPTR',
      { type: 35, order: 1, preference: 2, flags: 'u', service: 's', regexp: 'r', replacement: 'b.test' },
      { data: { order: 1, preference: 2, flags: 'u', services: 's', regexp: 'r', replacement: 'b.test' } },
    ],
    ['CAA by its RDATA', { type: 257, data: Buffer.from('\0\u0005issueca') }, { type: 'CAA' }],
    ['a type without a name', { type: 65280, data: Buffer.from('x') }, { data: Buffer.from('x') }],
    [
      'CAA by fields',
      { type: 257, flags: 0, tag: 'issue', value: 'ca' },
      /type CAA needs its RDATA as a Buffer in "data"/,
    ],
    ['HINFO without data', { type: 13 }, /type HINFO needs its RDATA/],
    [
      'TLSA without its data',
      { type: 52, usage: 3, selector: 1, matchingtype: 1 },
      /type TLSA needs a Buffer in "buff"/,
    ],
    ['MX without a preference', { type: 15, exchange: 'mx.test' }, /type MX needs a number in "priority"/],
    ['A without an address', { type: 1 }, /type A needs an address in "address"/],
    ['a type without a name or data', { type: 65280 }, /type TYPE65280 needs its RDATA/],
  ];
  for (const [what, record, expected] of native) {
    it(`native-dns: ${what}`, async () => {
      const handler = fromNativeDns((_request, response) => {
        response.answer.push({ name, class: 1, ttl: 60, ...record } as NativeDnsRecord);
        response.send();
      });
      const { answers, rcode } = await answerOf(handler);
      if (expected instanceof RegExp) {
        assert.equal(rcode, 'SERVFAIL');
        assert.match(warnings[0].message, expected);
        return;
      }
      const [{ data, type }] = answers as unknown as { data: object; type: string }[];
      const plain: unknown = Buffer.isBuffer(data) || typeof data !== 'object' ? data : { ...data };
      assert.deepEqual('data' in expected ? { data: plain } : { type }, expected);
    });
  }

  it('dinodns: the packet of a response, its flags, and a second answer', async () => {
    const errors: unknown[] = [];
    const events: string[] = [];
    const handler = fromDinodns((request, response) => {
      for (const event of ['answer', 'done']) response.once(event, () => events.push(event));
      response.packet.addFlag(packet.AUTHORITATIVE_ANSWER);
      response.packet.authorities = [{ type: 'NS', name, ttl: 1, data: 'ns.test' }];
      response.answer({
        type: 'A',
        name: request.packet.questions[0].name,
        ttl: 1,
        data: '192.0.2.1',
      } as Answer as never);
      try {
        response.resolve();
      } catch (error) {
        errors.push(error);
      }
    });
    const { answers, authorities, flag_aa } = await answerOf(handler);
    assert.deepEqual([answers!.length, authorities!.length, flag_aa], [1, 1, true]);
    assert.equal(errors.length, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(events, ['answer', 'done']);
  });
});
