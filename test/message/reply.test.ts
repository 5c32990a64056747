import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { asked, encoded, exchange, receiveOne, Reply } from '../support/queries.js';

const A = (name = 'example.org', data = '192.0.2.1') => ({ type: 'A', name, ttl: 300, data }) as const;

describe('the header of a reply', () => {
  it('has the ID of the query, QR, opcode 0 and NOERROR', () => {
    const { bytes, message } = exchange({ id: 0xbeef, flags: 0 }, (reply) => reply.answer(A()));
    assert.equal(message.id, 0xbeef);
    assert.equal(bytes.readUInt16BE(2), 0x8000);
  });

  it('echoes RD and CD of the query, and AD not', () => {
    const all = packet.RECURSION_DESIRED | packet.CHECKING_DISABLED | packet.AUTHENTIC_DATA;
    assert.equal(exchange({ flags: all }, (reply) => reply.answer(A())).bytes.readUInt16BE(2), 0x8110);
  });

  it('has AA, RA and AD when the handler sets them, and not when it takes them back', () => {
    const flags = (handle: (reply: Reply) => void): number =>
      exchange({ flags: 0 }, handle).bytes.readUInt16BE(2) & 0x7fff;
    const set = (reply: Reply): void => {
      reply.authoritative = reply.recursionAvailable = reply.authenticData = true;
    };
    assert.equal(flags(set), 0x04a0);
    assert.equal(
      flags((reply) => {
        set(reply);
        assert.deepEqual([reply.authoritative, reply.recursionAvailable, reply.authenticData], [true, true, true]);
        reply.recursionAvailable = false;
      }),
      0x0420,
    );
  });

  it('counts the records of each section, and OPT among the additional ones', () => {
    const fill = (reply: Reply): void => {
      reply.answer(A(), A('example.org', '192.0.2.2')).answer(A('example.org', '192.0.2.3'));
      reply.authority({ type: 'NS', name: 'org', data: 'a.org' }, { type: 'NS', name: 'org', data: 'b.org' });
      reply.additional(A('a.org'));
    };
    const counts = (bytes: Buffer): number[] => [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at));
    assert.deepEqual(counts(exchange({}, fill).bytes), [1, 3, 2, 2]);
    assert.deepEqual(counts(exchange({ size: undefined }, fill).bytes), [1, 3, 2, 1]);
  });
});

describe('a reply', () => {
  it('has the question as the client spelled it', () => {
    const { message } = exchange({ name: 'eXaMPle.ORG', type: 'TXT', class: 'CH' }, (reply) => {
      reply.answer({ type: 'TXT', name: 'example.org', data: 'x' });
    });
    assert.deepEqual(message.questions, [{ name: 'eXaMPle.ORG', type: 'TXT', class: 'CH' }]);
    assert.equal(message.answers![0].name, 'eXaMPle.ORG');
    assert.equal((message.answers![0] as packet.TxtAnswer).class, 'CH');
  });

  it('has its records in the order in which they were given', () => {
    const data = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`);
    const { message } = exchange({}, (reply) => {
      for (const address of data) reply.answer(A('example.org', address));
    });
    assert.deepEqual(
      message.answers!.map((record) => (record as packet.StringAnswer).data),
      data,
    );
  });

  it('is answered once something was said, and only then', () => {
    const query = asked();
    const touched = (handle: (reply: Reply) => void): boolean => {
      const reply = new Reply(query);
      handle(reply);
      return reply.answered;
    };
    assert.equal(
      touched(() => undefined),
      false,
    );
    assert.equal(
      touched((reply) => reply.ede(1)),
      false,
    );
    assert.equal(
      touched((reply) => (reply.authoritative = true)),
      false,
    );
    assert.equal(
      touched((reply) => (reply.rcode = 'NOERROR')),
      true,
    );
    assert.equal(
      touched((reply) => reply.answer()),
      true,
    );
    assert.equal(
      touched((reply) => reply.authority(A())),
      true,
    );
    assert.equal(
      touched((reply) => reply.additional(A())),
      true,
    );
    assert.equal(
      touched((reply) => reply.send({})),
      true,
    );
    assert.equal(
      touched((reply) => (reply.answers = [])),
      true,
    );
    const dropped = (reply: Reply): void => {
      reply.drop();
      assert.equal(reply.dropped, true);
    };
    assert.equal(touched(dropped), true);
  });

  it('has its records read and changed by later code', () => {
    const { message } = exchange({}, (reply) => {
      reply.answer(A(), A('b.org')).authority(A('c.org')).additional(A('d.org'));
      assert.deepEqual(reply.answers, [A(), A('b.org')]);
      reply.answers = reply.answers.slice(1);
      reply.authorities = [...reply.authorities, A('e.org')];
      reply.additionals = [];
      reply.answer(A('f.org'));
    });
    const names = (records: packet.Answer[] | undefined): string[] => records!.map(({ name }) => name);
    assert.deepEqual(names(message.answers), ['b.org', 'f.org']);
    assert.deepEqual(names(message.authorities), ['c.org', 'e.org']);
    assert.deepEqual(names(message.additionals), ['.']);
  });

  it('does not change a list that it was given', () => {
    const given = [A()];
    exchange({}, (reply) => {
      reply.answers = given;
      reply.answer(A('b.org'));
    });
    assert.equal(given.length, 1);
  });

  it('that fails says nothing but why, and keeps the extended error', () => {
    const { bytes, message, opt } = exchange({ flags: 0 }, (reply) => {
      reply.answer(A()).authority(A()).additional(A()).ede(23);
      reply.authoritative = true;
      reply.drop();
      reply.fail('SERVFAIL');
      assert.equal(reply.dropped, false);
      assert.equal(reply.rcode, 'SERVFAIL');
    });
    assert.equal(bytes.readUInt16BE(2), 0x8002);
    assert.deepEqual([message.answers!.length, message.authorities!.length, message.additionals!.length], [0, 0, 1]);
    assert.equal(opt!.options.length, 1);
  });

  it('tells its observers what was sent', () => {
    const query = asked();
    const reply = new Reply(query);
    const seen: unknown[] = [];
    reply.observe((outcome) => seen.push(outcome));
    reply.observe(({ length }) => seen.push(length));
    reply.rcode = 'NXDOMAIN';
    const { length } = encoded(query, reply);
    assert.deepEqual(seen, []);
    (reply as unknown as { finished(length: number, kept: boolean): void }).finished(length, true);
    assert.deepEqual(seen, [{ rcode: 'NXDOMAIN', length, truncated: false, kept: true }, length]);
  });

  it('to a query for the root has an empty name', () => {
    const { message } = exchange({ name: '.', type: 'NS' }, (reply) => {
      reply.answer({ type: 'NS', name: '.', ttl: 1, data: 'a.root-servers.net' });
    });
    assert.equal(message.questions![0].name, '.');
    assert.equal(message.answers![0].name, '.');
  });

  it('to a query for a name with escapes has the same octets', () => {
    const question = Buffer.from('0012 03612e62 0100 00 0001 0001'.replaceAll(' ', ''), 'hex').subarray(2);
    const bytes = Buffer.concat([Buffer.from('123400000001000000000000', 'hex'), question]);
    const query = receiveOne(bytes);
    assert.equal(query.name, 'a\\.b.\\000');
    const reply = new Reply(query);
    reply.answer(A(query.name));
    const written = encoded(query, reply);
    assert.equal(written.toString('hex', 12, 12 + question.length), question.toString('hex'));
    assert.equal(written.readUInt16BE(12 + question.length), 0xc00c);
  });
});
