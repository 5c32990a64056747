import assert from 'node:assert/strict';
import packet, { type Packet } from 'dns-packet';
import { opt } from '../support/clients.js';
import { asked, encoded, exchange, Reply, type Asked } from '../support/queries.js';

const A = { type: 'A', name: 'example.org', ttl: 300, class: 'IN', flush: false, data: '192.0.2.1' } as const;
const NS = { type: 'NS', name: 'org', ttl: 60, class: 'IN', flush: false, data: 'ns.example.org' } as const;
const GLUE = { ...A, name: 'ns.example.org' } as const;
const FLAGS = packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | packet.AUTHENTIC_DATA;

/** A response as a resolver has it. */
function response(more: Packet & { rcode?: string } = {}): Packet {
  return {
    type: 'response',
    id: 0x9999,
    questions: [{ name: 'example.org', type: 'A', class: 'IN' }],
    answers: [A],
    authorities: [NS],
    additionals: [GLUE],
    ...more,
  };
}

/** The same, encoded by dns-packet, which compresses nothing, with its response code in the header. */
function encodedResponse(more: Packet = {}): Buffer {
  return packet.encode(response(more));
}

/** A header for one question and these counts, and in hexadecimal what follows. */
function raw(counts: readonly [number, number, number], rest: string, flags = 0x8180): Buffer {
  const header = Buffer.alloc(12);
  [0x9999, flags, 1, ...counts].forEach((word, i) => header.writeUInt16BE(word, 2 * i));
  return Buffer.concat([header, Buffer.from(rest.replaceAll(' ', ''), 'hex')]);
}

const QUESTION = '076578616d706c65 036f7267 00 0001 0001';
const OTHER = '0765585a4d504c65 036f7267 00 0001 0001'; // eXZMPLe.org: as long
const ANSWER = 'c00c 0001 0001 0000012c 0004 c0000201';
const OPT = '00 0029 1000 00 00 8000 0000';
const BADVERS_OPT = '00 0029 1000 01 00 0000 0000';

/** What a client gets that asks `how`, when the handler sends `message`. */
const sent = (message: Packet | Uint8Array, how: Asked = {}) => exchange(how, (reply) => reply.send(message));
/** Records without OPT. */
const records = (section: packet.Answer[] | undefined): packet.Answer[] =>
  section!.filter(({ type }) => type !== 'OPT');

for (const [what, make] of [
  ['a packet', response],
  ['an encoded message', encodedResponse],
  ['an encoded message in a Uint8Array', (more: Packet) => new Uint8Array(encodedResponse(more))],
] as readonly (readonly [string, (more?: Packet) => Packet | Uint8Array])[]) {
  describe(`sending ${what}`, () => {
    it('takes its records, and nothing of its ID', () => {
      const { message } = sent(make());
      assert.equal(message.id, 0x1234);
      assert.deepEqual(message.answers, [A]);
      assert.deepEqual(message.authorities, [NS]);
      assert.deepEqual(records(message.additionals), [GLUE]);
    });

    it('takes AA, TC, RA, AD and the response code, and neither RD, CD nor the opcode', () => {
      assert.equal(sent(make({ flags: FLAGS | 3 }), { flags: 0 }).bytes.readUInt16BE(2), 0x8000 | FLAGS | 3);
      const truncated = packet.TRUNCATED_RESPONSE;
      assert.equal(sent(make({ flags: truncated }), { flags: 0 }).bytes.readUInt16BE(2), 0x8000 | truncated);
      const others = packet.RECURSION_DESIRED | packet.CHECKING_DISABLED | 0x2840;
      assert.equal(sent(make({ flags: others }), { flags: 0 }).bytes.readUInt16BE(2), 0x8000);
      assert.equal(sent(make({ flags: 0 }), { flags: 0x0110 }).bytes.readUInt16BE(2), 0x8110);
    });

    it('has our OPT in place of its own, or none', () => {
      const own = make({ additionals: [GLUE, opt(4096, { flags: 0x8000 })] });
      const { message, opt: ours, opts } = sent(own, { size: 1400, maxPayloadSize: 1300 });
      assert.equal(opts, 1);
      assert.deepEqual([ours!.udpPayloadSize, ours!.flags], [1300, 0]);
      assert.deepEqual(records(message.additionals), [GLUE]);
      assert.deepEqual(sent(own, { size: undefined }).message.additionals, [GLUE]);
    });

    it('takes the extension of its response code (RFC 6891 s.6.1.3)', () => {
      const own = make({ flags: 7, additionals: [opt(4096, { extendedRcode: 1 })] });
      const reply = new Reply(asked());
      reply.send(own);
      assert.equal(reply.rcode, 'BADCOOKIE');
    });

    it('refuses an invalid response code', () => {
      const reply = new Reply(asked());
      assert.throws(() => reply.send(make({ flags: 12 })), {
        name: 'RangeError',
        message: /^invalid response code 12: NOERROR \(0\), /,
      });
    });

    it('truncates it as others', () => {
      const answers = Array.from({ length: 40 }, (_, i) => ({ ...A, data: `192.0.2.${i}` }));
      const { message } = sent(make({ answers }), { size: undefined });
      assert.equal(message.flag_tc, true);
      assert.deepEqual([message.answers!.length, message.authorities!.length, message.additionals!.length], [0, 0, 0]);
    });

    it('comes in the place of what was said before', () => {
      const { message } = exchange({}, (reply) => {
        reply.answer({ ...A, data: '192.0.2.9' }).authority(NS, NS);
        reply.authoritative = true;
        reply.send(make({ flags: 0 }));
      });
      assert.deepEqual(message.answers, [A]);
      assert.equal(message.authorities!.length, 1);
      assert.equal(message.flag_aa, false);
    });

    it('can be added to', () => {
      const { message } = exchange({}, (reply) => {
        reply.send(make({ flags: 0, additionals: [opt()] })).answer({ ...A, data: '192.0.2.2' });
        reply.additional(GLUE);
        reply.authoritative = true;
      });
      assert.deepEqual(message.answers, [A, { ...A, data: '192.0.2.2' }]);
      assert.deepEqual(message.authorities, [NS]);
      assert.deepEqual(records(message.additionals), [GLUE]);
      assert.equal(message.flag_aa, true);
    });

    it('can be read and changed', () => {
      const { message } = exchange({}, (reply) => {
        reply.send(make());
        assert.deepEqual(reply.answers, [A]);
        assert.deepEqual(reply.authorities, [NS]);
        assert.deepEqual(reply.additionals, [GLUE]);
        reply.authorities = [];
      });
      assert.deepEqual([message.answers!.length, message.authorities!.length], [1, 0]);
    });

    it('does not keep the buffer', () => {
      const own = make();
      const { message } = exchange({}, (reply) => {
        reply.send(own);
        if (own instanceof Uint8Array) own.fill(0xff);
      });
      assert.deepEqual(message.answers, [A]);
    });

    it('with another question keeps the owners of its records', () => {
      const { message } = sent(make(), { name: 'example.com' });
      assert.deepEqual(message.questions, [{ name: 'example.com', type: 'A', class: 'IN' }]);
      assert.deepEqual(message.answers, [A]);
    });
  });
}

describe('sending a packet', () => {
  it('takes a response code by name, before the one of its flags', () => {
    assert.equal(sent(response({ rcode: 'NXDOMAIN', flags: 2 })).message.rcode, 'NXDOMAIN');
    assert.throws(() => new Reply(asked()).send(response({ rcode: 'NONE' })), RangeError);
  });

  it('that says nothing is NOERROR without records', () => {
    const { message } = sent({});
    assert.deepEqual([message.rcode, message.answers!.length], ['NOERROR', 0]);
  });

  it('that dns-packet decoded from another server is what that one said', () => {
    const theirs = packet.decode(encodedResponse({ flags: FLAGS | 3, additionals: [opt()] }));
    const { message } = sent(theirs);
    assert.equal(message.rcode, 'NXDOMAIN');
    assert.deepEqual(message.answers, [A]);
    assert.deepEqual(message.authorities, [NS]);
  });

  for (const nothing of [undefined, 'text', 7]) {
    it(`refuses ${String(nothing)}`, () => {
      assert.throws(() => new Reply(asked()).send(nothing as never), {
        name: 'TypeError',
        message: 'a packet or a Buffer is needed to send',
      });
    });
  }

  it('refuses null', () => {
    assert.throws(() => new Reply(asked()).send(null as never), TypeError);
  });
});

describe('sending an encoded message', () => {
  const names = (bytes: Buffer): string[] => packet.decode(bytes).answers!.map(({ name }) => name);

  it('takes its octets over as they stand', () => {
    // RDATA of a type that nobody knows, and a name that is compressed in a way of its own.
    const rest = `${ANSWER} c014 ff00 0001 00000001 0003 c0ffee`;
    const { bytes } = sent(raw([2, 0, 0], `${QUESTION} ${rest}`), { size: undefined });
    assert.equal(bytes.toString('hex', 12), `${QUESTION} ${rest}`.replaceAll(' ', ''));
  });

  it('has the spelling of this client, which compressed names share (0x20)', () => {
    const { bytes } = sent(raw([1, 0, 0], `${QUESTION} ${ANSWER}`), { name: 'eXaMPle.oRg', size: undefined });
    assert.equal(bytes.toString('latin1', 13, 20), 'eXaMPle');
    assert.deepEqual(names(bytes), ['eXaMPle.oRg']);
  });

  it('does not give its records to another name that is as long', () => {
    const { bytes } = sent(raw([1, 0, 0], `${OTHER} ${ANSWER}`));
    assert.deepEqual(names(bytes), ['eXZMPLe.org']);
  });

  it('does not take a type or class of other case for the same', () => {
    // TYPE65 and TYPE97 differ as A and a do.
    const reply = new Reply(asked({ type: 'UNKNOWN_65' as packet.RecordType }));
    const question = QUESTION.replace('0001 0001', '0061 0001');
    reply.send(raw([1, 0, 0], `${question} ${ANSWER}`));
    assert.deepEqual(names(encoded(asked({ type: 'UNKNOWN_65' as packet.RecordType }), reply)), ['example.org']);
  });

  it('without a question, or with two, is read by dns-packet', () => {
    const none = raw([1, 0, 0], '0161 00 0001 0001 0000012c 0004 c0000201');
    none.writeUInt16BE(0, 4);
    assert.deepEqual(names(sent(none).bytes), ['a']);
    const two = raw([1, 0, 0], `${QUESTION} 0162 00 0001 0001 c01d 0001 0001 0000012c 0004 c0000201`);
    two.writeUInt16BE(2, 4);
    assert.deepEqual(names(sent(two).bytes), ['b']);
  });

  for (const [where, counts, rest, additionals] of [
    ['last', [1, 0, 2], `${ANSWER} ${ANSWER} ${OPT}`, 1],
    ['before others', [1, 0, 2], `${ANSWER} ${OPT} ${ANSWER}`, 1],
    ['among the answers', [2, 0, 0], `${ANSWER} ${OPT}`, 0],
    ['among the authorities', [1, 1, 0], `${ANSWER} ${OPT}`, 0],
    ['there twice', [1, 0, 2], `${ANSWER} ${OPT} ${OPT}`, 0],
    ['there not at all', [1, 0, 1], `${ANSWER} ${ANSWER}`, 1],
  ] as const) {
    it(`leaves out its OPT when that is ${where}`, () => {
      const { message, opts } = sent(raw(counts, `${QUESTION} ${rest}`));
      assert.equal(opts, 1);
      assert.equal(message.answers!.length, 1);
      assert.equal(message.authorities!.length, 0);
      assert.equal(records(message.additionals).length, additionals);
      assert.deepEqual(sent(raw(counts, `${QUESTION} ${rest}`), { size: undefined }).opts, 0);
    });
  }

  it('takes the extension of its response code wherever its OPT stands', () => {
    for (const rest of [BADVERS_OPT, `${BADVERS_OPT} ${ANSWER}`]) {
      const reply = new Reply(asked());
      reply.send(raw([0, 0, rest === BADVERS_OPT ? 1 : 2], `${QUESTION} ${rest}`));
      assert.equal(reply.rcode, 'BADVERS');
    }
  });

  it('takes what stands behind its records for nothing', () => {
    const { bytes } = sent(raw([1, 0, 0], `${QUESTION} ${ANSWER} ffff`), { size: undefined });
    assert.equal(bytes.length, 12 + 17 + 16);
  });

  it('refuses one that ends too early, wherever it ends', () => {
    const whole = raw([1, 0, 1], `${QUESTION} ${ANSWER} ${OPT}`);
    for (let length = 0; length < whole.length; length++) {
      const reply = new Reply(asked());
      assert.throws(
        () => reply.send(whole.subarray(0, length)),
        /^Error: the message (ends within (a|its)|is shorter)/,
      );
      assert.equal(reply.answered, false);
    }
  });
});
