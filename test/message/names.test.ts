import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WireReader } from '../../dist/dns/reader.js';
import { udpExchange } from '../support/clients.js';
import { serve } from '../support/server.js';

const octet = fc.oneof(
  fc.integer({ min: 0, max: 255 }),
  fc.constantFrom(0x2e, 0x5c, 0x20, 0x22, 0x41, 0x00, 0xc3, 0xff),
);
const label = fc.array(octet, { minLength: 1, maxLength: 63 }).map((octets) => Buffer.from(octets));
const name = fc
  .array(label, { maxLength: 6 })
  .map((labels) => Buffer.concat([...labels.flatMap((part) => [Buffer.of(part.length), part]), Buffer.of(0)]))
  .filter(({ length }) => length <= 255);

function query(wireName: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), wireName, Buffer.from([0, 1, 0, 1])]);
}

/** The names of the records behind the question, uncompressed, as hexadecimal digits. */
function owners(reply: Buffer): string[] {
  const hex: string[] = [];
  const reader = new WireReader(reply, 12, reply.length, (part) => `${part.length}:${part.toString('hex')}`);
  reader.name();
  reader.at += 4;
  for (let left = reply.readUInt16BE(6); left > 0; left--) {
    hex.push(reader.name());
    reader.at += 8;
    reader.at += 2 + reply.readUInt16BE(reader.at);
  }
  return hex;
}

describe('names of any octets', () => {
  it('come back as they were sent, from query.name, query.message and in data', async function () {
    this.timeout(60_000);
    const { server, port, warnings } = await serve({
      workers: 0,
      sockets: 1,
      handler: (asked, reply) => {
        const [question] = asked.message.questions!;
        const rest = { type: 'CNAME' as const, ttl: 1 };
        reply.answer({ ...rest, name: asked.name, data: asked.name });
        reply.answer({ ...rest, name: question.name, data: question.name });
      },
    });
    await fc.assert(
      fc.asyncProperty(name, async (wireName) => {
        const sent = query(wireName);
        const { reply } = (await udpExchange(sent, port))!;
        assert.equal(reply[3] & 15, 0);
        assert.deepEqual(reply.subarray(12, sent.length), sent.subarray(12));
        const [expected] = owners(
          Buffer.concat([
            sent.subarray(0, 6),
            Buffer.from([0, 1, 0, 0, 0, 0]),
            sent.subarray(12),
            wireName,
            Buffer.alloc(10),
          ]),
        );
        assert.deepEqual(owners(reply), [expected, expected]);
      }),
      { numRuns: 300 },
    );
    assert.deepEqual(warnings, []);
    await server.close();
  });
});
