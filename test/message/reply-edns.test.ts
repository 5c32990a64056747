import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { replyLimit } from '../../dist/message/reply-limit.js';
import { queryBytes, opt } from '../support/clients.js';
import { asked, exchange, receiveOne, encoded, decoded, Reply } from '../support/queries.js';

const A = { type: 'A', name: 'example.org', ttl: 300, data: '192.0.2.1' } as const;
const respond = (reply: Reply): void => void reply.answer(A);

describe('OPT of a reply (RFC 6891)', () => {
  it('is there when the query has one, and only then', () => {
    assert.equal(exchange({ size: 1232 }, respond).opts, 1);
    assert.equal(exchange({ size: undefined }, respond).opts, 0);
  });

  it('has our payload size, not the client`s', () => {
    assert.equal(exchange({ size: 4096, maxPayloadSize: 1232 }, respond).opt!.udpPayloadSize, 1232);
    assert.equal(exchange({ size: 512, maxPayloadSize: 1400 }, respond).opt!.udpPayloadSize, 1400);
  });

  it('has version 0 and echoes DO alone (RFC 3225 s.3)', () => {
    assert.equal(exchange({ dnssecOk: true }, respond).opt!.flags, 0x8000);
    assert.equal(exchange({ dnssecOk: false }, respond).opt!.flags, 0);
    const bytes = queryBytes('example.org', 'A', { additionals: [opt(1232, { flags: 0xffff })] });
    const query = receiveOne(bytes);
    const reply = new Reply(query);
    reply.answer(A);
    const [own] = decoded(encoded(query, reply)).additionals! as packet.OptAnswer[];
    assert.equal(own.flags, 0x8000);
    assert.equal(own.ednsVersion, 0);
  });

  it('echoes none of the client`s options (RFC 6891 s.6.1.1)', () => {
    const cookie = { code: 10, data: Buffer.alloc(8, 1) } as unknown as packet.PacketOpt;
    const query = receiveOne(queryBytes('example.org', 'A', { additionals: [opt(1232, { options: [cookie] })] }));
    const reply = new Reply(query);
    reply.answer(A);
    const [own] = decoded(encoded(query, reply)).additionals! as packet.OptAnswer[];
    assert.deepEqual(own.options, []);
  });

  it('stands behind the other additional records', () => {
    const { message } = exchange({}, (reply) => reply.additional(A));
    assert.deepEqual(
      message.additionals!.map(({ type }) => type),
      ['A', 'OPT'],
    );
  });
});

describe('the response code of a reply', () => {
  for (const [rcode, low, high] of [
    ['NOERROR', 0, 0],
    ['NXDOMAIN', 3, 0],
    ['DSOTYPENI', 11, 0],
    ['BADVERS', 0, 1],
    ['BADCOOKIE', 7, 1],
  ] as const) {
    it(`${rcode} is split between header and OPT (RFC 6891 s.6.1.3)`, () => {
      const { bytes, opt: own } = exchange({}, (reply) => (reply.rcode = rcode));
      assert.equal(bytes[3] & 15, low);
      assert.equal(own!.extendedRcode, high);
    });
  }

  it('is SERVFAIL when there is no OPT to hold it', () => {
    assert.equal(exchange({ size: undefined }, (reply) => (reply.rcode = 'BADCOOKIE')).message.rcode, 'SERVFAIL');
    assert.equal(exchange({ size: undefined }, (reply) => (reply.rcode = 'REFUSED')).message.rcode, 'REFUSED');
  });

  it('is refused if it is invalid', () => {
    const reply = new Reply(asked());
    for (const rcode of ['nxdomain', 'toString', '', 3]) {
      assert.throws(() => (reply.rcode = rcode as never), {
        name: 'RangeError',
        message: /^invalid response code .+: NOERROR \(0\), FORMERR \(1\), /,
      });
    }
    assert.equal(reply.rcode, 'NOERROR');
    assert.equal(reply.answered, false);
  });
});

describe('extended errors (RFC 8914)', () => {
  const options = (handle: (reply: Reply) => void, size: number | undefined = 1232): { code: number; data: Buffer }[] =>
    (exchange({ size }, handle).opt?.options ?? []) as unknown as { code: number; data: Buffer }[];

  it('have a code and a text in UTF-8', () => {
    const [own] = options((reply) => reply.answer(A).ede(15, 'gesperrt: é'));
    assert.equal(own.code, 15);
    assert.deepEqual(own.data, Buffer.concat([Buffer.from([0, 15]), Buffer.from('gesperrt: é')]));
  });

  it('may be several, and without a text', () => {
    const own = options((reply) => reply.answer(A).ede(0).ede(65535, 'x'));
    assert.deepEqual(
      own.map(({ data }) => data.toString('hex')),
      ['0000', 'ffff78'],
    );
  });

  it('are not seen by a client without EDNS', () => {
    const { message, bytes } = exchange({ size: undefined }, (reply) => reply.answer(A).ede(1, 'text'));
    assert.equal(message.additionals!.length, 0);
    assert.equal(bytes.includes('text'), false);
    assert.equal(message.flag_tc, false);
  });

  it('are refused if their code is invalid', () => {
    const reply = new Reply(asked());
    for (const code of [-1, 65536, 1.5, NaN]) assert.throws(() => reply.ede(code), RangeError);
  });

  it('are whole when records fill the reply up to the last octet', () => {
    // 12 header, 17 question, 11 OPT, 4 + 2 + 100 extended error: the rest for one TXT record of 12 octets and its data.
    const text = 'e'.repeat(100);
    const rest = 512 - 12 - 17 - 11 - 106 - 12;
    const data = [Buffer.alloc(255, 1), Buffer.alloc(rest - 256 - 1, 2)];
    const {
      bytes,
      opt: own,
      message,
    } = exchange({ size: 512 }, (reply) => {
      reply.answer({ type: 'TXT', name: 'example.org', data }).ede(7, text);
    });
    assert.equal(bytes.length, 512);
    assert.equal(message.flag_tc, false);
    assert.equal((own!.options[0] as { data: Buffer }).data.toString('latin1', 2), text);
  });

  it('are left out before records are, with TC (RFC 8914 s.3)', () => {
    const data = [Buffer.alloc(255, 1), Buffer.alloc(190, 2)];
    const { message, opt: own } = exchange({ size: 512 }, (reply) => {
      reply.answer({ type: 'TXT', name: 'example.org', data }).ede(7, 'e'.repeat(40));
    });
    assert.equal(message.answers!.length, 1);
    assert.deepEqual(own!.options, []);
    assert.equal(message.flag_tc, true);
  });

  it('longer than the reply may be do no harm', () => {
    for (const length of [1200, 1300, 70_000]) {
      const { message, opts } = exchange({}, (reply) => reply.answer(A).ede(1, 'e'.repeat(length)).ede(2));
      assert.deepEqual([message.answers!.length, opts, message.flag_tc], [1, 1, true]);
    }
  });
});

describe('the limit of a reply', () => {
  for (const [how, maxPayloadSize, limit] of [
    [{ size: undefined }, 1232, 512],
    [{ size: 1 }, 1232, 512],
    [{ size: 511 }, 1232, 512],
    [{ size: 512 }, 1232, 512],
    [{ size: 513 }, 1232, 513],
    [{ size: 1231 }, 1232, 1231],
    [{ size: 4096 }, 1232, 1232],
    [{ size: 65535 }, 1232, 1232],
    [{ size: 65535 }, 4096, 4096],
    [{ transport: 'tcp', size: undefined }, 1232, 65535],
    [{ transport: 'tcp', size: 512 }, 1232, 65535],
  ] as const) {
    const asks = how.size === undefined ? 'no EDNS' : `${how.size} bytes`;
    it(`for a client with ${asks} by ${'transport' in how ? how.transport : 'udp'}, ours ${maxPayloadSize}, is ${limit}`, () => {
      assert.equal(replyLimit(asked(how) as never, maxPayloadSize), limit);
    });
  }
});
