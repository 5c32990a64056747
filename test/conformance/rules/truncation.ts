/** Truncation, and replies that fail. */
import assert from 'node:assert/strict';
import { holds, says, type Rule } from '../rule.js';
import { queryOf, readReply } from '../wire.js';

const addresses = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name} 60 IN A 192.0.2.${i}`);
/** Octets of a reply with one record of `size` octets of RDATA for `raw-SIZE.test`, without OPT. */
const sizeOf = (size: number): number => 12 + (2 + `raw-${size}`.length + 4 + 1 + 4) + 12 + size;
const raw = (size: number): string[] => [`raw-${size}.test 60 IN TYPE65280 ${'55'.repeat(size)}`];

export const rules: readonly Rule[] = [
  holds(1035, '4.2.1', 'a reply of 512 octets is sent whole by UDP', async (site) => {
    assert.equal(sizeOf(470), 512);
    const reply = await site.exchange('udp', queryOf({ name: 'raw-470.test', type: 65280 }));
    assert.equal(reply.length, 512);
    assert.deepEqual(readReply(reply).answer, raw(470));
  }),
  says(
    1035,
    '4.2.1',
    'a reply of 513 octets is truncated by UDP: TC, no records',
    { name: 'raw-471.test', type: 65280 },
    { flags: 'qr aa tc rd' },
    ['udp'],
  ),
  says(
    1035,
    '4.2.2',
    'a reply of 513 octets is sent whole by a stream',
    { name: 'raw-471.test', type: 65280 },
    { answer: raw(471) },
    ['tcp', 'tls', 'https'],
  ),
  holds(
    6891,
    '6.2.3',
    "with OPT a reply of the client's size is sent whole, and one that is an octet longer is truncated",
    async (site) => {
      const ask = async (size: number): Promise<Buffer> =>
        site.exchange('udp', queryOf({ name: `raw-${size}.test`, type: 65280, opt: { size: 1000 } }));
      const most = 1000 - 11 - sizeOf(470) + 470;
      const [whole, cut] = [await ask(most), await ask(most + 1)];
      assert.deepEqual([whole.length, readReply(whole).flags], [1000, 'qr aa rd']);
      assert.deepEqual([readReply(cut).flags, readReply(cut).answer], ['qr aa tc rd', []]);
    },
  ),
  says(
    2181,
    '9',
    'an RRset that does not fit is not sent in part',
    { name: 'rrset-60.test' },
    { flags: 'qr aa tc rd' },
    ['udp'],
  ),
  says(
    2181,
    '9',
    'the same RRset is sent whole by TCP',
    { name: 'rrset-60.test' },
    { answer: addresses('rrset-60.test', 60) },
    ['tcp', 'tls', 'https'],
  ),
  says(
    2181,
    '9',
    'additional records that do not fit are left out, without TC',
    { name: 'extra-500.test' },
    { answer: ['extra-500.test 60 IN A 192.0.2.1'] },
    ['udp'],
  ),
  says(
    2181,
    '9',
    'additional records that fit are sent',
    { name: 'extra-300.test' },
    {
      answer: ['extra-300.test 60 IN A 192.0.2.1'],
      additional: [`extra-300.test 60 IN TYPE65280 ${'55'.repeat(300)}`],
    },
  ),
  says(
    9471,
    '3.1',
    'a referral whose glue does not fit has TC',
    { name: 'glue-60.test' },
    { flags: 'qr tc rd', authority: ['glue-60.test 60 IN NS ns.glue-60.test'] },
    ['udp'],
  ),
  says(
    9471,
    '3.1',
    'a referral whose glue fits has no TC',
    { name: 'glue-3.test' },
    {
      flags: 'qr rd',
      authority: ['glue-3.test 60 IN NS ns.glue-3.test'],
      additional: addresses('ns.glue-3.test', 3),
    },
  ),
  says(
    7766,
    '5',
    'a client that repeats the query by TCP after TC gets the answer',
    { name: 'rrset-100.test' },
    { answer: addresses('rrset-100.test', 100) },
    ['tcp'],
  ),
  says(
    1035,
    '4.2.2',
    'a reply of more than 65,535 octets is SERVFAIL by a stream',
    { name: 'raw-65535.test', type: 65280 },
    { flags: 'qr rd', rcode: 2 },
    ['tcp', 'tls', 'https'],
  ),
  holds(1035, '4.2.2', 'a reply of 65,535 octets is sent by a stream', async (site) => {
    const reply = await site.exchange('tcp', queryOf({ name: 'raw-65491.test', type: 65280 }));
    assert.equal(reply.length, 65535);
    assert.deepEqual(readReply(reply).answer, raw(65491));
  }),

  says(1035, '4.1.1', 'a handler that throws is SERVFAIL', { name: 'throw.test' }, { flags: 'qr rd', rcode: 2 }),
  says(1035, '4.1.1', 'a handler that rejects is SERVFAIL', { name: 'reject.test' }, { flags: 'qr rd', rcode: 2 }),
  says(
    1035,
    '4.1.1',
    'a handler that takes too long is SERVFAIL',
    { name: 'never.test' },
    { flags: 'qr rd', rcode: 2 },
    ['udp', 'tcp'],
  ),
  says(
    1035,
    '4.1.1',
    'a record that cannot be encoded is SERVFAIL',
    { name: 'wrong.test' },
    { flags: 'qr rd', rcode: 2 },
  ),
  says(
    1035,
    '4.1.1',
    'a zone that is not loaded is SERVFAIL',
    { name: 'a.missing.example' },
    { flags: 'qr rd', rcode: 2 },
  ),
  says(
    1035,
    '4.1.1',
    'SERVFAIL keeps RD and CD',
    { name: 'throw.test', flags: 0x0110 },
    { flags: 'qr rd cd', rcode: 2 },
  ),
  says(
    6891,
    '6.1.1',
    'SERVFAIL has OPT if the query had OPT',
    { name: 'throw.test', opt: {} },
    { flags: 'qr rd', rcode: 2, opt: '1232 0 0' },
  ),
];
