/** Replies of several messages: zone transfers over TCP and TLS, with clients that read, stop, and leave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import { packRecords, type Handler, type MessageSource, type ResourceRecord, type Server } from 'multisocket';
import { dig, framed, opt, queryBytes, run, udpExchange } from '../../support/clients.js';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { soaRecord, zoneRecords } from '../../support/zone-records.js';
import { serve, until } from '../../support/server.js';

/** Throws at its first message. */
const throwing = (): Iterable<Packet> => ({
  [Symbol.iterator]: () => ({
    next: () => {
      throw new Error('nothing to say');
    },
  }),
});

/** A client whose reading the test controls. */
class Reader {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  octets = 0;
  /** Why the connection ended: `'end'`, or the code of an error. */
  ended: string | undefined;

  constructor(socket: Socket, keeps = true) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.octets += chunk.length;
      if (keeps) this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('end', () => (this.ended ??= 'end'));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ended ??= error.code));
    socket.on('close', () => (this.ended ??= 'close'));
  }

  ask(name: string, type: string, more: Packet = {}): void {
    this.socket.write(framed(queryBytes(name, type as packet.RecordType, more)));
  }

  /** The complete messages so far. */
  messages(): (DecodedPacket & { rcode: string })[] {
    const messages: (DecodedPacket & { rcode: string })[] = [];
    let at = 0;
    while (at + 2 <= this.received.length && at + 2 + this.received.readUInt16BE(at) <= this.received.length) {
      const end = at + 2 + this.received.readUInt16BE(at);
      messages.push(packet.decode(this.received.subarray(at + 2, end)) as DecodedPacket & { rcode: string });
      at = end;
    }
    return messages;
  }

  answers(): packet.Answer[] {
    return this.messages().flatMap(({ answers = [] }) => answers);
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code);

const messageOf = (text: string): Packet => ({
  type: 'response',
  flags: packet.AUTHORITATIVE_ANSWER,
  answers: [{ type: 'TXT', name: 'example.org', ttl: 1, data: text }],
});

for (const transport of ['tcp', 'tls'] as const) {
  describe(`Streams of messages over ${transport.toUpperCase()}`, () => {
    let certificate: Certificate;
    let server: Server;
    let port: number;
    let warnings: (Error & { code?: string })[];
    const readers: Reader[] = [];
    /** What the handler streams. */
    let source: () => MessageSource;
    let handler: Handler;
    /** The outcome of the last stream. */
    let outcome: Promise<string>;
    /** How the iterators of the last test ended. */
    let ends: string[];

    before(async () => {
      certificate = await makeCertificate();
    });
    beforeEach(async () => {
      ends = [];
      handler = (query, reply) => {
        if (query.type !== 'AXFR') {
          reply.answer({ type: 'A', name: query.name, ttl: 1, data: '192.0.2.1' });
          return;
        }
        reply.authoritative = true;
        const done = reply.stream(source());
        outcome = done.then(
          () => 'done',
          (error: unknown) => codeOf(error),
        );
      };
      await start();
    });
    afterEach(async () => {
      for (const { socket } of readers.splice(0)) socket.destroy();
      await server.close({ timeout: 2000 });
    });

    async function start(options: Parameters<typeof serve>[0] = {}): Promise<void> {
      ({ server, port, warnings } = await serve({
        listen: `${transport === 'tls' ? 'tls://' : ''}127.0.0.1:0`,
        workers: 0,
        sockets: 1,
        handler: (query, reply) => handler(query, reply),
        handlerTimeout: 400,
        tcp: { writeTimeout: 600, idleTimeout: 5000 },
        ...(transport === 'tls' ? { tls: certificate } : {}),
        ...options,
      }));
    }

    async function reader(keeps = true): Promise<Reader> {
      const ca = certificate.cert;
      const socket =
        transport === 'tls'
          ? connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost' })
          : connect(port, '127.0.0.1');
      const made = new Reader(socket, keeps);
      readers.push(made);
      await once(socket, transport === 'tls' ? 'secureConnect' : 'connect');
      return made;
    }

    function* counted<T>(items: Iterable<T>): Generator<T> {
      try {
        yield* items;
        ends.push('complete');
      } finally {
        ends.push('ended');
      }
    }

    async function* later<T>(items: Iterable<T>, milliseconds = 0): AsyncGenerator<T> {
      try {
        for (const item of items) {
          await wait(milliseconds);
          yield item;
        }
        ends.push('complete');
      } finally {
        ends.push('ended');
      }
    }

    function* endless(): Generator<Packet> {
      for (let i = 0; ; i++) yield messageOf(`${i}-`.padEnd(200, 'x'));
    }

    const text = (record: packet.Answer): string => String((record as packet.TxtAnswer).data);

    it('sends packets in order, with the ID, question, opcode and QR of the query', async () => {
      source = () => counted(['a', 'b', 'c'].map(messageOf));
      const client = await reader();
      client.ask('eXample.org', 'AXFR', { id: 4711 });
      await until(() => client.messages().length === 3, 'three messages');
      for (const message of client.messages()) {
        assert.equal(message.id, 4711);
        assert.equal(message.type, 'response');
        assert.equal(message.flags! & 0x7800, 0); // OPCODE
        assert.equal(message.rcode, 'NOERROR');
        assert.equal(message.flag_aa, true);
        assert.equal(message.flag_rd, true);
        assert.deepEqual(
          message.questions?.map(({ name, type }) => `${name} ${type}`),
          ['eXample.org AXFR'],
        );
      }
      assert.deepEqual(client.answers().map(text), ['a', 'b', 'c']);
      assert.equal(await outcome, 'done');
      assert.deepEqual(ends, ['complete', 'ended']);
      assert.deepEqual(warnings, []);
    });

    it('takes encoded messages, whatever their ID and question, and async iterables', async () => {
      const encoded = (id: number, data: string, questions: packet.Question[]): Buffer =>
        packet.encode({ ...messageOf(data), id, questions });
      source = () =>
        later([
          encoded(1, 'same', [{ name: 'example.org', type: 'AXFR', class: 'IN' }]),
          encoded(2, 'other', [{ name: 'elsewhere.example', type: 'A', class: 'IN' }]),
          encoded(3, 'none', []),
        ]);
      const client = await reader();
      client.ask('example.org', 'AXFR', { id: 9 });
      assert.equal(await until(() => client.messages().length === 3, 'three messages').then(() => outcome), 'done');
      assert.deepEqual(
        client.messages().map(({ id }) => id),
        [9, 9, 9],
      );
      assert.deepEqual(client.answers().map(text), ['same', 'other', 'none']);
      assert.ok(client.messages().every(({ questions }) => questions?.[0].name === 'example.org'));
    });

    it('gives the client of EDNS its OPT and options', async () => {
      source = () => [messageOf('a'), packet.encode(messageOf('b'))];
      const client = await reader();
      client.ask('example.org', 'AXFR', {
        additionals: [opt(1232, { options: [{ code: 12, length: 8 } as unknown as packet.PacketOpt] })],
      });
      await until(() => client.messages().length === 2, 'two messages');
      for (const { additionals = [] } of client.messages())
        assert.equal(additionals.filter(({ type }) => type === 'OPT').length, 1);
    });

    it('answers other queries of the connection meanwhile', async () => {
      source = () =>
        later(
          Array.from({ length: 20 }, (_, i) => messageOf(`${i}`)),
          20,
        );
      const client = await reader();
      client.ask('example.org', 'AXFR', { id: 1 });
      await until(() => client.messages().length > 0, 'the first message');
      client.ask('other.example', 'A', { id: 2 });
      await until(() => client.messages().some(({ id }) => id === 2), 'the other answer');
      assert.ok(client.messages().filter(({ id }) => id === 1).length < 20);
      await until(() => client.messages().length === 21, 'all messages');
    });

    it('interleaves several streams of a connection', async () => {
      source = () => counted(Array.from({ length: 300 }, (_, i) => messageOf(`${i}-`.padEnd(250, 'x'))));
      const client = await reader();
      for (const id of [1, 2, 3]) client.ask('example.org', 'AXFR', { id });
      await until(() => client.messages().length === 900, 'all messages');
      for (const id of [1, 2, 3]) {
        const own = client.messages().filter((message) => message.id === id);
        assert.deepEqual(
          own.map(({ answers = [] }) => parseInt(text(answers[0]), 10)),
          Array.from({ length: 300 }, (_, i) => i),
        );
      }
    });

    it('lets an async handler wait for the end, however long that takes', async () => {
      const states: string[] = [];
      handler = async (_query, reply) => {
        const done = reply.stream(
          later(
            Array.from({ length: 8 }, (_, i) => messageOf(`${i}`)),
            150,
          ),
        );
        states.push('begun');
        await done;
        states.push('done');
      };
      const client = await reader();
      client.ask('example.org', 'AXFR');
      await until(() => client.messages().length === 8, 'all messages'); // 1,200 ms: three times handlerTimeout
      await until(() => states.length === 2, 'the end of the handler');
      assert.deepEqual(warnings, []);
      assert.equal(server.stats().workers[0].handlerTimedOut, 0);
    });

    it('asks for no more than the client reads', async () => {
      await server.close();
      await start({ tcp: { writeTimeout: 60_000 } });
      let made = 0;
      source = () =>
        (function* () {
          for (; made < 1_000_000; made++) yield messageOf('x'.repeat(250));
        })();
      const client = await reader(false);
      client.socket.pause();
      client.ask('example.org', 'AXFR');
      await until(() => made > 0, 'the first messages');
      let before = 0;
      while (before !== made) {
        before = made;
        assert.ok(made * 280 < 12 << 20, `${made} messages for a client that reads nothing`);
        await wait(300);
      }
      client.socket.resume();
      await until(() => made > before + 1000, 'more messages');
    });

    it('cuts off a client that stops reading, and ends the iterator', async () => {
      source = () => counted(endless());
      const client = await reader(false);
      client.socket.pause();
      client.ask('example.org', 'AXFR');
      await wait(50);
      assert.equal(await outcome, 'ERR_MULTISOCKET_STREAM_CLOSED');
      assert.deepEqual(ends, ['ended']);
      const { tcpWriteTimeout, streams, streamsCut } = server.stats().workers[0];
      assert.deepEqual({ tcpWriteTimeout, streams, streamsCut }, { tcpWriteTimeout: 1, streams: 1, streamsCut: 1 });
      assert.deepEqual(warnings, []); // what clients do is no fault of the handler
    });

    it('goes on for a client that reads slowly', async () => {
      await server.close();
      await start({ tcp: { writeTimeout: 1500 } });
      source = () => counted(endless());
      const client = await reader(false);
      client.ask('example.org', 'AXFR');
      for (let i = 0; i < 25; i++) {
        client.socket.pause();
        await wait(100);
        client.socket.resume();
        const { octets } = client;
        await until(() => client.octets > octets + 1000 || client.ended !== undefined, 'more octets');
      }
      assert.equal(client.ended, undefined); // 2,500 ms at least, and writeTimeout is 1,500 ms
    });

    for (const how of ['destroy', 'resetAndDestroy'] as const) {
      it(`ends the iterator when the client leaves (${how})`, async () => {
        source = () => later(endless(), 5);
        const client = await reader(false);
        client.ask('example.org', 'AXFR');
        await until(() => client.octets > 0, 'the first octets');
        client.socket[transport === 'tls' ? 'destroy' : how]();
        assert.equal(await outcome, 'ERR_MULTISOCKET_STREAM_CLOSED');
        await until(() => ends.length === 1, 'the end of the iterator');
        assert.deepEqual(ends, ['ended']);
      });
    }

    for (const [kind, wrap] of [
      ['iterable', counted],
      ['async iterable', later],
    ] as const) {
      it(`resets the connection when its ${kind} throws, and reports why`, async () => {
        source = () =>
          wrap(
            (function* () {
              for (let i = 0; i < 400; i++) yield messageOf('x'.repeat(250));
              throw new Error('the database is gone');
            })(),
          ) as MessageSource;
        const client = await reader();
        client.ask('example.org', 'AXFR');
        await until(() => client.ended !== undefined, 'the end');
        assert.ok(client.ended !== undefined);
        assert.equal(await outcome, 'ERR_MULTISOCKET_STREAM_FAILED');
        assert.deepEqual(
          warnings.map(({ code }) => code),
          ['ERR_MULTISOCKET_STREAM_FAILED'],
        );
        assert.match(warnings[0].message, /example\.org IN AXFR.*the database is gone/);
        assert.equal((warnings[0].cause as Error).message, 'the database is gone');
      });

      it(`answers SERVFAIL when its ${kind} throws before the first message, or has none`, async () => {
        const client = await reader();
        source = () => wrap(throwing()) as MessageSource;
        client.ask('example.org', 'AXFR', { id: 1 });
        await until(() => client.messages().length === 1, 'an answer');
        source = () => wrap<Packet>([]);
        client.ask('example.org', 'AXFR', { id: 2 });
        await until(() => client.messages().length === 2, 'another answer');
        assert.deepEqual(
          client.messages().map(({ id, rcode }) => `${id} ${rcode}`),
          ['1 SERVFAIL', '2 SERVFAIL'],
        );
        assert.equal(client.ended, undefined);
        client.ask('other.example', 'A', { id: 3 });
        await until(() => client.messages().length === 3, 'an answer on the same connection');
      });
    }

    it('cuts off a stream that makes an invalid message, and ends its iterator', async () => {
      const bad = {
        type: 'response',
        answers: [{ type: 'A', name: 'example.org', ttl: 1, data: 'no address' }],
      } as Packet;
      source = () =>
        counted([...Array.from({ length: 300 }, () => messageOf('x'.repeat(250))), bad, messageOf('never')]);
      const client = await reader();
      client.ask('example.org', 'AXFR');
      await until(() => client.ended !== undefined, 'the end');
      assert.ok(client.ended !== undefined);
      assert.equal(await outcome, 'ERR_MULTISOCKET_STREAM_FAILED');
      assert.deepEqual(ends, ['ended']);
    });

    it('cuts off a stream whose next message takes longer than handlerTimeout', async () => {
      source = () =>
        (async function* () {
          try {
            yield messageOf('first');
            await wait(1500);
            yield messageOf('second');
          } finally {
            ends.push('ended');
          }
        })();
      const client = await reader();
      client.ask('example.org', 'AXFR');
      await until(() => client.ended !== undefined, 'the end');
      assert.ok(client.ended !== undefined);
      assert.equal(await outcome, 'ERR_MULTISOCKET_STREAM_STALLED');
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['ERR_MULTISOCKET_STREAM_STALLED'],
      );
      await until(() => ends.length === 1, 'the end of the iterator');
    });

    it('cuts off the stream of a handler that throws or rejects', async () => {
      for (const asynchronous of [false, true]) {
        ends = [];
        handler = (_query, reply) => {
          void reply.stream(later(endless(), 1));
          if (!asynchronous) throw new Error('changed its mind');
          return wait(100).then(() => Promise.reject(new Error('changed its mind')));
        };
        const client = await reader();
        client.ask('example.org', 'AXFR', { id: 5 });
        await until(
          () => client.ended !== undefined || client.messages().some(({ rcode }) => rcode === 'SERVFAIL'),
          'the end',
        );
        if (asynchronous) assert.ok(client.ended !== undefined);
        else
          assert.deepEqual(
            client.messages().map(({ rcode }) => rcode),
            ['SERVFAIL'],
          );
        await until(() => ends.length <= 1, 'the end of the iterator');
      }
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['ERR_MULTISOCKET_HANDLER_THREW', 'ERR_MULTISOCKET_HANDLER_REJECTED'],
      );
    });

    it('refuses a second answer, and what is no iterable', async () => {
      const errors: string[] = [];
      const attempt = (action: () => unknown): void => {
        try {
          action();
        } catch (error) {
          errors.push(codeOf(error));
        }
      };
      handler = (_query, reply) => {
        for (const value of [undefined, 7, 'text', Buffer.alloc(20), {}])
          attempt(() => reply.stream(value as unknown as MessageSource));
        void reply.stream([messageOf('only')]);
        attempt(() => reply.stream([messageOf('again')]));
      };
      const client = await reader();
      client.ask('example.org', 'AXFR');
      await until(() => client.messages().length === 1, 'a message');
      assert.deepEqual(errors, [...Array<string>(5).fill('ERR_INVALID_ARG_TYPE'), 'ERR_MULTISOCKET_STREAM_ANSWERED']);
    });

    it('finishes within the time of close(), and is cut off after it', async () => {
      source = () =>
        later(
          Array.from({ length: 10 }, (_, i) => messageOf(`${i}`)),
          30,
        );
      const client = await reader();
      client.ask('example.org', 'AXFR');
      await until(() => client.messages().length > 0, 'the first message');
      await server.close({ timeout: 3000 });
      assert.equal(client.messages().length, 10);
      await start();
      source = () => later(endless(), 5);
      const other = await reader(false);
      other.ask('example.org', 'AXFR');
      await until(() => other.octets > 0, 'the first octets');
      await server.close({ timeout: 100 });
      assert.equal(await outcome, 'ERR_MULTISOCKET_STREAM_CLOSED');
      await until(() => ends.includes('ended'), 'the end of the iterator');
    });

    it('packs records into messages with compressed names', async () => {
      const records = [...zoneRecords('example.org', 5000)];
      for (const asynchronous of [false, true]) {
        handler = (query, reply) => {
          outcome = reply
            .stream(asynchronous ? packRecords(query, later(records)) : packRecords(query, records))
            .then(() => 'done');
        };
        if (asynchronous) records.splice(50, 4900);
        const client = await reader();
        client.ask('example.org', 'AXFR');
        await until(() => client.answers().length === records.length, 'all records');
        assert.deepEqual(
          client.answers().map(({ name, type }) => `${name} ${type}`),
          records.map(({ name, type }) => `${name} ${type}`),
        );
        assert.ok(client.messages().every(({ flag_aa: aa }) => aa));
        assert.equal(await outcome, 'done');
      }
    });

    it('holds one window for each of 100 clients that stop reading, and forgets them', async () => {
      source = () => counted(endless());
      const clients = await Promise.all(Array.from({ length: 100 }, () => reader(false)));
      const before = process.memoryUsage().rss;
      for (const client of clients) {
        client.socket.pause();
        client.ask('example.org', 'AXFR');
      }
      await until(() => server.stats().workers[0].streams === 100, 'a hundred streams');
      await wait(100);
      const used = process.memoryUsage().rss - before;
      assert.ok(used < 64 << 20, `${used} octets for 100 clients`);
      await until(() => server.stats().workers[0].streamsCut === 100, 'their ends');
      assert.equal(ends.filter((end) => end === 'ended').length, 100);
      assert.equal(server.stats().workers[0].tcpOpen, 0);
    });
  });
}

describe('Streams of messages', () => {
  it('are refused over UDP, and in look-ups', async () => {
    const codes: string[] = [];
    const { server, port, warnings } = await serve({
      workers: 0,
      sockets: 1,
      handler: async (query, reply) => {
        if (query.type === 'AXFR') await reply.stream([messageOf('x')]);
        else await query.lookup('example.org', 'AXFR').catch((error: unknown) => codes.push(codeOf(error)));
      },
    });
    try {
      const answered = await udpExchange(queryBytes('example.org', 'AXFR'), port);
      assert.equal((packet.decode(answered!.reply) as DecodedPacket & { rcode: string }).rcode, 'SERVFAIL');
      assert.match(warnings[0].message, /udp.*TCP or TLS/);
      await udpExchange(queryBytes('example.org', 'A'), port);
      assert.deepEqual(codes, ['ERR_MULTISOCKET_STREAM_TRANSPORT']);
    } finally {
      await server.close();
    }
  });

  it('are signed, each message with the one before it (RFC 8945 s.5.3.1)', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64');
    const { server, port } = await serve({
      tsig: { keys: [{ name: 'transfer.example', algorithm: 'hmac-sha256', secret }], required: true },
      workers: 0,
      sockets: 1,
      handler: (query, reply) => void reply.stream(packRecords(query, zoneRecords('example.org', 5000))),
    });
    try {
      const at = ['@127.0.0.1', '-p', String(port), 'example.org', 'AXFR'];
      const key = `hmac-sha256:transfer.example:${secret}`;
      const output = await dig(...at, '-y', key);
      assert.match(output, /XFR size: 5003 records/);
      assert.doesNotMatch(output, /couldn't verify|could not be validated/i);
      assert.ok((output.match(/\sANY\s+TSIG\s/g) ?? []).length > 5, output.slice(-2000));
      const kdig = await run('kdig', [...at, '-y', key]);
      assert.equal(kdig.split('\n').filter((line) => /\sIN\s+A\s/.test(line)).length, 5000);
      assert.doesNotMatch(kdig, /WARNING|TSIG error/);
    } finally {
      await server.close();
    }
  });

  it('are what dig, kdig and ldns take for zone transfers', async () => {
    const certificate = await makeCertificate();
    const { server } = await serve({
      listen: ['127.0.0.1:0', 'tls://127.0.0.1:0'],
      tls: certificate,
      workers: 0,
      sockets: 1,
      handler: (query, reply) => {
        const { authorities = [] } = query.message;
        if (query.type === 'IXFR' && (authorities[0] as packet.SoaAnswer).data.serial === 2) {
          // RFC 1995 s.4: the changes of two versions.
          const changed: ResourceRecord = { type: 'A', name: 'new.example.org', ttl: 300, data: '192.0.2.9' };
          const [now, before] = [soaRecord('example.org', 3), soaRecord('example.org', 2)];
          void reply.stream(packRecords(query, [now, before, now, changed, now]));
        } else void reply.stream(packRecords(query, zoneRecords('example.org', 2000)));
      },
    });
    try {
      const [plain, secure] = server.addresses().map(({ port }) => String(port));
      const axfr = await dig('@127.0.0.1', '-p', plain, 'example.org', 'AXFR');
      assert.match(axfr, /XFR size: 2003 records/);
      const ixfr = await dig('@127.0.0.1', '-p', plain, 'example.org', 'IXFR=2', '+tcp');
      assert.match(ixfr, /XFR size: 5 records/);
      const kdig = await run('kdig', ['@127.0.0.1', '-p', secure, 'example.org', 'AXFR', '+tls']);
      assert.equal(kdig.split('\n').filter((line) => /\sIN\s+A\s/.test(line)).length, 2000);
      const drill = await run('drill', ['-p', plain, 'example.org', '@127.0.0.1', 'AXFR']).catch((error: unknown) =>
        codeOf(error),
      );
      if (drill !== 'ENOENT') assert.equal(drill.split('\n').filter((line) => /\sIN\s+A\s/.test(line)).length, 2000);
    } finally {
      await server.close();
    }
  });
});
