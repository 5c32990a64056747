import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameInput } from '../../../dist/worker/stream/frame-input.js';
import { FrameOutput } from '../../../dist/worker/stream/frame-output.js';

const here = ({ bytes, start, end }: FrameInput): string => bytes.toString('hex', start, end);

describe('what a stream has brought', () => {
  it('is not copied when nothing else is there', () => {
    const input = new FrameInput();
    const chunk = Buffer.from('0102', 'hex');
    input.push(chunk, 0);
    assert.equal(input.bytes, chunk);
    input.consume(2, 0);
    const next = Buffer.from('0304', 'hex');
    input.push(next, 0);
    assert.equal(input.bytes, next);
    assert.equal(here(input), '0304');
  });

  it('does not change the chunks that it was given', () => {
    const input = new FrameInput();
    const chunks = [Buffer.from('0102', 'hex'), Buffer.from('0304', 'hex')];
    for (const chunk of chunks) input.push(chunk, 0);
    input.push(Buffer.from('05', 'hex'), 0);
    assert.equal(here(input), '0102030405');
    assert.deepEqual(
      chunks.map((chunk) => chunk.toString('hex')),
      ['0102', '0304'],
    );
  });

  it('is there since its first byte came, or since what was before it was taken', () => {
    const input = new FrameInput();
    assert.equal(input.startedAt, undefined);
    input.push(Buffer.alloc(4), 10);
    input.push(Buffer.alloc(4), 20);
    assert.equal(input.startedAt, 10);
    input.consume(6, 30);
    assert.equal(input.startedAt, 30);
    input.consume(8, 40);
    assert.equal(input.startedAt, undefined);
    input.push(Buffer.alloc(1), 50);
    assert.equal(input.startedAt, 50);
  });

  it('is all that was pushed and not taken, however it is cut', () => {
    const step = fc.tuple(fc.uint8Array({ maxLength: 50 }), fc.nat(60));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const input = new FrameInput();
        let expected = '';
        for (const [chunk, taken] of steps) {
          input.push(Buffer.from(chunk), 0);
          expected += Buffer.from(chunk).toString('hex');
          assert.equal(here(input), expected);
          const take = Math.min(taken, input.end - input.start);
          input.consume(input.start + take, 0);
          expected = expected.slice(2 * take);
          assert.equal(here(input), expected);
        }
      }),
    );
  });

  it('is moved seldom when it comes in single bytes', () => {
    const input = new FrameInput();
    const buffers = new Set<Buffer>();
    for (let i = 0; i < 10_000; i++) {
      input.push(Buffer.from([i & 255]), 0);
      buffers.add(input.bytes);
    }
    assert.equal(input.end - input.start, 10_000);
    assert.ok(buffers.size <= 15, `${buffers.size} times`);
  });
});

describe('replies of one read', () => {
  const put = (output: FrameOutput, message: Buffer): void => {
    message.copy(output.bytes, output.next);
    output.add(message.length);
  };

  it('are taken together, each behind its length (RFC 7766 s.8)', () => {
    const output = new FrameOutput();
    assert.equal(output.take(), undefined);
    put(output, Buffer.from('abc'));
    put(output, Buffer.alloc(300, 7));
    assert.equal(output.take()!.toString('hex'), `0003616263012c${'07'.repeat(300)}`);
    assert.equal(output.take(), undefined);
  });

  it('are taken as a copy', () => {
    const output = new FrameOutput();
    put(output, Buffer.from('abc'));
    const taken = output.take()!;
    put(output, Buffer.from('xyz'));
    assert.equal(taken.toString('latin1', 2), 'abc');
  });

  it('have room for one more of the longest until they are full', () => {
    const output = new FrameOutput();
    const longest = Buffer.alloc(65535, 1);
    const fill = (): number => {
      let count = 0;
      for (; !output.full; count++) put(output, longest);
      return count;
    };
    assert.equal(fill(), 4);
    assert.equal(output.take()!.length, 4 * 65537);
    put(output, Buffer.alloc(1));
    assert.equal(fill(), 3);
  });
});
