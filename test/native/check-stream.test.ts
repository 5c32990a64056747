import assert from 'node:assert/strict';
import packet from 'dns-packet';
import fc from 'fast-check';
import { addon } from '../../dist/native/addon.js';
import { framed, opt, queryBytes } from '../support/clients.js';
import { CheckedStream } from '../support/stream-admission.js';

const { layout } = addon;
const { query: word, verdict: verdicts } = layout;

/** Runs one message, or several, through native code's check. */
function check(...messages: Uint8Array[]) {
  const input = Buffer.concat(messages.map(framed));
  const stream = new CheckedStream();
  const { queries, text, counters } = stream;
  const count = stream.check(input);
  const rows = Array.from({ length: count }, (_, i) => {
    const at = (position: number): number => queries[i * layout.queryWords + position];
    const string = (offset: number): string => text.toString('latin1', offset, offset + at(word.keyLength));
    const message = input.subarray(at(word.offset), at(word.offset) + at(word.length));
    return {
      verdict: at(word.verdict),
      at,
      message,
      key: string(at(word.keyOffset)),
      name: string(at(word.nameOffset)),
    };
  });
  const counted: Record<string, number> = {};
  layout.workerCounters.forEach((name, i) => {
    if (counters[i] !== 0) counted[name] = counters[i];
  });
  return { rows, counted };
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const QUESTION = '03 777777 07 6578616d706c65 03 6f7267 00 0001 0001'; // www.example.org A IN

/** A header (ID 0x1234, RD) with these counts, and what follows it. */
function message(counts: string, rest: string, flags = '0100'): Buffer {
  return hex(`1234 ${flags} ${counts} ${rest}`);
}

function expectReply(bytes: Buffer, reply: string, counter: string): void {
  const { rows, counted } = check(bytes);
  assert.equal(rows[0].verdict, verdicts.reply);
  assert.equal(rows[0].message.toString('hex'), reply.replaceAll(/\s/g, ''));
  assert.deepEqual(counted, { [counter]: 1 });
}

function expectFormErr(bytes: Buffer): void {
  expectReply(bytes, '1234 8101 0000 0000 0000 0000', 'formatErrors');
}

describe('the check of messages in native code', () => {
  it('has the words that the library reads queries by where the library expects them', () => {
    assert.deepEqual(Object.values(word), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    assert.equal(layout.queryWords, 24);
  });

  it('passes a question on, with its fields', () => {
    const { rows, counted } = check(message('0001 0000 0000 0000', QUESTION));
    const [row] = rows;
    assert.equal(row.verdict, verdicts.query);
    assert.equal(row.at(word.idAndFlags), 0x12340100);
    assert.equal(row.at(word.typeAndClass), 0x00010001);
    assert.equal(row.at(word.questionEnd), 12 + 17 + 4);
    assert.equal(row.key, 'www.example.org');
    assert.equal(row.at(word.nameOffset), row.at(word.keyOffset));
    assert.equal(row.at(word.edns), 0);
    assert.deepEqual(counted, {});
  });

  it('passes on the OPT record', () => {
    const [row] = check(
      queryBytes('a.b', 'MX', {
        additionals: [
          opt(4096, { flag_do: true, flags: 0x8000, options: [{ code: 3, data: Buffer.from('x') }] as never }),
        ],
      }),
    ).rows;
    assert.equal(row.verdict, verdicts.query);
    assert.equal(row.at(word.edns), 1);
    assert.equal(row.at(word.ednsSizeAndFlags) >>> 0, ((4096 << 16) | 0x8000) >>> 0);
    assert.equal(row.at(word.optionsLength), 5);
    assert.equal(row.message.subarray(row.at(word.optionsOffset)).toString('hex'), '0003000178');
  });

  it('keeps the spelling of the client and gives the lower case beside it', () => {
    const [row] = check(queryBytes('wWw.ExAmPle.oRG')).rows;
    assert.equal(row.key, 'www.example.org');
    assert.equal(row.name, 'wWw.ExAmPle.oRG');
  });

  it('escapes what is not printable, dots and backslashes inside labels (RFC 1035 s.5.1)', () => {
    const [row] = check(message('0001 0000 0000 0000', '06 41 2e 5c 00 20 ff 01 42 00 0001 0001')).rows;
    assert.equal(row.name, 'A\\.\\\\\\000\\032\\255.B');
    assert.equal(row.key, 'a\\.\\\\\\000\\032\\255.b');
  });

  it('writes the root as a dot', () => {
    assert.equal(check(message('0001 0000 0000 0000', '00 0002 0001')).rows[0].key, '.');
  });

  it('takes the longest name there is, escaped to its longest', () => {
    const label = `3f${'00'.repeat(63)}`;
    const longest = `${label}${label}${label}3d${'00'.repeat(61)}00`;
    const [row] = check(message('0001 0000 0000 0000', `${longest} 0001 0001`)).rows;
    assert.equal(row.key.length, 250 * 4 + 3);
    expectFormErr(message('0001 0000 0000 0000', `${label}${label}${label}3e${'00'.repeat(62)}00 0001 0001`));
  });

  it('drops what is shorter than a header, and responses', () => {
    assert.deepEqual(check(Buffer.alloc(11)).counted, { droppedShort: 1 });
    assert.deepEqual(check(Buffer.alloc(0)).counted, { droppedShort: 1 });
    const { rows, counted } = check(message('0001 0000 0000 0000', QUESTION, '8100'));
    assert.equal(rows[0].verdict, verdicts.drop);
    assert.deepEqual(counted, { droppedResponse: 1 });
  });

  for (let opcode = 1; opcode < 16; opcode++) {
    it(`answers opcode ${opcode} with NOTIMP, a header with all other flags clear`, () => {
      const flags = ((opcode << 11) | 0x07f0).toString(16).padStart(4, '0');
      const replyFlags = (0x8000 | (opcode << 11) | 4).toString(16);
      expectReply(
        message('0001 0000 0000 0000', QUESTION, flags),
        `1234 ${replyFlags} 0000 0000 0000 0000`,
        'notImplemented',
      );
    });
  }

  it('answers a QDCOUNT other than 1 with FORMERR (RFC 9619)', () => {
    expectFormErr(message('0000 0000 0000 0000', ''));
    expectFormErr(message('0002 0000 0000 0000', QUESTION + QUESTION));
  });

  it('answers counts that no query has with FORMERR, whatever follows', () => {
    expectFormErr(message('ffff ffff ffff ffff', '00'));
    expectFormErr(message('0001 0002 0000 0000', QUESTION));
    expectFormErr(message('0001 0000 0002 0000', QUESTION));
    expectFormErr(message('0001 0000 0000 0003', QUESTION));
  });

  it('answers bad names in the question with FORMERR', () => {
    expectFormErr(message('0001 0000 0000 0000', 'c00c 0001 0001')); // a pointer to itself
    expectFormErr(message('0001 0000 0000 0000', '03 777777 c00c 0001 0001'));
    expectFormErr(message('0001 0000 0000 0000', '40 00 0001 0001')); // an invalid label type
    expectFormErr(message('0001 0000 0000 0000', '03 7777'));
    expectFormErr(message('0001 0000 0000 0000', '03 777777 00 0001'));
  });

  it('answers bad owner names and pointers that do not lead back with FORMERR', () => {
    const opt = '0029 04d0 00000000 0000';
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} c021 ${opt}`)); // to itself
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} c0ff ${opt}`)); // past the end
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} c000 ${opt}`)); // into the header
    expectFormErr(message('0001 0000 0000 0002', `${QUESTION} c023 ff c021 ${opt}`)); // two that meet
  });

  it('answers records that do not fit, and bytes behind the last, with FORMERR', () => {
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} 00 0029 04d0 00000000`));
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} 00 0029 04d0 00000000 0001`));
    expectFormErr(message('0001 0000 0000 0000', `${QUESTION} 00`));
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} 00 0029 04d0 00000000 0000 00`));
  });

  it('takes a record in the authority section, as IXFR has it, with a compressed name', () => {
    const soa = 'c00c 0006 0001 00000000 0016 00 00 00000001 00000000 00000000 00000000 00000000';
    assert.equal(check(message('0001 0000 0001 0000', QUESTION + soa)).rows[0].verdict, verdicts.query);
  });

  it('answers a second OPT, one with an owner, and one in another section with FORMERR (RFC 6891 s.6.1)', () => {
    const opt = '00 0029 04d0 00000000 0000';
    expectFormErr(message('0001 0000 0000 0002', `${QUESTION} ${opt} ${opt}`));
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} 01 61 ${opt}`));
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} c00c ${opt.slice(2)}`));
    expectFormErr(message('0001 0001 0000 0000', `${QUESTION} ${opt}`));
    expectFormErr(message('0001 0000 0001 0000', `${QUESTION} ${opt}`));
  });

  it('answers options that do not fill the OPT exactly with FORMERR', () => {
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} 00 0029 04d0 00000000 0003 000a00`));
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} 00 0029 04d0 00000000 0004 000a0001`));
    expectFormErr(message('0001 0000 0000 0001', `${QUESTION} 00 0029 04d0 00000000 0005 000a000000`));
  });

  it('answers EDNS versions above 0 with BADVERS, with question and OPT (RFC 6891 s.6.1.3)', () => {
    const version1 = '00 0029 1000 00018000 0004 000a0000';
    expectReply(
      message('0001 0000 0000 0001', `${QUESTION} ${version1}`),
      `1234 8100 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 01008000 0000`,
      'badVersions',
    );
  });

  it('stops at a message that is not complete, and after a batch', () => {
    const good = framed(queryBytes('example.org'));
    const stream = new CheckedStream();
    const run = (input: Buffer): number => stream.check(input);
    for (let cut = 0; cut < good.length; cut++) assert.equal(run(good.subarray(0, cut)), 0);
    assert.equal(run(Buffer.concat([good, good.subarray(0, -1)])), 1);
    assert.equal(run(Buffer.concat(Array.from({ length: 65 }, () => good))), 64);
  });

  it('never reads past a message, and agrees with dns-packet on every query that it passes', () => {
    const start = queryBytes('www.example.org', 'A', { additionals: [opt()] });
    const mutation = fc.array(fc.tuple(fc.nat(start.length - 1), fc.nat(255)), { maxLength: 6 });
    const mutated = mutation.map((changes) => {
      const bytes = Buffer.from(start);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        const { rows } = check(bytes);
        assert.equal(rows.length, 1);
        if (rows[0].verdict !== verdicts.query) return;
        // Of other records than OPT only the outline is checked here, while dns-packet reads their data as well.
        const question = Buffer.from(bytes);
        question.fill(0, 6, 12);
        const decoded = packet.decode(question);
        assert.equal(decoded.questions?.length, 1);
        assert.equal(decoded.type, 'query');
        if (/^[\w.]+$/.test(rows[0].name)) assert.equal(rows[0].name, decoded.questions[0].name);
      }),
      { numRuns: 5000 },
    );
  });
});
