import assert from 'node:assert/strict';
import fc from 'fast-check';
import packet from 'dns-packet';
import { addon } from '../../dist/addon.js';
import { fallback } from '../../dist/fallback/addon.js';
import { opt, queryBytes } from '../support/clients.js';

type Looker = Pick<typeof addon, 'layout' | 'checkStream'>;

interface Look {
  rows: Record<string, number | string>[];
  counted: Record<string, number>;
  consumed: number;
}

/** What either code makes of messages: the verdicts, everything that a query's row tells, and the replies made. */
function look({ layout, checkStream }: Looker, messages: Buffer[]): Look {
  const input = Buffer.concat(messages.flatMap((message) => [Buffer.of(message.length >> 8, message.length), message]));
  const words = new Uint32Array(layout.batchSize * layout.queryWords);
  const text = Buffer.alloc(layout.batchSize * 2 * layout.maxText);
  const counters = new Float64Array(layout.workerRow);
  const progress = new Uint32Array(2);
  const count = checkStream(input, 0, input.length, layout.batchSize, words, text, counters, 0, progress);
  const rows = Array.from({ length: count }, (_, i) => {
    const row = words.subarray(i * layout.queryWords);
    const at = (name: keyof typeof layout.query): number => row[layout.query[name]];
    const message = input.toString('hex', at('offset'), at('offset') + at('length'));
    if (at('verdict') === layout.verdict.drop) return { verdict: 'drop' };
    if (at('verdict') === layout.verdict.reply) return { verdict: 'reply', message };
    const read = (offset: number): string => text.toString('latin1', offset, offset + at('keyLength'));
    const plain = [
      'offset',
      'length',
      'idAndFlags',
      'typeAndClass',
      'questionEnd',
      'edns',
      'ednsSizeAndFlags',
    ] as const;
    const told = Object.fromEntries(plain.map((name) => [name, at(name)]));
    const options = at('edns') === 0 ? {} : { options: at('optionsOffset'), length: at('optionsLength') };
    return { verdict: 'query', message, key: read(at('keyOffset')), name: read(at('nameOffset')), ...told, ...options };
  });
  const counted = Object.fromEntries(layout.workerCounters.map((name, i) => [name, counters[i]]));
  return { rows, counted, consumed: progress[0] };
}

/** Real queries of all kinds, for what is random to be near to. */
const seeds = [
  queryBytes('example.org'),
  queryBytes('WwW.ExAmPlE.org', 'AAAA', { additionals: [opt(1232)] }),
  queryBytes('.', 'NS', { additionals: [opt(4096, { flag_do: true, flags: 0x8000 })] }),
  queryBytes('a.b', 'A', { additionals: [opt(512, { ednsVersion: 1 })] }),
  queryBytes('a.b', 'A', { additionals: [opt(512, { options: [{ code: 10, data: Buffer.alloc(8, 1) } as never] })] }),
  queryBytes('zone.example', 'AXFR', {
    authorities: [{ type: 'NS', name: 'zone.example', data: 'ns.zone.example' }] as packet.Answer[],
  }),
  packet.encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'x', class: 'IN' }] }),
  Buffer.alloc(12),
];

const nearly = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    fc.option(fc.nat(80)),
  )
  .map(([seed, changes, length]) => {
    const message = Buffer.from(seed);
    for (const [at, octet] of changes) if (at < message.length) message[at] = octet;
    return length === null ? message : message.subarray(0, length);
  });
const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const named = fc.array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 6 }).map((labels) => {
  const head = Buffer.from('123400000001000000000000', 'hex');
  return Buffer.concat([
    head,
    ...labels.flatMap((label) => [Buffer.of(label.length), label]),
    Buffer.of(0, 0, 1, 0, 1),
  ]);
});

describe('the look at messages without native code', () => {
  it('sees in each message what native code sees', () => {
    let queries = 0;
    let replies = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof(nearly, random, named), { minLength: 1, maxLength: 64 }), (messages) => {
        const native = look(addon, messages);
        assert.deepEqual(look(fallback, messages), native);
        for (const { verdict } of native.rows) {
          if (verdict === 'query') queries++;
          else if (verdict === 'reply') replies++;
        }
      }),
      { numRuns: 2000 },
    );
    assert.ok(queries > 1000 && replies > 1000, `${queries} queries and ${replies} replies are too few to tell`);
  });

  it('stops before a message that is not complete', () => {
    const whole = seeds[0];
    for (const code of [addon, fallback]) {
      const { layout } = code;
      const input = Buffer.concat([Buffer.of(0, whole.length), whole, Buffer.of(0, whole.length), whole.subarray(1)]);
      const words = new Uint32Array(layout.batchSize * layout.queryWords);
      const progress = new Uint32Array(2);
      const text = Buffer.alloc(layout.batchSize * 2 * layout.maxText);
      const counters = new Float64Array(layout.workerRow);
      assert.equal(code.checkStream(input, 0, input.length, 64, words, text, counters, 0, progress), 1);
      assert.equal(progress[0], whole.length + 2);
    }
  });

  it('has a layout with the counters and the places of the native one', () => {
    const keys = (value: object): string[] =>
      Object.entries(value).flatMap(([key, inner]) =>
        typeof inner === 'object' && !Array.isArray(inner)
          ? keys(inner as object).map((name) => `${key}.${name}`)
          : key,
      );
    assert.deepEqual(keys(fallback.layout).sort(), keys(addon.layout).sort());
    assert.deepEqual(fallback.layout.workerCounters, addon.layout.workerCounters);
    assert.deepEqual(fallback.layout.socketCounters, addon.layout.socketCounters);
  });
});
