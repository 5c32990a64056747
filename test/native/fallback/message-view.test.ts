import assert from 'node:assert/strict';
import fc from 'fast-check';
import packet from 'dns-packet';
import { addon } from '../../../dist/native/addon.js';
import { RecordWalk } from '../../../dist/dns/record-walk.js';
import { fallback } from '../../../dist/native/fallback/addon.js';
import { ednsSettings, type EdnsSettings } from '../../../dist/worker/edns-settings.js';
import { opt, queryBytes } from '../../support/clients.js';
import { message, sign } from '../../support/other-opcodes.js';
import { CheckedStream } from '../../support/stream-admission.js';

type Looker = Pick<typeof addon, 'layout' | 'StreamAdmission' | 'addOptions'>;

interface Look {
  rows: Record<string, number | string>[];
  counted: Record<string, number>;
  consumed: number;
}

/** What either code makes of messages: the verdicts, everything that a query's row tells, and the replies made. */
function look(code: Looker, messages: Buffer[], edns?: Uint8Array): Look {
  const { layout } = code;
  const input = Buffer.concat(messages.flatMap((message) => [Buffer.of(message.length >> 8, message.length), message]));
  const stream = new CheckedStream(code, edns);
  const { queries: words, text, counters } = stream;
  const count = stream.check(input);
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
      'asked',
      'tsig',
    ] as const;
    const told = Object.fromEntries(plain.map((name) => [name, at(name)]));
    const options = at('edns') === 0 ? {} : { options: at('optionsOffset'), length: at('optionsLength') };
    return { verdict: 'query', message, key: read(at('keyOffset')), name: read(at('nameOffset')), ...told, ...options };
  });
  const counted = Object.fromEntries(layout.workerCounters.map((name, i) => [name, counters[i]]));
  return { rows, counted, consumed: stream.consumed };
}

/** A query with these options, by code. */
function asking(...options: [code: number, data: Buffer][]): Buffer {
  const given = options.map(([code, data]) => ({ code, data }) as never);
  return queryBytes('a.b', 'A', { additionals: [opt(512, { options: given })] });
}

const empty = Buffer.alloc(0);
const settings = ednsSettings({
  signatures: true,
  opcodes: ['QUERY', 'NOTIFY', 'UPDATE'],
  maxPayloadSize: 1400,
  idleTimeout: 12_345,
  grpcEncrypted: true,
  nsid: Buffer.from('one of many'),
});
const transport = fc.constantFrom<(keyof EdnsSettings)[]>('udp', 'tcp', 'tls', 'https', 'grpc');

const SOA = `c00cc00c${'00000001'.repeat(5)}`;
const signing = { key: 'k', secret: Buffer.alloc(16) };

/** Messages with other opcodes. */
const others = [
  message({ zone: 'b' }),
  message({ zone: 'b', first: [{ name: 'b', type: 'ANY', class: 'ANY' }], second: [{ name: 'a', data: '01020304' }] }),
  message({
    zone: 'b',
    first: [{ name: 'b', data: '01020304' }],
    second: [{ name: 'a', type: 'A', class: 'NONE', data: '01020304' }],
  }),
  message({
    zone: 'b',
    second: [
      { name: 'a', type: 'MX', data: '0001c00c', ttl: 9 },
      { name: 'a', type: 'A', class: 'ANY' },
    ],
  }),
  message({
    zone: 'b',
    first: [{ name: 'b', type: 'A', class: 'NONE' }],
    additional: [{ type: 'OPT', name: '.', class: 512 }],
  }),
  sign(message({ zone: 'b', second: [{ name: 'a', type: 'ANY', class: 'ANY' }] }), signing),
  message({ opcode: 'NOTIFY', zone: 'b', first: [{ name: 'b', type: 'SOA', data: SOA }] }),
  sign(message({ opcode: 'NOTIFY', zone: 'b' }), signing),
];

/** Real queries of all kinds, for what is random to be near to. */
const seeds = [
  queryBytes('example.org'),
  queryBytes('WwW.ExAmPlE.org', 'AAAA', { additionals: [opt(1232)] }),
  queryBytes('.', 'NS', { additionals: [opt(4096, { flag_do: true, flags: 0x8000 })] }),
  queryBytes('a.b', 'A', { additionals: [opt(512, { ednsVersion: 1 })] }),
  queryBytes('a.b', 'A', { additionals: [opt(512, { options: [{ code: 10, data: Buffer.alloc(8, 1) } as never] })] }),
  asking([3, empty], [11, empty], [12, Buffer.alloc(9)]),
  asking([12, empty], [11, Buffer.of(0, 100)]),
  queryBytes('zone.example', 'AXFR', {
    authorities: [{ type: 'NS', name: 'zone.example', data: 'ns.zone.example' }] as packet.Answer[],
  }),
  packet.encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'x', class: 'IN' }] }),
  Buffer.alloc(12),
  sign(queryBytes('a.b'), signing),
  ...others,
];

/** Types whose codecs check what native code checks. */
const ALIKE = [1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 250, 255];

/** Whether a message with another opcode has a record whose codec checks more than native code. */
function isChecked(message: Buffer): boolean {
  if (message.length < 12 || ((message[2] >> 3) & 15) === 0) return false;
  try {
    const walk = new RecordWalk(message);
    while (walk.next()) if (!ALIKE.includes(walk.type)) return true;
    return false;
  } catch {
    return false; // both refuse it
  }
}

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
    let askers = 0;
    let updates = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(nearly, random, named), { minLength: 1, maxLength: 64 }),
        fc.option(transport, { nil: undefined }),
        (generated, name) => {
          const messages = generated.filter((message) => !isChecked(message));
          const edns = name === undefined ? [] : [settings[name]];
          const native = look(addon, messages, ...edns);
          assert.deepEqual(look(fallback, messages, ...edns), native);
          for (const { verdict, asked, idAndFlags } of native.rows) {
            if (verdict === 'query') queries++;
            else if (verdict === 'reply') replies++;
            if (asked === 7) askers++;
            if (verdict === 'query' && ((Number(idAndFlags) >> 11) & 15) === 5) updates++;
          }
        },
      ),
      { numRuns: 2000 },
    );
    const enough = queries > 1000 && replies > 1000 && askers > 20 && updates > 200;
    assert.ok(
      enough,
      `${queries} queries, ${replies} replies, ${askers} with options and ${updates} updates are too few to tell`,
    );
  });

  it('takes a time for keepalive for a format error where a connection is kept alive, as native code does', () => {
    const message = seeds[6];
    for (const code of [addon, fallback]) {
      assert.equal(look(code, [message], settings.tcp).rows[0].verdict, 'reply');
      assert.equal(look(code, [message], settings.https).rows[0].verdict, 'query');
    }
  });

  it('adds the options that native code adds, wherever the reply has to end', () => {
    const asked = fc.nat(15);
    const limit = fc.oneof(fc.integer({ min: 40, max: 120 }), fc.integer({ min: 40, max: 1000 }), fc.constant(0xffff));
    fc.assert(
      fc.property(asked, limit, transport, fc.nat(500), (bits, most, name, before) => {
        const opted = queryBytes('example.org', 'A', { additionals: [opt(1232)] });
        const offset = 7;
        const added = [addon, fallback].map((code) => {
          const target = Buffer.alloc(2000, 0xee);
          target.set(opted, offset + before);
          const length = before + opted.length;
          const row = new Uint32Array(code.layout.queryWords);
          row[code.layout.query.asked] = bits;
          const reply = target.subarray(offset, offset + most);
          const end = code.addOptions(reply, length, length - 11, row, settings[name]);
          return { end, target: target.toString('hex') };
        });
        assert.deepEqual(added[1], added[0]);
      }),
      { numRuns: 1000 },
    );
  });

  it('stops before a message that is not complete', () => {
    const whole = seeds[0];
    for (const code of [addon, fallback]) {
      const input = Buffer.concat([Buffer.of(0, whole.length), whole, Buffer.of(0, whole.length), whole.subarray(1)]);
      const stream = new CheckedStream(code);
      assert.equal(stream.check(input), 1);
      assert.equal(stream.consumed, whole.length + 2);
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
