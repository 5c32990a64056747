/** HTTP/2 under DNS over HTTPS, spoken frame by frame (RFC 9113). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import packet from 'dns-packet';
import fc from 'fast-check';
import type { Server, ServerOptions } from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { queryBytes } from '../support/clients.js';
import { fields, frame, PREFACE, RawHttp2, type Frame } from '../support/http2-frames.js';
import { serve, until } from '../support/server.js';

const [DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION] = Array(10).keys();
const [END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED] = [1, 1, 4, 8, 0x20];
const [NO_ERROR, PROTOCOL, FLOW_CONTROL, CLOSED, FRAME_SIZE, REFUSED, CALM] = [0, 1, 3, 5, 6, 7, 11];
const PSEUDO = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':path', '/dns-query'],
] as const;
const TYPE = ['content-type', 'application/dns-message'] as const;
const message = queryBytes('example.org', 'A', { id: 0 });
const post = fields(...PSEUDO, TYPE);
/** A POST on a stream: its header in one frame, and its body in another. */
const request = (stream: number, body = message): Buffer =>
  Buffer.concat([frame(HEADERS, END_HEADERS, stream, post), frame(DATA, END_STREAM, stream, body)]);
const word = (value: number): Buffer => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
};

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
  /** The first frame of a type, on a stream when it is said; it may come yet. */
  const frameOf = async (connection: RawHttp2, type: number, stream?: number): Promise<Frame> => {
    const found = (): Frame | undefined =>
      connection.frames.find((each) => each.type === type && each.stream === (stream ?? each.stream));
    await until(() => found() !== undefined || connection.closed, `a frame of type ${type}`);
    return found() ?? assert.fail(`closed without a frame of type ${type}`);
  };
  /** That a stream has its answer. */
  const answered = async (connection: RawHttp2, stream: number): Promise<void> => {
    const { payload } = await frameOf(connection, DATA, stream);
    assert.equal(packet.decode(payload).answers?.length, 1);
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

    /** What may come, and has its answer on stream 1. */
    const good: [string, ...Buffer[]][] = [
      ['octet by octet', PREFACE, frame(SETTINGS, 0, 0), request(1)],
      [
        'padding, and a priority (s.6.1, 6.2)',
        PREFACE,
        frame(SETTINGS, 0, 0),
        frame(
          HEADERS,
          END_HEADERS | PADDED | PRIORITIZED,
          1,
          Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 9]), post, Buffer.alloc(2)]),
        ),
        frame(DATA, PADDED, 1, Buffer.concat([Buffer.from([5]), message.subarray(0, 9), Buffer.alloc(5)])),
        frame(DATA, END_STREAM | PADDED, 1, Buffer.concat([Buffer.from([1]), message.subarray(9), Buffer.alloc(1)])),
      ],
      [
        'a field block in several frames (s.6.10)',
        PREFACE,
        frame(SETTINGS, 0, 0),
        frame(HEADERS, 0, 1, post.subarray(0, 5)),
        frame(CONTINUATION, 0, 1),
        frame(CONTINUATION, END_HEADERS, 1, post.subarray(5)),
        frame(DATA, END_STREAM, 1, message),
      ],
      [
        'a trailer (s.8.1)',
        PREFACE,
        frame(SETTINGS, 0, 0),
        frame(HEADERS, END_HEADERS, 1, post),
        frame(DATA, 0, 1, message),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, fields(['x-end', 'yes'])),
      ],
      [
        'frames of a type, settings and flags that nobody knows (s.5.5)',
        PREFACE,
        frame(SETTINGS, 0xfe, 0, 'ffff 00000001'),
        frame(200, 255, 77, '01'),
        request(1),
      ],
      [
        'priorities, and a window of a stream that is closed (s.5.1)',
        PREFACE,
        frame(SETTINGS, 0, 0),
        frame(PRIORITY, 0, 9, '0000000001'),
        request(1),
        frame(WINDOW, 0, 1, '00000001'),
      ],
      [
        'a length that is right (s.8.1.1)',
        PREFACE,
        frame(SETTINGS, 0, 0),
        frame(HEADERS, END_HEADERS, 1, fields(...PSEUDO, TYPE, ['content-length', String(message.length)])),
        frame(DATA, END_STREAM, 1, message),
      ],
    ];
    for (const [name, ...octets] of good) {
      it(`takes ${name}`, async () => {
        const connection = await raw();
        const all = Buffer.concat(octets);
        if (name === 'octet by octet') {
          for (const octet of all) {
            connection.send(Buffer.of(octet));
            await new Promise(setImmediate);
          }
        } else connection.send(all);
        await answered(connection, 1);
        assert.ok(!connection.frames.some(({ type }) => type === RST || type === GOAWAY));
      });
    }

    /** What ends the connection, with which error. */
    const fatal: [string, number, ...Buffer[]][] = [
      ['a DATA frame of stream 0 (s.6.1)', PROTOCOL, frame(DATA, 0, 0, '00')],
      ['a DATA frame of a stream that was not opened (s.5.1)', PROTOCOL, frame(DATA, 0, 1, '00')],
      [
        'more padding than payload (s.6.1)',
        PROTOCOL,
        frame(HEADERS, END_HEADERS, 1, post),
        frame(DATA, PADDED, 1, '05 00'),
      ],
      ['padding of nothing (s.6.1)', FRAME_SIZE, frame(HEADERS, END_HEADERS, 1, post), frame(DATA, PADDED, 1)],
      ['a stream of ours (s.5.1.1)', PROTOCOL, frame(HEADERS, END_HEADERS, 2, post)],
      ['HEADERS of stream 0 (s.6.2)', PROTOCOL, frame(HEADERS, END_HEADERS, 0, post)],
      [
        'another frame in a field block (s.6.10)',
        PROTOCOL,
        frame(HEADERS, 0, 1, post),
        frame(PING, 0, 0, Buffer.alloc(8)),
      ],
      [
        'a field block that another stream continues (s.6.10)',
        PROTOCOL,
        frame(HEADERS, 0, 1, post),
        frame(CONTINUATION, 4, 3),
      ],
      ['nothing to continue (s.6.10)', PROTOCOL, frame(CONTINUATION, END_HEADERS, 1, post)],
      ['a field block that cannot be read (s.4.3)', 9, frame(HEADERS, END_HEADERS | END_STREAM, 1, '80')],
      ['a frame that is too long (s.4.2)', FRAME_SIZE, frame(HEADERS, END_HEADERS, 1, Buffer.alloc(16_385))],
      ['a PRIORITY of stream 0 (s.6.3)', PROTOCOL, frame(PRIORITY, 0, 0, '0000000001')],
      ['a RST_STREAM of stream 0 (s.6.4)', PROTOCOL, frame(RST, 0, 0, '00000008')],
      ['a RST_STREAM of a stream that was not opened (s.6.4)', PROTOCOL, frame(RST, 0, 1, '00000008')],
      [
        'a RST_STREAM of another length (s.6.4)',
        FRAME_SIZE,
        frame(HEADERS, END_HEADERS, 1, post),
        frame(RST, 0, 1, '00'),
      ],
      ['settings of a stream (s.6.5)', PROTOCOL, frame(SETTINGS, 0, 1)],
      ['settings of another length (s.6.5)', FRAME_SIZE, frame(SETTINGS, 0, 0, '0001')],
      ['settings that are acknowledged with settings (s.6.5)', FRAME_SIZE, frame(SETTINGS, ACK, 0, '000300000001')],
      ['ENABLE_PUSH of 2 (s.6.5.2)', PROTOCOL, frame(SETTINGS, 0, 0, '000200000002')],
      ['an initial window over 2^31-1 (s.6.5.2)', FLOW_CONTROL, frame(SETTINGS, 0, 0, '000480000000')],
      ['frames that would be too short (s.6.5.2)', PROTOCOL, frame(SETTINGS, 0, 0, '000500003fff')],
      ['frames that would be too long (s.6.5.2)', PROTOCOL, frame(SETTINGS, 0, 0, '000501000000')],
      ['a PUSH_PROMISE (s.8.4)', PROTOCOL, frame(PUSH, END_HEADERS, 1, '00000002')],
      ['a PING of a stream (s.6.7)', PROTOCOL, frame(PING, 0, 1, Buffer.alloc(8))],
      ['a PING of another length (s.6.7)', FRAME_SIZE, frame(PING, 0, 0, '00')],
      ['a GOAWAY of a stream (s.6.8)', PROTOCOL, frame(GOAWAY, 0, 1, Buffer.alloc(8))],
      ['a GOAWAY of another length (s.6.8)', FRAME_SIZE, frame(GOAWAY, 0, 0, '00')],
      ['a window that is widened by nothing (s.6.9)', PROTOCOL, frame(WINDOW, 0, 0, '00000000')],
      ['a window over 2^31-1 (s.6.9.1)', FLOW_CONTROL, frame(WINDOW, 0, 0, '7fffffff')],
      ['a window of another length (s.6.9)', FRAME_SIZE, frame(WINDOW, 0, 0, '0000')],
      ['a window of a stream that was not opened (s.5.1)', PROTOCOL, frame(WINDOW, 0, 1, '00000001')],
      ['a priority that is cut off (s.6.2)', FRAME_SIZE, frame(HEADERS, END_HEADERS | PRIORITIZED, 1, '0000')],
    ];
    for (const [name, code, ...octets] of fatal) {
      it(`closes after ${name}, and says so`, async () => {
        const connection = await raw();
        connection.send(PREFACE, frame(SETTINGS, 0, 0), ...octets);
        assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), code);
        await until(() => connection.closed, 'the connection to be closed');
      });
    }

    it('closes after another preface, and after none of SETTINGS (s.3.4)', async () => {
      for (const octets of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.concat([PREFACE, request(1)])]) {
        const connection = await raw();
        connection.send(octets);
        assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), PROTOCOL);
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

    const head = (...list: (readonly [string, string])[]): Buffer =>
      frame(HEADERS, END_HEADERS | END_STREAM, 1, fields(...list));
    /** What ends a stream, with which error, and nothing else. */
    const refused: [string, number, ...Buffer[]][] = [
      ['a name with an upper case letter (s.8.2.1)', PROTOCOL, head(...PSEUDO, ['X-Name', 'a'])],
      ['a name with a space (s.8.2.1)', PROTOCOL, head(...PSEUDO, ['x name', 'a'])],
      ['an empty name (s.8.2.1)', PROTOCOL, head(...PSEUDO, ['', 'a'])],
      ['a value with the end of a line (s.8.2.1)', PROTOCOL, head(...PSEUDO, ['x', 'a\r\nb: c'])],
      ['a value with a space at its end (s.8.2.1)', PROTOCOL, head(...PSEUDO, ['x', 'a '])],
      ['a field of a connection (s.8.2.2)', PROTOCOL, head(...PSEUDO, ['connection', 'close'])],
      ['an encoding of the transfer (s.8.2.2)', PROTOCOL, head(...PSEUDO, ['te', 'gzip'])],
      ['no method (s.8.3.1)', PROTOCOL, head(...PSEUDO.slice(1))],
      ['no scheme (s.8.3.1)', PROTOCOL, head(PSEUDO[0], PSEUDO[2])],
      ['no path (s.8.3.1)', PROTOCOL, head(...PSEUDO.slice(0, 2))],
      ['an empty path (s.8.3.1)', PROTOCOL, head(PSEUDO[0], PSEUDO[1], [':path', ''])],
      ['two paths (s.8.3.1)', PROTOCOL, head(...PSEUDO, PSEUDO[2])],
      ['a pseudo-header field that nobody knows (s.8.3)', PROTOCOL, head(...PSEUDO, [':x', 'a'])],
      ['one of a response (s.8.3)', PROTOCOL, head(...PSEUDO, [':status', '200'])],
      ['one behind the others (s.8.3)', PROTOCOL, head(PSEUDO[0], PSEUDO[1], TYPE, PSEUDO[2])],
      ['CONNECT with a path (s.8.5)', PROTOCOL, head([':method', 'CONNECT'], [':path', '/'], [':authority', 'a'])],
      ['a length and no body (s.8.1.1)', PROTOCOL, head(...PSEUDO, TYPE, ['content-length', '5'])],
      ['a length that is none (s.8.1.1)', PROTOCOL, head(...PSEUDO, TYPE, ['content-length', '-1'])],
      [
        'a body that is shorter than was said (s.8.1.1)',
        PROTOCOL,
        frame(HEADERS, END_HEADERS, 1, fields(...PSEUDO, TYPE, ['content-length', '99'])),
        frame(DATA, END_STREAM, 1, message),
      ],
      [
        'a body that is longer than was said (s.8.1.1)',
        PROTOCOL,
        frame(HEADERS, END_HEADERS, 1, fields(...PSEUDO, TYPE, ['content-length', '1'])),
        frame(DATA, 0, 1, message),
      ],
      ['a trailer with a path (s.8.1)', PROTOCOL, frame(HEADERS, END_HEADERS, 1, post), head(PSEUDO[2])],
      [
        'a trailer that is not the end (s.8.1)',
        PROTOCOL,
        frame(HEADERS, END_HEADERS, 1, post),
        frame(HEADERS, END_HEADERS, 1, fields(['x', 'y'])),
      ],
      ['DATA of a stream that has ended (s.5.1)', CLOSED, request(1), frame(DATA, END_STREAM, 1, '00')],
      ['HEADERS of a stream that has ended (s.5.1)', CLOSED, request(1), head(...PSEUDO)],
      [
        'a window that is widened by nothing (s.6.9)',
        PROTOCOL,
        frame(HEADERS, END_HEADERS, 1, post),
        frame(WINDOW, 0, 1, '00000000'),
      ],
      [
        'a window over 2^31-1 (s.6.9.1)',
        FLOW_CONTROL,
        frame(HEADERS, END_HEADERS, 1, post),
        frame(WINDOW, 0, 1, '7fffffff'),
      ],
      [
        'a PRIORITY of another length (s.6.3)',
        FRAME_SIZE,
        frame(HEADERS, END_HEADERS, 1, post),
        frame(PRIORITY, 0, 1, '00'),
      ],
    ];
    for (const [name, code, ...octets] of refused) {
      it(`resets a stream for ${name}, and serves the next`, async () => {
        const connection = await raw();
        connection.greet();
        connection.send(...octets, request(3));
        assert.equal((await frameOf(connection, RST, 1)).payload.readUInt32BE(), code);
        await answered(connection, 3);
        assert.ok(!connection.frames.some(({ type }) => type === GOAWAY));
      });
    }

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

    it('has no use for the rest of a body when the answer is sent (s.8.1)', async () => {
      const connection = await raw();
      connection.greet();
      connection.send(frame(HEADERS, END_HEADERS, 1, fields(PSEUDO[0], PSEUDO[1], [':path', '/other'])));
      await frameOf(connection, DATA, 1);
      assert.equal((await frameOf(connection, RST, 1)).payload.readUInt32BE(), NO_ERROR);
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
