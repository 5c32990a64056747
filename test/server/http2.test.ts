/** HTTP/2 under DNS over HTTPS, spoken frame by frame (RFC 9113). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import packet from 'dns-packet';
import fc from 'fast-check';
import type { Server, ServerOptions } from 'multisocket';
import { sanitized } from '../support/addon-build.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { queryBytes } from '../support/clients.js';
import {
  ACK,
  CALM,
  CLOSED,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FLOW_CONTROL,
  GOAWAY,
  HEADERS,
  NO_ERROR,
  PING,
  PREFACE,
  PROTOCOL,
  PSEUDO,
  REFUSED,
  RST,
  RawHttp2,
  SETTINGS,
  TYPE,
  WINDOW,
  answered,
  fields,
  frame,
  frameOf,
  message,
  post,
  request,
  word,
} from '../support/http2-frames.js';
import { serve, until } from '../support/server.js';

describe('HTTP/2 (RFC 9113)', () => {
  let certificate: Certificate;
  let server: Server;
  let port: number;
  const open: { destroy: () => void }[] = [];

  const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
    const listen = { transport: 'https' as const, address: '127.0.0.1', port: 0 };
    ({ server, port } = await serve({ listen, sockets: 1, workers: 1, tls: certificate, ...options }));
  };
  const raw = async (): Promise<RawHttp2> => {
    const connection = await RawHttp2.open(port, certificate);
    open.push(connection.socket);
    return connection;
  };
  const session = (settings: object = {}): ClientHttp2Session => {
    const made = connectHttp2(`https://127.0.0.1:${port}`, { ca: certificate.cert, settings });
    made.on('error', () => undefined);
    open.push(made);
    return made;
  };
  before(async () => (certificate = await makeCertificate()));

  describe('one rule at a time', () => {
    before(() => start());
    after(async () => server.close());
    afterEach(() => {
      for (const each of open.splice(0)) each.destroy();
    });

    it('a server says first what it allows (s.3.4)', async () => {
      const connection = await raw();
      const { payload } = await frameOf(connection, SETTINGS);
      assert.equal(payload.toString('hex'), '000300000064' + '000400010000' + '000600010000');
      assert.equal((await frameOf(connection, WINDOW)).payload.readUInt32BE(), 262_144 - 65_535);
    });

    it('answers a request, its settings and its ping', async () => {
      const connection = await raw();
      connection.greet();
      connection.send(request(1), frame(PING, 0, 0, '0102030405060708'));
      await answered(connection, 1);
      const header = await frameOf(connection, HEADERS, 1);
      assert.equal(header.flags, END_HEADERS);
      assert.equal(header.payload[0], 0x88);
      assert.match(header.payload.toString('latin1'), /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/);
      assert.equal((await frameOf(connection, DATA, 1)).flags, END_STREAM);
      const pong = await frameOf(connection, PING);
      assert.deepEqual([pong.flags, pong.payload.toString('hex')], [ACK, '0102030405060708']);
      assert.ok(connection.frames.some(({ type, flags }) => type === SETTINGS && flags === ACK));
      assert.ok(!connection.frames.some(({ type }) => type === RST || type === GOAWAY));
    });

    it('takes frames octet by octet', async () => {
      const connection = await raw();
      for (const octet of Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), request(1)])) {
        connection.send(Buffer.of(octet));
        await new Promise(setImmediate);
      }
      await answered(connection, 1);
    });

    it('closes after another preface, and after none of SETTINGS (s.3.4)', async () => {
      for (const octets of [
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.concat([PREFACE, request(1)]),
        Buffer.concat([PREFACE, frame(SETTINGS, ACK, 0)]),
      ]) {
        const connection = await raw();
        connection.send(octets);
        assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), PROTOCOL);
      }
    });

    it('says why it closes, also to a client that goes on sending (s.5.4.1)', async () => {
      for (let i = 0; i < 5; i++) {
        const connection = await raw();
        connection.greet();
        connection.send(frame(HEADERS, END_HEADERS, 2, post));
        for (let sent = 0; sent < 64; sent++) connection.send(Buffer.alloc(1 << 16));
        assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), PROTOCOL);
        await until(() => connection.closed, 'the connection to be closed');
      }
    });

    it('closes after a field block that does not end (s.10.5)', async () => {
      const connection = await raw();
      connection.greet();
      connection.send(frame(HEADERS, 0, 1, post));
      for (let i = 0; i < 70_000 && connection.frames.every(({ type }) => type !== GOAWAY); i += 1000) {
        connection.send(...Array.from({ length: 1000 }, () => frame(CONTINUATION, 0, 1)));
        await new Promise(setImmediate);
      }
      assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), CALM);
    });

    it('closes after more content than was allowed (s.6.9.1)', async () => {
      const connection = await raw();
      connection.greet();
      for (let stream = 1; stream < 11; stream += 2) {
        connection.send(frame(HEADERS, END_HEADERS, stream, post));
        for (let i = 0; i < 4; i++) connection.send(frame(DATA, 0, stream, Buffer.alloc(16_000)));
      }
      assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), FLOW_CONTROL);
    });

    it('answers fields that are too many with 431 (s.10.5.1)', async () => {
      const connection = await raw();
      connection.greet();
      // One field that is kept, and then many times; each counts as long as it is.
      const large = Buffer.concat([
        Buffer.from('4001787f813f', 'hex').fill(0x1e, 5),
        Buffer.alloc(127 + 1 + (0x1e << 7), 'x'),
      ]);
      const block = Buffer.concat([fields(...PSEUDO), large, Buffer.alloc(100, 0xbe)]);
      connection.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block), request(3));
      const { payload, flags } = await frameOf(connection, HEADERS, 1);
      assert.ok(payload.toString('latin1').includes('431'), payload.toString('latin1'));
      assert.equal(flags, END_HEADERS | END_STREAM);
      await answered(connection, 3);
    });

    it('serves a request when it is complete, so that a malformed end is noticed (s.8.1.1)', async () => {
      for (const path of ['/other', `/dns-query?dns=${message.toString('base64url')}`]) {
        const connection = await raw();
        connection.greet();
        const head = fields([':method', 'GET'], PSEUDO[1], [':path', path], ['content-length', '3']);
        connection.send(frame(HEADERS, END_HEADERS, 1, head), frame(DATA, END_STREAM, 1, '00'), request(3));
        assert.equal((await frameOf(connection, RST, 1)).payload.readUInt32BE(), PROTOCOL);
        await answered(connection, 3);
        assert.ok(!connection.frames.some(({ type, stream }) => type === HEADERS && stream === 1));
      }
    });

    it('needs no more of a body that is too long, and discards what is on its way (s.8.1, s.5.1)', async () => {
      const connection = await raw();
      connection.greet();
      connection.send(frame(HEADERS, END_HEADERS, 1, post));
      for (let i = 0; i < 5; i++) connection.send(frame(DATA, 0, 1, Buffer.alloc(16_000)));
      const { payload } = await frameOf(connection, HEADERS, 1);
      assert.ok(payload.toString('latin1').includes('413'), payload.toString('latin1'));
      assert.equal((await frameOf(connection, RST, 1)).payload.readUInt32BE(), NO_ERROR);
      connection.send(frame(DATA, 0, 1, '00'), frame(HEADERS, END_HEADERS | END_STREAM, 1, fields(['x-end', 'yes'])));
      connection.send(request(3));
      await answered(connection, 3);
      const resets = connection.frames.filter(({ type }) => type === RST || type === GOAWAY);
      assert.equal(resets.length, 1);
      // The client has ended the stream: what comes now is an error (s.5.1).
      connection.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, post));
      assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), CLOSED);
    });

    it('a stream that is ended and not answered yet takes no HEADERS and no DATA (s.5.1)', async () => {
      for (const late of [frame(HEADERS, END_HEADERS | END_STREAM, 1, post), frame(DATA, END_STREAM, 1, '00')]) {
        const connection = await raw();
        connection.greet();
        connection.send(request(1, queryBytes('async.example.org', 'TXT')), late, request(3));
        assert.equal((await frameOf(connection, RST, 1)).payload.readUInt32BE(), CLOSED);
        await answered(connection, 3);
        assert.ok(!connection.frames.some(({ type }) => type === GOAWAY));
      }
    });

    it('frames of a request that was refused are discarded, however many there are (s.5.1)', async () => {
      const connection = await raw();
      connection.greet();
      const malformed = fields([':method', 'POST']);
      for (let i = 0; i < 3000; i++) connection.send(frame(HEADERS, END_HEADERS, 2 * i + 1, malformed));
      for (let i = 2000; i < 3000; i++) connection.send(frame(DATA, END_STREAM, 2 * i + 1, '00'));
      connection.send(request(6001));
      await answered(connection, 6001);
      assert.equal(connection.frames.filter(({ type }) => type === RST).length, 3000);
      assert.ok(!connection.frames.some(({ type }) => type === GOAWAY));
    });

    it('acknowledges settings before it sends what they allow (s.6.5.3)', async () => {
      const connection = await raw();
      connection.greet('000400000000');
      connection.send(request(1), request(3));
      for (const stream of [1, 3]) await frameOf(connection, HEADERS, stream);
      // The last value counts, and nothing is sent in between.
      connection.send(frame(SETTINGS, 0, 0, '0004 0000ffff' + '0004 00000001' + '0004 00000005'));
      await until(() => connection.frames.filter(({ type }) => type === DATA).length === 2, 'content');
      const order = connection.frames.filter(
        ({ type, flags }) => type === DATA || (type === SETTINGS && flags === ACK),
      );
      assert.deepEqual(
        order.map(({ type, payload }) => [type, payload.length]),
        [
          [SETTINGS, 0],
          [SETTINGS, 0],
          [DATA, 5],
          [DATA, 5],
        ],
      );
    });

    it('lets clients send on: windows are widened again (s.6.9)', async () => {
      const client = session();
      for (let i = 0; i < 40; i++) {
        const stream = client.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': TYPE[1] });
        stream.end(Buffer.alloc(20_000));
        const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
        assert.equal(headers[':status'], 200); // FORMERR, as DNS says it
        stream.resume();
        await once(stream, 'close');
      }
    });

    it('sends no more than a client lets it, and the rest when it does (s.6.9)', async () => {
      const connection = await raw();
      connection.greet('000400000064'); // windows of 100 octets
      connection.send(request(1, queryBytes('big.example.org')), request(3));
      await answered(connection, 3);
      const sent = (): Buffer =>
        Buffer.concat(
          connection.frames.filter((each) => each.type === DATA && each.stream === 1).map((each) => each.payload),
        );
      assert.equal(sent().length, 100);
      connection.send(frame(WINDOW, 0, 1, word(50)));
      await until(() => sent().length === 150, '50 octets more');
      connection.send(frame(SETTINGS, 0, 0, '000400000065'));
      await until(() => sent().length === 151, 'one octet more');
      connection.send(
        frame(SETTINGS, 0, 0, '000400000000'),
        frame(WINDOW, 0, 1, word(201)),
        frame(PING, 0, 0, Buffer.alloc(8)),
      );
      await frameOf(connection, PING);
      assert.equal(sent().length, 151 + 201 - 101);
      connection.send(frame(WINDOW, 0, 1, word(60_000)));
      await until(
        () => connection.frames.some((each) => each.stream === 1 && each.type === DATA && each.flags === END_STREAM),
        'the rest',
      );
      assert.equal(packet.decode(sent()).answers?.length, 100);
    });

    it('sends many large answers to a client with a small window', async () => {
      const client = session({ initialWindowSize: 64 });
      const sizes = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const stream = client.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': TYPE[1] });
          stream.end(queryBytes('big.example.org'));
          let size = 0;
          stream.on('data', (chunk: Buffer) => (size += chunk.length));
          await once(stream, 'close');
          return size;
        }),
      );
      assert.ok(
        sizes.every((size) => size > 1600 && size === sizes[0]),
        sizes.join(),
      );
    });

    it('stands whatever comes', async () => {
      const kinds = fc.record({
        type: fc.integer({ min: 0, max: 11 }),
        flags: fc.constantFrom(0, 1, 4, 5, 8, 13, 0x20, 0x25),
        stream: fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 2),
        payload: fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.constantFrom<Uint8Array[]>(post, message, word(1), Buffer.alloc(8), Buffer.alloc(0)),
        ),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(kinds, { minLength: 1, maxLength: 20 }), async (frames) => {
          const connection = await raw();
          connection.greet();
          connection.send(...frames.map(({ type, flags, stream, payload }) => frame(type, flags, stream, payload)));
          connection.socket.end();
          await until(() => connection.closed, 'the connection to be closed');
        }),
        { numRuns: 150 },
      );
      const connection = await raw();
      connection.greet();
      connection.send(request(1));
      await answered(connection, 1);
      await until(() => server.stats().totals.inFlight === 0, 'nothing in flight');
    });
  });

  describe('limits', () => {
    afterEach(async () => {
      for (const each of open.splice(0)) each.destroy();
      await server.close();
    });

    it('requests that are given up at once count until their handlers are done (s.5.1.2)', async () => {
      await start({ tcp: { maxPipelined: 10 }, handlerTimeout: 500 });
      const connection = await raw();
      connection.greet();
      for (let i = 0; i < 1000; i++) {
        const stream = 2 * i + 1;
        connection.send(
          request(stream, queryBytes('never.example.org')),
          frame(RST, 0, stream, word(constants.NGHTTP2_CANCEL)),
        );
      }
      const refusals = (): number =>
        connection.frames.filter(({ type, payload }) => type === RST && payload.readUInt32BE() === REFUSED).length;
      await until(() => refusals() === 990, 'refusals');
      assert.equal(server.stats().totals.inFlight, 10);
      await until(() => server.stats().totals.inFlight === 0, 'handlers to be given up');
      connection.send(request(2001));
      await answered(connection, 2001);
    });

    it('a client that reads nothing is not read from for ever, and is closed', async () => {
      await start({ tcp: { idleTimeout: 500 } });
      const connection = await raw();
      connection.greet();
      connection.socket.pause();
      const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(PING, 0, 0, Buffer.alloc(8))));
      let written = 0;
      for (let i = 0; i < 4000 && !connection.socket.writableNeedDrain; i++) {
        connection.send(pings);
        written += pings.length;
        await new Promise(setImmediate);
      }
      assert.ok(connection.socket.writableNeedDrain, `${written} octets of PING were all taken`);
      await until(() => server.stats().totals.tcpOpen === 0, 'the connection to be closed');
    });

    it('no more answers wait for a client that reads nothing than are bounded', async function () {
      if (sanitized) this.skip(); // its memory is not ours alone
      await start({ tcp: { idleTimeout: 500 }, handlerTimeout: 500 });
      const connection = await raw();
      connection.greet('00047fffffff'); // it may be sent as much as can be
      connection.send(frame(WINDOW, 0, 0, word(0x7fff0000 - 65_535)));
      connection.socket.pause();
      const before = process.memoryUsage.rss();
      for (let i = 0; i < 20_000 && !connection.socket.writableNeedDrain; i++) {
        connection.send(request(2 * i + 1, queryBytes('big.example.org')));
        if (i % 100 === 0) await new Promise(setImmediate);
      }
      await until(() => server.stats().totals.tcpOpen === 0, 'the connection to be closed');
      const grown = (process.memoryUsage.rss() - before) / (1 << 20);
      assert.ok(grown < 32, `${grown} MiB`);
    });

    it('a connection that drips its preface or a field block is closed', async () => {
      await start({ tcp: { idleTimeout: 300 } });
      for (const octets of [
        PREFACE.subarray(0, 10),
        Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), frame(HEADERS, 0, 1, post)]),
      ]) {
        const connection = await raw();
        connection.send(octets);
        await until(() => connection.closed, 'the connection to be closed');
      }
    });

    it('says which request was its last when it closes, and answers up to it (s.6.8)', async () => {
      await start();
      const connection = await raw();
      connection.greet();
      connection.send(
        request(1, queryBytes('async.example.org', 'TXT')),
        request(5, queryBytes('async.example.org', 'TXT')),
      );
      await until(() => server.stats().totals.inFlight === 2, 'the queries to come');
      const closed = server.close();
      const { payload } = await frameOf(connection, GOAWAY);
      assert.deepEqual([payload.readUInt32BE(0), payload.readUInt32BE(4)], [5, NO_ERROR]);
      connection.send(request(7));
      assert.deepEqual(await closed, { queries: 0, connections: 0 });
      await until(() => connection.closed, 'the connection to be closed');
      for (const stream of [1, 5]) await answered(connection, stream);
      assert.ok(!connection.frames.some(({ stream }) => stream === 7));
    });
  });
});
