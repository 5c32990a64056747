import assert from 'node:assert/strict';
import { TransferReader } from '../../../dist/authority/transfer-in/transfer-reader.js';
import { writeQuery } from '../../../dist/authority/transfer-in/message.js';
import type { ResourceRecord } from '../../../dist/index.js';
import { answerBytes, recordBytes, soa } from '../../support/scripted-primary.js';

const ORIGIN = 'example.org';
const ID = 7;
const TYPES = { AXFR: 252, IXFR: 251 };

const ns: ResourceRecord = { name: ORIGIN, type: 'NS', ttl: 300, data: `ns.${ORIGIN}` };
const a = (name: string, host: number): ResourceRecord => ({
  name: `${name}.${ORIGIN}`,
  type: 'A',
  ttl: 60,
  data: `192.0.2.${host}`,
});
const at = (serial: number): ResourceRecord => soa(ORIGIN, serial);

/** What a transfer brings: its form, and each record as `+name type`, `-name type` or `name type`. */
interface Result {
  form: string;
  done: boolean;
  records: string[];
}

/** Reads messages with these records each. `serial`: that of IXFR. */
function read(serial: number | undefined, ...messages: (ResourceRecord[] | Buffer)[]): Result {
  const records: string[] = [];
  const text = ({ name, type }: { name: string; type: number }): string => `${name} ${type}`;
  const reader = new TransferReader(
    { origin: ORIGIN, id: ID, serial },
    {
      whole: (record) => records.push(text(record)),
      change: (kind, record) => records.push(`${kind === 'add' ? '+' : '-'}${text(record)}`),
    },
  );
  let done = false;
  for (const message of messages) {
    assert.equal(done, false, 'messages follow on the last one');
    done = reader.take(Buffer.isBuffer(message) ? message : messageOf(message, serial));
  }
  return { form: reader.form, done, records };
}

const queryOf = (serial: number | undefined): Buffer =>
  writeQuery({ origin: ORIGIN, id: ID, type: serial === undefined ? TYPES.AXFR : TYPES.IXFR }, serial);

function messageOf(
  records: readonly ResourceRecord[],
  serial?: number,
  style: Parameters<typeof answerBytes>[2] = {},
): Buffer {
  return answerBytes(
    queryOf(serial),
    records.map((record) => recordBytes(record)),
    style,
  );
}

describe('the reader of zone transfers', () => {
  const zone = [at(5), ns, a('a', 1), a('b', 2), at(5)];
  const names = ['example.org 6', 'example.org 2', 'a.example.org 1', 'b.example.org 1'];

  it('takes a whole zone in one message, in one message a record, and in any other way', () => {
    for (let cuts = 0; cuts < 2 ** (zone.length - 1); cuts++) {
      const messages: ResourceRecord[][] = [[]];
      zone.forEach((record, i) => {
        if (i > 0 && (cuts >> (i - 1)) & 1) messages.push([]);
        messages.at(-1)!.push(record);
      });
      assert.deepEqual(read(undefined, ...messages), { form: 'whole', done: true, records: names });
      assert.deepEqual(read(3, ...messages), { form: 'whole', done: true, records: names });
    }
  });

  it('takes messages without a question, and upper case', () => {
    const upper = zone.map((record) => ({ ...record, name: record.name.toUpperCase() }));
    const result = read(undefined, ...upper.map((record) => messageOf([record], undefined, { question: false })));
    assert.deepEqual(result, { form: 'whole', done: true, records: names });
  });

  it('takes a zone of one record', () => {
    assert.deepEqual(read(undefined, [at(5), at(5)]), { form: 'whole', done: true, records: ['example.org 6'] });
    assert.deepEqual(read(3, [at(5)], [at(5)]), { form: 'whole', done: true, records: ['example.org 6'] });
  });

  it('knows that there is nothing new', () => {
    for (const serial of [5, 6, 5 + 2 ** 31 - 1]) {
      assert.deepEqual(read(serial, [at(5)]), { form: 'current', done: true, records: [] });
      assert.deepEqual(read(serial, zone), { form: 'current', done: true, records: [] });
    }
  });

  it('takes differences, one after the other', () => {
    const records = [...[at(5), at(3), a('a', 1), at(4), a('b', 2)], ...[at(4), at(5), a('c', 1), ns, at(5)]];
    const expected = ['-example.org 6', '-a.example.org 1', '+example.org 6', '+b.example.org 1'].concat([
      ...['-example.org 6', '+example.org 6', '+c.example.org 1', '+example.org 2'],
    ]);
    assert.deepEqual(read(3, records), { form: 'differences', done: true, records: expected });
    assert.deepEqual(read(3, ...records.map((record) => [record])), {
      form: 'differences',
      done: true,
      records: expected,
    });
  });

  it('takes differences over the end of the numbers (RFC 1982)', () => {
    const last = 2 ** 32 - 1;
    const { form, done } = read(last, [at(1), at(last), a('a', 1), at(1), a('b', 1), at(1)]);
    assert.deepEqual({ form, done }, { form: 'differences', done: true });
  });

  it('waits for the end', () => {
    assert.equal(read(undefined, zone.slice(0, -1)).done, false);
    assert.equal(read(3, [at(5)]).done, false);
    assert.equal(read(3, [at(5), at(3), at(4), at(4), at(5)]).done, false);
  });

  const faults: [string, () => unknown, RegExp][] = [
    ['no SOA in front', () => read(undefined, [ns, ...zone]), /the first record is not the SOA record/],
    ['another zone', () => read(undefined, [soa('example.net', 5)]), /the zone is example\.org/],
    ['a second SOA of another name', () => read(undefined, [at(5), soa(`sub.${ORIGIN}`, 5)]), /sub\.example\.org SOA/],
    [
      'another serial number at the end',
      () => read(undefined, [at(5), ns, at(6)]),
      /begins with serial 5 and ends with 6/,
    ],
    ['records behind the end', () => read(undefined, [...zone, ns]), /records follow on the last SOA record/],
    ['an empty message', () => read(undefined, [at(5)], []), /has no records/],
    [
      'a difference that begins elsewhere',
      () => read(3, [at(5), at(3), at(4), at(3), at(5), at(5)]),
      /begins with serial 3/,
    ],
    ['a difference that goes back', () => read(3, [at(5), at(3), at(2), at(5)]), /leads from serial 3 to 2/],
    ['a difference that goes too far', () => read(3, [at(5), at(3), at(6), at(5)]), /leads from serial 3 to 6/],
    [
      'a record of another class',
      () => read(undefined, answerBytes(queryOf(undefined), [recordBytes(at(5)), recordBytes(ns, 3)])),
      /the class 3 is not IN/,
    ],
    [
      'a query type as a type',
      () => read(undefined, [at(5), { name: ORIGIN, type: 'TYPE255', data: Buffer.alloc(0) }]),
      /no zone has records/,
    ],
    ['another ID', () => read(undefined, messageOf(zone, undefined, { id: 8 })), /another ID/],
    ['an ID that changes', () => read(undefined, [at(5)], messageOf([ns], undefined, { id: 8 })), /another ID/],
    ['another question', () => read(undefined, messageOf(zone, 3)), /another question/],
    ['a query', () => read(undefined, messageOf(zone, undefined, { flags: 0 })), /no answer to a query/],
    ['an error at the start', () => read(undefined, messageOf([], undefined, { flags: 0x8405 })), /answers REFUSED/],
    [
      'an error in the middle',
      () => read(undefined, [at(5), ns], messageOf([], undefined, { flags: 0x8402 })),
      /answers SERVFAIL/,
    ],
    ['a truncated message', () => read(undefined, messageOf(zone, undefined, { flags: 0x8600 })), /truncated/],
    ['a short message', () => read(undefined, Buffer.alloc(11)), /shorter than its header/],
    ['a message that is cut off', () => read(undefined, messageOf(zone).subarray(0, -3)), /ends within a record/],
    [
      'a record with too little data',
      () => read(undefined, [at(5), { name: ORIGIN, type: 'TYPE1', data: Buffer.alloc(3) }]),
      /A: the RDATA is malformed/,
    ],
    [
      'NSEC with a wrong bit map',
      () => read(undefined, [at(5), { name: ORIGIN, type: 'TYPE47', data: Buffer.from('000000', 'hex') }]),
      /NSEC: the RDATA is malformed/,
    ],
  ];
  for (const [what, act, message] of faults)
    it(`refuses ${what}`, () => {
      assert.throws(act, message);
    });

  it('refuses names that loop, point forwards, or are too long', () => {
    const head = messageOf([at(5)]);
    const withName = (hex: string): Buffer => {
      const message = Buffer.concat([head, Buffer.from(`${hex}00010001000000000004c0000201`, 'hex')]);
      message.writeUInt16BE(2, 6);
      return message;
    };
    const here = head.length;
    for (const [hex, reason] of [
      [(0xc000 | here).toString(16), /does not point backwards/],
      ['cfff', /does not point backwards/],
      [`0161${(0xc000 | here).toString(16)}`, /ends within a name/],
      ['40', /invalid label type/],
      ['3f'.padEnd(128, '6').repeat(4) + '00', /more than 255 octets/],
    ] as const) {
      assert.throws(() => read(undefined, withName(hex)), reason, hex);
    }
  });
});
