import assert from 'node:assert/strict';
import packet from 'dns-packet';
import type { Endpoint } from '../../dist/message/batch.js';
import { opt, queryBytes } from '../support/clients.js';
import { asked, encoded, receive, receiveOne, Reply, type Query } from '../support/queries.js';

/** All that a handler can ask of a query. */
function everything(query: Query): Record<string, unknown> {
  return {
    id: query.id,
    flags: query.flags,
    recursionDesired: query.recursionDesired,
    authenticData: query.authenticData,
    checkingDisabled: query.checkingDisabled,
    name: query.name,
    key: query.key,
    type: query.type,
    typeNumber: query.typeNumber,
    class: query.class,
    classNumber: query.classNumber,
    edns: query.edns,
    transport: query.transport,
    client: query.client,
    local: query.local,
    message: query.message,
    raw: query.raw,
  };
}

const cookie = { code: 10, data: Buffer.from('0123456789abcdef', 'hex') };
const options = [{ code: 3, data: Buffer.alloc(0) }, cookie];

/** A query with everything that one can have. */
function full(id: number, name: string): Buffer {
  return queryBytes(name, 'MX', {
    id,
    flags: packet.CHECKING_DISABLED | packet.AUTHENTIC_DATA,
    additionals: [opt(1400, { flags: 0x8000, options: options as never })],
  });
}

describe('a query', () => {
  it('has the fields of its header and question', () => {
    const query = receiveOne(full(0xfffe, 'WWW.Example.org'));
    const { id, flags, name, key, type, typeNumber, class: queryClass, classNumber } = query;
    assert.deepEqual(
      { id, flags, name, key, type, typeNumber, queryClass, classNumber },
      {
        id: 0xfffe,
        flags: 0x0030,
        name: 'WWW.Example.org',
        key: 'www.example.org',
        type: 'MX',
        typeNumber: 15,
        queryClass: 'IN',
        classNumber: 1,
      },
    );
  });

  it('has RD, AD and CD each by itself', () => {
    const flags = (value: number): boolean[] => {
      const { recursionDesired, authenticData, checkingDisabled } = asked({ flags: value });
      return [recursionDesired, authenticData, checkingDisabled];
    };
    assert.deepEqual(flags(0x0100), [true, false, false]);
    assert.deepEqual(flags(0x0020), [false, true, false]);
    assert.deepEqual(flags(0x0010), [false, false, true]);
  });

  it('has types and classes without a name (RFC 3597 s.5)', () => {
    const bytes = queryBytes('example.org');
    bytes.writeUInt16BE(65280, bytes.length - 4);
    bytes.writeUInt16BE(32, bytes.length - 2);
    const { type, class: queryClass } = receiveOne(bytes);
    assert.deepEqual([type, queryClass], ['TYPE65280', 'CLASS32']);
  });

  it('has no EDNS when there is no OPT', () => {
    assert.equal(asked({ size: undefined }).edns, undefined);
  });

  it('has what OPT says, with its options', () => {
    assert.deepEqual(receiveOne(full(1, 'a')).edns, { udpPayloadSize: 1400, dnssecOk: true, options });
    assert.deepEqual(asked({ size: 100 }).edns, { udpPayloadSize: 100, dnssecOk: false, options: [] });
  });

  it('is decoded by dns-packet as a whole, once', () => {
    const bytes = full(7, 'example.org');
    const query = receiveOne(bytes);
    assert.deepEqual(query.message, packet.decode(bytes));
    assert.equal(query.message, query.message);
  });

  it('has its bytes as a copy', () => {
    const bytes = full(7, 'example.org');
    const query = receiveOne(bytes);
    query.raw.fill(0);
    assert.deepEqual(query.raw, bytes);
  });

  it('asks its transport for the sender once, with the place of the message', () => {
    const places: number[] = [];
    const endpoint = (port: number): Endpoint => ({ address: '192.0.2.1', port, family: 'IPv4' });
    const { queries, input } = receive([full(1, 'a'), full(2, 'b')], {
      client: (memory, offset) => {
        assert.equal(memory, input);
        places.push(offset);
        return endpoint(1);
      },
      local: (_, offset) => endpoint(offset),
    });
    assert.equal(queries[1].client, queries[1].client);
    assert.deepEqual(places, [2 + full(1, 'a').length + 2]);
    assert.deepEqual(queries[1].local, endpoint(places[0]));
  });

  it('is read when it is asked, and not before', () => {
    const { queries, input } = receive([full(1, 'example.org')]);
    input.fill(0);
    assert.deepEqual(queries[0].raw, Buffer.alloc(full(1, 'example.org').length));
    assert.equal(queries[0].id, 1, 'which stands in the words');
  });
});

describe('a query that is detached', () => {
  const origin = {
    client: (input: Buffer, offset: number): Endpoint => ({
      address: 'from the envelope',
      port: input.readUInt16BE(offset - 2),
      family: 'IPv4',
    }),
  } as const;
  const messages = [full(1, 'first.example.org'), full(2, 'SECOND.Example.org'), queryBytes('third', 'A', { id: 3 })];

  it('is the same when all of the batch`s memory is overwritten', () => {
    messages.forEach((bytes, i) => {
      const expected = everything(receive(messages, origin).queries[i]);
      const { queries, input, words, text } = receive(messages, origin);
      queries[i].detach();
      for (const memory of [input, words, text]) memory.fill(0xff);
      assert.deepEqual(everything(queries[i]), expected);
      assert.deepEqual(queries[i].raw, bytes);
    });
  });

  it('keeps what was read of it before', () => {
    const { queries, input } = receive(messages, origin);
    const before = everything(queries[1]);
    queries[1].detach();
    input.fill(0);
    assert.deepEqual(everything(queries[1]), before);
  });

  it('may be detached again', () => {
    const { queries, input } = receive(messages, origin);
    const expected = everything(receive(messages, origin).queries[2]);
    queries[2].detach();
    input.fill(0);
    queries[2].detach();
    assert.deepEqual(everything(queries[2]), expected);
  });

  it('gets the reply that it had got', () => {
    const answer = (query: Query, between: () => void): Buffer => {
      const reply = new Reply(query);
      reply.answer({ type: 'A', name: query.name, data: '192.0.2.1' }).ede(1, 'text');
      between();
      return encoded(query, reply);
    };
    const expected = answer(receive(messages).queries[1], () => undefined);
    const { queries, input, words, text } = receive(messages);
    const late = answer(queries[1], () => {
      queries[1].detach();
      for (const memory of [input, words, text]) memory.fill(0xff);
    });
    assert.deepEqual(late, expected);
  });
});
