import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { FieldDecoder } from '../../../../dist/worker/https/http2/field-decoder.js';
import { Http2Error } from '../../../../dist/worker/https/http2/protocol.js';
import { frame, PREFACE, readFrames } from '../../../support/http2-frames.js';

const hexOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function decode(decoder: FieldDecoder, block: Buffer): string[] {
  const list: string[] = [];
  decoder.decode(block, 0, block.length, ({ name, value }) => list.push(`${name}: ${value}`));
  return list;
}

const FIRST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const SECOND = [...FIRST, 'cache-control: no-cache'];
const THIRD = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
];
const DATE = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const LOCATION = 'location: https://www.example.com';

describe('field blocks (RFC 7541)', () => {
  const examples: [string, [hex: string, fields: string[]][]][] = [
    ['C.2.1', [['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', ['custom-key: custom-header']]]],
    ['C.2.2', [['040c 2f73 616d 706c 652f 7061 7468', [':path: /sample/path']]]],
    ['C.2.3', [['1008 7061 7373 776f 7264 0673 6563 7265 74', ['password: secret']]]],
    ['C.2.4', [['82', [':method: GET']]]],
    [
      'C.3',
      [
        ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', FIRST],
        ['8286 84be 5808 6e6f 2d63 6163 6865', SECOND],
        ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', THIRD],
      ],
    ],
    [
      'C.4',
      [
        ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', FIRST],
        ['8286 84be 5886 a8eb 1064 9cbf', SECOND],
        ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', THIRD],
      ],
    ],
    [
      'C.5, with a table of 256 octets',
      [
        [
          '3fe101 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32' +
            '3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
          [':status: 302', 'cache-control: private', DATE, LOCATION],
        ],
        ['4803 3330 37c1 c0bf', [':status: 307', 'cache-control: private', DATE, LOCATION]],
      ],
    ],
  ];
  for (const [name, blocks] of examples) {
    it(`reads the example in appendix ${name}`, () => {
      const decoder = new FieldDecoder();
      for (const [hex, fields] of blocks) assert.deepEqual(decode(decoder, hexOf(hex)), fields);
    });
  }

  const faults: [string, string][] = [
    ['index 0 (s.6.1)', '80'],
    ['an index behind the tables (s.2.3.3)', 'be'],
    ['a name behind the tables', '7e 01 61'],
    ['a string behind the end', '00 05 61'],
    ['a block that ends in a field', '40'],
    ['an integer that does not end (s.5.1)', '7f 80 80 80 80 80 01'],
    ['an integer that is cut off', '7f 80'],
    ['a table that is larger than was allowed (s.6.3)', '3f e2 1f'],
    ['a size of the table behind a field (s.4.2)', '82 20'],
    ['a wrong Huffman code (s.5.2)', '00 82 ff ff 00'],
  ];
  for (const [name, hex] of faults) {
    it(`refuses ${name}`, () => {
      assert.throws(() => decode(new FieldDecoder(), hexOf(hex)), { name: 'Http2Error', code: 9 });
    });
  }

  it('keeps nothing of a field that is larger than the table (s.4.4)', () => {
    const decoder = new FieldDecoder();
    decode(decoder, hexOf('40 01 61 01 62'));
    const large = Buffer.concat([hexOf('40 01 63 7f 81 1f'), Buffer.alloc(127 + 0x81 - 128 + (0x1f << 7), 'x')]);
    assert.equal(decode(decoder, large).length, 1);
    assert.throws(() => decode(decoder, hexOf('be')), { code: 9 });
  });

  it('throws nothing but what ends the connection, whatever comes', () => {
    const decoder = new FieldDecoder();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(decoder, Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof Http2Error, String(error));
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it("reads what Node's own HTTP/2 writes, with all octets that it lets a value have", async () => {
    const allowed = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => octet >= 32 && octet !== 127);
    const value = fc
      .array(fc.constantFrom(...allowed), { minLength: 1, maxLength: 60 })
      // Between these a value may have spaces, and by these Huffman codes are worth it.
      .map((octets) => `aaaaaaaa${String.fromCharCode(...octets)}`.repeat(3) + 'a');
    const values = [
      ...fc.sample(value, 200),
      ...allowed.map((octet) => `${'e'.repeat(40)}${String.fromCharCode(octet)}e`),
    ];
    const decoder = new FieldDecoder();
    const got: string[] = [];
    let bytes = Buffer.alloc(0);
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(frame(4, 0, 0));
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        const start = bytes.subarray(0, PREFACE.length).equals(PREFACE) ? PREFACE.length : 0;
        const { frames, rest } = readFrames(bytes.subarray(start));
        bytes = Buffer.from(rest);
        for (const { type, stream, payload } of frames) {
          if (type !== 1) continue;
          decoder.decode(payload, 0, payload.length, ({ name, value }) => {
            if (name === 'x-value') got.push(value);
          });
          // A response of nothing but its status.
          socket.write(frame(1, 5, stream, '88'));
        }
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      for (const each of values) {
        const stream = session.request({ ':path': '/', 'x-value': each });
        stream.on('error', () => undefined).resume();
        await once(stream, 'close');
      }
      assert.deepEqual(got, values);
    } finally {
      session.destroy();
      server.close();
    }
  });
});
