/**
 * Streams of messages, right ones and such as were changed at random, for the reader of transfers: it ends with a zone, or
 * with an error that says what is wrong, and what it has taken is read again from its own encoding.
 */
import assert from 'node:assert/strict';
import { TransferReader } from '../../../dist/authority/transfer-in/transfer-reader.js';
import { writeQuery } from '../../../dist/authority/transfer-in/message.js';
import { WireReader } from '../../../dist/dns/reader.js';
import { readRdata } from '../../../dist/dns/records/index.js';
import type { ResourceRecord } from '../../../dist/index.js';
import { parseZone } from '../../../dist/zone.js';
import { Differences } from '../../../dist/zone/apply-difference.js';
import { ZoneLoader } from '../../../dist/zone/zone-loader.js';
import { Random } from '../../directives/file/zone-generator.js';
import { answerBytes, recordBytes, soa } from '../../support/scripted-primary.js';

/** A long run sets more. */
const STREAMS = Number(process.env.MULTISOCKET_FUZZ ?? 1000);
const ORIGIN = 'example.org';
const TYPES = { AXFR: 252, IXFR: 251 };
const BASE = parseZone(
  `$TTL 60\n@ SOA ns h 3 3600 600 86400 60\n@ NS ns\n${Array.from({ length: 9 }, (_, i) => `h${i} A 10.0.0.${i}`).join('\n')}\n`,
  { origin: ORIGIN },
).image();
/** The reasons that a stream may be refused for. Others are faults of the reader. */
const REASONABLE = new Set(['Error']);

function randomRecord(random: Random): ResourceRecord {
  const host = `h${random.below(12)}.${ORIGIN}`;
  const name = random.pick([host, host, host, ORIGIN, `*.${ORIGIN}`, 'x.example.net', `a.b.c.${ORIGIN}`]);
  const [type, data] = random.pick<[string, unknown]>([
    ['A', `10.0.0.${random.below(9)}`],
    ['AAAA', '2001:db8::1'],
    ['NS', `ns.${ORIGIN}`],
    ['MX', { preference: 1, exchange: host }],
    ['CNAME', host],
    ['DNAME', 'example.net'],
    ['TXT', ['x', 'y']],
    ['SRV', { priority: 1, weight: 2, port: 3, target: host }],
    [
      'TYPE46',
      Buffer.concat([Buffer.from('00010d0200000e10ffffffff000000003039', 'hex'), Buffer.from([0]), Buffer.alloc(8)]),
    ],
    ['TYPE47', Buffer.from('00000140', 'hex')],
    ['TYPE65280', Buffer.alloc(random.below(20))],
  ]);
  return { name, type, ttl: random.below(3) * 60, data } as ResourceRecord;
}

/** The records of an answer to AXFR or IXFR. */
function randomAnswer(random: Random, isIxfr: boolean): Buffer[] {
  const some = (count: number): Buffer[] =>
    Array.from({ length: random.below(count) }, () => recordBytes(randomRecord(random)));
  const at = (serial: number): Buffer => recordBytes(soa(ORIGIN, serial));
  if (isIxfr && random.chance(70)) {
    const host = (i: number): Buffer =>
      recordBytes({ name: `h${i}.${ORIGIN}`, type: 'A', ttl: 60, data: `10.0.0.${i}` });
    return [
      at(5),
      recordBytes(at3),
      host(random.below(9)),
      ...some(2),
      at(4),
      ...some(3),
      at(4),
      at(5),
      ...some(3),
      at(5),
    ];
  }
  return [at(5), recordBytes({ name: ORIGIN, type: 'NS', ttl: 60, data: `ns.${ORIGIN}` }), ...some(20), at(5)];
}

const at3 = { ...soa(ORIGIN, 3), ttl: 60 } as ResourceRecord;

/** Changes messages: octets, lengths, order, number. */
function mutated(random: Random, messages: Buffer[]): Buffer[] {
  const changed = messages.map((message) => Buffer.from(message));
  for (let times = random.below(4); times > 0 && changed.length > 0; times--) {
    const index = random.below(changed.length);
    const message = changed[index];
    const at = random.below(message.length);
    const act = random.below(7);
    if (act <= 2) message[at] = random.pick([0, 1, 0x3f, 0x40, 0xc0, 0xff, random.below(256)]);
    else if (act === 3) changed[index] = message.subarray(0, at);
    else if (act === 4)
      changed[index] = Buffer.concat([message.subarray(0, at), message.subarray(random.below(message.length))]);
    else if (act === 5) changed.splice(index, 1);
    else changed.splice(random.below(changed.length), 0, message);
  }
  return changed;
}

describe('the reader of zone transfers, fuzzed', function () {
  this.timeout(30_000 + 20 * STREAMS);

  it(`takes or refuses ${STREAMS} streams`, () => {
    const random = new Random(7);
    let taken = 0;
    for (let i = 0; i < STREAMS; i++) {
      const serial = random.chance(50) ? 3 : undefined;
      const query = writeQuery({ origin: ORIGIN, id: 7, type: serial === undefined ? TYPES.AXFR : TYPES.IXFR }, serial);
      const records = randomAnswer(random, serial !== undefined);
      const messages: Buffer[] = [];
      while (records.length > 0) {
        messages.push(
          answerBytes(query, records.splice(0, 1 + random.below(8)), {
            question: messages.length === 0 || random.chance(50),
          }),
        );
      }
      if (take(random.chance(20) ? messages : mutated(random, messages), serial)) taken++;
    }
    assert.ok(taken > STREAMS / 20, `${taken} were taken`);
  });
});

/** Whether a stream makes a zone. */
function take(messages: readonly Buffer[], serial: number | undefined): boolean {
  const loader = new ZoneLoader(ORIGIN, 'transfer');
  const differences = new Differences(BASE);
  let count = 0;
  const check = ({ type, data, dataEnd }: { type: number; data: Buffer; dataEnd: number }): void => {
    assert.equal(data.readUInt16BE(0), dataEnd - 2);
    readRdata(new WireReader(Buffer.from(data.subarray(0, dataEnd)), 2), type); // throws if a pointer is left
  };
  const reader = new TransferReader(
    { origin: ORIGIN, id: 7, serial },
    {
      whole(record) {
        check(record);
        loader.addEncoded(record, ++count);
      },
      change(kind, record) {
        check(record);
        differences[kind](record);
      },
    },
  );
  try {
    const isDone = messages.some((message) => reader.take(message));
    if (!isDone || reader.form === 'current') return false;
    const data = reader.form === 'whole' ? loader.finish() : differences.finish();
    assert.ok(data.size > 0);
    return true;
  } catch (error) {
    const { name, message, stack } = error as Error;
    assert.ok(REASONABLE.has(name), stack);
    assert.doesNotMatch(message, /undefined|NaN|out of range|Cannot read/, stack);
    return false;
  }
}
