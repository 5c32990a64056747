import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Answer, DecodedPacket } from 'dns-packet';
import type { Handler, Server } from 'multisocket';
import { fromDinodns, fromDns2, fromDnsPacket, fromNativeDns, type Dns2 } from 'multisocket/adapters';
import { udpExchange } from '../support/clients.js';
import { serve } from '../support/server.js';

interface Dns2Packet {
  questions: { name: string }[];
  answers: object[];
  toBuffer(): Buffer;
}
const dns2 = createRequire(import.meta.url)('dns2') as Dns2 & {
  Packet: { createResponseFromRequest(request: unknown): Dns2Packet };
};

/** A handler of each library: an A record for the name that it was asked for, and a CNAME from below to that name. */
const echoes: [library: string, handler: Handler][] = [
  [
    'dns-packet',
    fromDnsPacket(({ questions }) => {
      const [{ name }] = questions!;
      return { type: 'response', answers: answersOf(name) as Answer[] };
    }),
  ],
  [
    'dinodns',
    fromDinodns((request, response) => {
      const [{ name }] = request.packet.questions;
      response.answer(answersOf(name) as never[]);
    }),
  ],
  [
    'dns2',
    fromDns2(dns2, (request, send) => {
      const [{ name }] = (request as Dns2Packet).questions;
      const response = dns2.Packet.createResponseFromRequest(request);
      response.answers.push(
        { name, type: 1, class: 1, ttl: 60, address: '192.0.2.1' },
        { name: below(name), type: 5, class: 1, ttl: 60, domain: name },
      );
      void send(response);
    }),
  ],
  [
    'native-dns',
    fromNativeDns((request, response) => {
      const [{ name }] = request.question;
      response.answer.push(
        { name, type: 1, class: 1, ttl: 60, address: '192.0.2.1' },
        { name: below(name), type: 5, class: 1, ttl: 60, data: name },
      );
      response.send();
    }),
  ],
];

/** The text of the name below another one. */
const below = (name: string): string => (name === '' || name === '.' ? 'www' : `www.${name}`);

function answersOf(name: string): object[] {
  return [
    { name, type: 'A', ttl: 60, data: '192.0.2.1' },
    { name: below(name), type: 'CNAME', ttl: 60, data: name },
  ];
}

const label = (...octets: (number | string)[]): Buffer =>
  Buffer.concat(octets.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));

/** Names that a client may send, as labels. */
const names: [what: string, labels: Buffer[]][] = [
  ['letters', [label('wWw'), label('example')]],
  ['the root', []],
  ['UTF-8', [label('bücher'), label('t')]],
  ['UTF-8 of four octets', [label('\u{1f600}'), label('t')]],
  ['Latin-1', [label('b', 0xfc, 'cher'), label('t')]],
  ['octets that are no UTF-8', [label(0xff, 0xfe), label('t')]],
  ['half a character', [label(0xc3), label(0xbc), label('t')]],
  ['the replacement character', [label(0xef, 0xbf, 0xbd), label('t')]],
  ['a byte order mark', [label(0xef, 0xbb, 0xbf, 'a'), label('t')]],
  ['a dot in a label', [label('a.b'), label('t')]],
  ['a dot alone', [label('.'), label('t')]],
  ['dots at the ends', [label('.a.'), label('.t.')]],
  ['a backslash', [label('a\\b'), label('t')]],
  ['a backslash at the end of a label', [label('a\\'), label('t')]],
  ['an escape', [label('\\046'), label('t')]],
  ['NUL', [label(0), label('t')]],
  ['a line end before a dot', [label('a\n'), label('b\r\n'), label('t')]],
  ['spaces', [label(' a '), label('t')]],
  ['DEL and C1', [label(0x7f, 0x80, 0x9f), label('t')]],
  ['question marks', [label('??'), label('t')]],
  ['the longest labels', [label('x'.repeat(63)), label('\u00fc'.repeat(31)), label(...Array<number>(63).fill(0xff))]],
  ['the longest name', Array.from({ length: 63 }, (_, i) => label(0x80 + i, '.y'))],
  ['every octet', Array.from({ length: 4 }, (_, i) => label(...Array.from({ length: 60 }, (_, j) => 60 * i + j)))],
];

const wire = (labels: Buffer[]): Buffer =>
  Buffer.concat([...labels.flatMap((each) => [Buffer.of(each.length), each]), Buffer.of(0)]);

/** A query for A with EDNS and a payload size of 1,232. */
const queryOf = (name: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('123401000001000000000001', 'hex'),
    name,
    Buffer.from('00010001', 'hex'),
    Buffer.from('00002904d0000000000000', 'hex'),
  ]);

/** Reads the name at `at` of a message, whose pointers it follows. */
function nameAt(message: Buffer, at: number): { name: Buffer; end: number } {
  const labels: Buffer[] = [];
  let end = 0;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) {
      end ||= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
    } else if (length === 0) return { name: wire(labels), end: end || at + 1 };
    else {
      labels.push(message.subarray(at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
}

describe('names of any octets come back as they were sent', () => {
  for (const [library, handler] of echoes) {
    describe(library, () => {
      let server: Server;
      let port: number;
      before(async () => ({ server, port } = await serve({ workers: 0, handler })));
      after(() => server.close());

      for (const [what, labels] of names) {
        it(what, async () => {
          const sent = wire(labels);
          const answered = await udpExchange(queryOf(sent), port);
          assert.ok(answered);
          const { reply } = answered;
          const isLongest = what === 'the longest name' || what === 'the longest labels' || what === 'every octet';
          const first = nameAt(reply, 12);
          assert.deepEqual(first.name, sent, 'the question');
          // Nothing is below a name that has as many octets as a name may have.
          if (isLongest && wire([label('www'), ...labels]).length > 255) {
            assert.equal(reply[3] & 0x0f, 2);
            return;
          }
          assert.equal(reply[3] & 0x0f, 0, 'NOERROR');
          const a = nameAt(reply, first.end + 4);
          assert.deepEqual(a.name, sent, 'the owner of A');
          const cname = nameAt(reply, a.end + 10 + 4);
          assert.deepEqual(cname.name, wire([label('www'), ...labels]), 'the owner of CNAME');
          assert.deepEqual(nameAt(reply, cname.end + 10).name, sent, 'the data of CNAME');
        });
      }
    });
  }

  it('dns-packet sees UTF-8 as text', async () => {
    const seen: (string | undefined)[] = [];
    const handler = fromDnsPacket(({ questions }: DecodedPacket) => {
      seen.push(questions?.[0].name);
      return { type: 'response' };
    });
    const { server, port } = await serve({ workers: 0, handler });
    await udpExchange(queryOf(wire([label('bücher'), label('t')])), port);
    await server.close();
    assert.deepEqual(seen, ['bücher.t']);
  });
});
