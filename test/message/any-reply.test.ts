import assert from 'node:assert/strict';
import type packet from 'dns-packet';
import fc from 'fast-check';
import { replyLimit } from '../../dist/message/reply-limit.js';
import type { ResourceRecord } from '../../dist/dns/record.js';
import { asked, encoded, exchange, Reply, type Asked } from '../support/queries.js';

// Few labels, so that names share their ends with each other and with the question.
const label = fc.constantFrom(
  'a',
  'A',
  'b',
  'example',
  'eXample',
  'x'.repeat(63),
  'org',
  'a-b',
  '\\000',
  '\\.',
  '_tcp',
);
const name = fc
  .array(label, { maxLength: 5 })
  .map((labels) => (labels.length === 0 ? '.' : labels.join('.')))
  .filter((text) => text.replaceAll(/\\(\d{3}|.)/g, 'x').length <= 253);
const u16 = fc.nat(0xffff);
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array.buffer, array.byteOffset, array.length));
const type = fc.constantFrom('A', 'NS', 'MX', 'RRSIG', 'CAA', 'HTTPS', 'TYPE1234', 'TYPE65535');

const dataOf = fc.oneof(
  fc.record({ type: fc.constant('A'), data: fc.ipV4() }),
  fc.record({ type: fc.constant('AAAA'), data: fc.ipV6() }),
  fc.record({ type: fc.constantFrom('NS', 'CNAME', 'PTR', 'DNAME'), data: name }),
  fc.record({ type: fc.constant('MX'), data: fc.record({ preference: u16, exchange: name }) }),
  fc.record({ type: fc.constant('SOA'), data: fc.record({ mname: name, rname: name, serial: fc.nat() }) }),
  fc.record({ type: fc.constant('TXT'), data: fc.array(bytes(255), { minLength: 1, maxLength: 3 }) }),
  fc.record({ type: fc.constant('SRV'), data: fc.record({ priority: u16, weight: u16, port: u16, target: name }) }),
  fc.record({ type: fc.constant('NSEC'), data: fc.record({ nextDomain: name, rrtypes: fc.uniqueArray(type) }) }),
  fc.record({
    type: fc.constant('RRSIG'),
    data: fc.record({ typeCovered: type, signersName: name, keyTag: u16, signature: bytes(64) }),
  }),
  fc.record({ type: fc.constantFrom('TYPE65280', 'HTTPS', 'NULL'), data: bytes(300) }),
);
const record = fc
  .tuple(fc.record({ name, ttl: fc.nat(0x7fffffff) }), dataOf)
  .map(([head, data]) => ({ ...head, ...data }) as unknown as ResourceRecord);
const section = fc.array(record, { maxLength: 12 });

const how: fc.Arbitrary<Asked> = fc.record({
  name: fc.constantFrom('example.org', 'A.b.eXample.org', '.', 'org'),
  transport: fc.constantFrom('udp', 'tcp'),
  size: fc.constantFrom(undefined, 512, 700, 1232, 65535),
  dnssecOk: fc.boolean(),
  maxPayloadSize: fc.constantFrom(512, 1232, 4096),
});

/** What dns-packet makes of a name: no escapes, which it does not know, and in the case of whatever was pointed to. */
const read = (text: string): string =>
  text
    .replaceAll(/\\(\d{3}|.)/g, (_, escaped: string) =>
      escaped.length === 3 ? String.fromCharCode(Number(escaped)) : escaped,
    )
    .toLowerCase();

describe('any reply', () => {
  it('is at most as long as allowed, and read by dns-packet as it was given, whole or truncated', () => {
    fc.assert(
      fc.property(
        how,
        section,
        section,
        section,
        fc.option(fc.string({ maxLength: 200 })),
        (asks, an, ns, ar, text) => {
          const { message, opts } = exchange(asks, (reply) => {
            reply
              .answer(...an)
              .authority(...ns)
              .additional(...ar);
            if (text !== null) reply.ede(1, text);
          });
          assert.equal(opts, asks.size === undefined ? 0 : 1);
          const additionals = message.additionals!.filter((extra) => extra.type !== 'OPT');
          assert.ok(additionals.length <= ar.length);
          if (message.answers!.length === 0 && message.authorities!.length === 0 && message.flag_tc) return;
          const owners = (records: readonly { name: string }[]): string[] => records.map((each) => read(each.name));
          assert.deepEqual(owners(message.answers!), owners(an));
          assert.deepEqual(owners(message.authorities!), owners(ns));
          assert.deepEqual(owners(additionals), owners(ar.slice(0, additionals.length)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is the same when what was sent is sent again, encoded', () => {
    fc.assert(
      fc.property(section, section, section, (an, ns, ar) => {
        const query = asked({ transport: 'tcp' });
        const first = new Reply(query);
        first
          .answer(...an)
          .authority(...ns)
          .additional(...ar);
        const message = encoded(query, first);
        const again = new Reply(query);
        again.send(message);
        assert.deepEqual(encoded(query, again), message);
      }),
      { numRuns: 100 },
    );
  });

  it('is well-formed or refused when what is sent was damaged', () => {
    const query = asked();
    const base = new Reply(query);
    base.answer({ type: 'MX', name: 'example.org', data: { exchange: 'mail.example.org' } });
    base.additional({ type: 'A', name: 'mail.example.org', data: '192.0.2.1' });
    const message = encoded(query, base);
    const change = fc.tuple(fc.nat(message.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(message.length), (changes, length) => {
        const damaged = Buffer.from(message);
        for (const [at, octet] of changes) damaged[at] = octet;
        const reply = new Reply(query);
        try {
          reply.send(length % 2 === 0 ? damaged : damaged.subarray(0, length));
        } catch (error) {
          assert.ok(error instanceof Error);
          assert.equal(reply.answered, false);
          return;
        }
        let written: Buffer;
        try {
          written = encoded(query, reply);
        } catch (error) {
          // Records that dns-packet read and that cannot be written: the dispatcher makes this SERVFAIL.
          assert.ok(error instanceof Error);
          return;
        }
        assert.ok(written.length <= replyLimit(query, 1232));
        assert.deepEqual(written.subarray(12, 29), message.subarray(12, 29));
      }),
      { numRuns: 1000 },
    );
  });

  it('read by dns-packet has the same data, type by type', () => {
    fc.assert(
      fc.property(
        fc.ipV6(),
        u16,
        fc.array(bytes(255), { minLength: 1, maxLength: 3 }),
        (address, preference, strings) => {
          const given = [
            { type: 'AAAA', name: 'a', data: address },
            { type: 'MX', name: 'a', data: { preference, exchange: 'b' } },
            { type: 'TXT', name: 'a', data: strings },
          ] as unknown as ResourceRecord[];
          const { message } = exchange({ transport: 'tcp' }, (reply) => reply.answer(...given));
          const [aaaa, mx, txt] = message.answers!;
          const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
          assert.equal(new URL(`http://[${(aaaa as packet.StringAnswer).data}]`).hostname.slice(1, -1), canonical);
          assert.deepEqual((mx as packet.MxAnswer).data, { preference, exchange: 'b' });
          assert.deepEqual((txt as packet.TxtAnswer).data, strings);
        },
      ),
      { numRuns: 200 },
    );
  });
});
