import assert from 'node:assert/strict';
import type { ResourceRecord } from '../../dist/dns/record.js';
import { exchange, type Asked, type Reply } from '../support/queries.js';

/** Octets of header and question for `example.org`, and of OPT. */
const HEAD = 12 + 17;
const OPT = 11;

/** Records for `example.org` that take `size` octets: 10 and a pointer each, and raw RDATA. */
function filling(size: number): ResourceRecord {
  return { type: 'TYPE65280', name: 'example.org', data: Buffer.alloc(size - 12, 0x55) };
}

const counts = ({ message }: ReturnType<typeof exchange>): number[] => [
  message.answers!.length,
  message.authorities!.length,
  message.additionals!.length,
];

describe('a reply as long as it may be', () => {
  for (const [what, how, limit, own] of [
    ['512 without EDNS', { size: undefined }, 512, 0],
    ['512 with EDNS', { size: 512 }, 512, OPT],
    ['1,232', { size: 4096 }, 1232, OPT],
    ['65,535 by TCP', { transport: 'tcp' }, 65535, OPT],
    ['65,535 by TCP without EDNS', { transport: 'tcp', size: undefined }, 65535, 0],
  ] as readonly (readonly [string, Asked, number, number])[]) {
    const room = limit - HEAD - own;
    const opts = own === 0 ? 0 : 1;

    it(`(${what}) is sent whole, in whatever section`, () => {
      for (const section of ['answer', 'authority', 'additional'] as const) {
        const full = exchange(how, (reply) => reply[section](filling(room)));
        assert.equal(full.bytes.length, limit);
        assert.equal(full.message.flag_tc, false);
        assert.equal(
          counts(full).reduce((sum, count) => sum + count),
          1 + opts,
        );
      }
    });

    it(`(${what}) and one octet more is cut, with TC and no part of any record`, () => {
      for (const section of ['answer', 'authority'] as const) {
        const cut = exchange(how, (reply) => reply.answer(filling(20))[section](filling(room - 19)));
        assert.equal(cut.bytes.length, HEAD + own);
        assert.equal(cut.message.flag_tc, true);
        assert.deepEqual(counts(cut), [0, 0, opts]);
      }
    });

    it(`(${what}) and one additional octet more is sent without the additional record, and without TC`, () => {
      const cut = exchange(how, (reply) => reply.answer(filling(20)).additional(filling(room - 19)));
      assert.equal(cut.message.flag_tc, false);
      assert.deepEqual(counts(cut), [1, 0, opts]);
    });
  }

  it('keeps its response code and flags when it is cut', () => {
    const { message } = exchange({}, (reply) => {
      reply.answer(filling(2000));
      reply.authoritative = true;
      reply.rcode = 'NXDOMAIN';
    });
    assert.equal(message.rcode, 'NXDOMAIN');
    assert.equal(message.flag_aa, true);
  });

  it('is not cut any more once it is shorter', () => {
    const { message } = exchange({}, (reply) => {
      reply.answer(filling(2000));
      reply.answers = [filling(20)];
    });
    assert.equal(message.flag_tc, false);
  });
});

const address = (name: string, i: number, type = 'A'): ResourceRecord =>
  type === 'A'
    ? { type: 'A', name, ttl: 1, data: `192.0.2.${i}` }
    : { type: 'AAAA', name, ttl: 1, data: `2001:db8::${i}` };
const setOf = (name: string, count: number, type = 'A'): ResourceRecord[] =>
  Array.from({ length: count }, (_, i) => address(name, i, type));
const ns = (...names: string[]): ResourceRecord[] => names.map((data) => ({ type: 'NS', name: 'example.org', data }));

describe('additional records that do not all fit', () => {
  /** What of these is left in 512 octets beside an answer. */
  const left = (...records: ResourceRecord[]): string[] => {
    const { message } = exchange({ size: undefined }, (reply) =>
      reply.answer(address('example.org', 1)).additional(...records),
    );
    assert.equal(message.flag_tc, false);
    return message.additionals!.map(({ name, type }) => `${name} ${type}`);
  };
  const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);

  it('are left out by whole RRsets (RFC 2181 s.9)', () => {
    assert.deepEqual(left(...setOf('a.org', 10), ...setOf('b.org', 30)), times(10, 'a.org A'));
    assert.deepEqual(left(...setOf('a.org', 10), ...setOf('a.org', 30, 'AAAA')), times(10, 'a.org A'));
    assert.deepEqual(left(...setOf('a.org', 40)), []);
  });

  it('are left out from there on, even when a later one would fit', () => {
    assert.deepEqual(left(...setOf('a.org', 1), ...setOf('b.org', 40), ...setOf('c.org', 1)), ['a.org A']);
  });

  it('leave their names to nobody`s pointers', () => {
    // OPT follows at once, and whatever was written behind it does not count.
    const { bytes, message } = exchange({}, (reply) => {
      reply.answer(address('example.org', 1)).additional(...setOf('b.org', 100));
    });
    assert.equal(bytes.length, HEAD + 16 + OPT);
    assert.equal(message.additionals!.length, 1);
  });
});

describe('a referral', () => {
  const refer = (how: Asked, glue: ResourceRecord[], more: (reply: Reply) => void = () => undefined) =>
    exchange(how, (reply) => {
      reply.authority(...ns('a.example.org', 'b.example.org')).additional(...glue);
      more(reply);
    }).message;
  const some = [...setOf('a.example.org', 5), ...setOf('b.example.org', 40)];

  it('with all its glue is not truncated', () => {
    const message = refer({ size: undefined }, setOf('a.example.org', 5));
    assert.equal(message.flag_tc, false);
    assert.equal(message.additionals!.length, 5);
  });

  it('is truncated when glue does not fit, and has what fits (RFC 9471 s.3.1)', () => {
    const message = refer({ size: undefined }, some);
    assert.equal(message.flag_tc, true);
    assert.deepEqual([message.authorities!.length, message.additionals!.length], [2, 5]);
  });

  it('is absent if there are answers, or if the reply is authoritative', () => {
    assert.equal(refer({ size: undefined }, some, (reply) => reply.answer(address('example.org', 1))).flag_tc, false);
    assert.equal(refer({ size: undefined }, some, (reply) => (reply.authoritative = true)).flag_tc, false);
  });

  it('is absent without NS', () => {
    const { message } = exchange({ size: undefined }, (reply) => {
      const soa = { mname: 'a.example.org', rname: 'b.example.org' };
      reply.authority({ type: 'SOA', name: 'example.org', data: soa }).additional(...setOf('a.example.org', 40));
    });
    assert.equal(message.flag_tc, false);
  });
});
