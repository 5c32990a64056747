import assert from 'node:assert/strict';
import { WireReader } from '../../dist/dns/reader.js';
import { RecordCursor } from '../../dist/dns/record-cursor.js';

/** A message of a header and one A record with this owner. */
function recordOf(owner: string): Buffer {
  return Buffer.from(`${'00'.repeat(12)}${owner}000100010000003c0004c0000201`, 'hex');
}

describe('names on the wire', () => {
  const faults: readonly [owner: string, reason: RegExp][] = [
    ['c003', /a name has a pointer into the header/],
    ['0161c00c', /the message ends within a name/],
    ['c00c', /a name has a pointer that does not point backwards/],
    ['40', /a name has an invalid label type/],
    [`3f${'61'.repeat(63)}`.repeat(4) + '00', /a name has more than 255 octets/],
  ];
  for (const [owner, reason] of faults) {
    it(`are refused by all readers: ${owner.slice(0, 20)}`, () => {
      const message = recordOf(owner);
      assert.throws(() => new WireReader(message, 12).name(), reason);
      const cursor = new RecordCursor();
      cursor.begin(message, 12);
      assert.throws(() => {
        cursor.next();
      }, reason);
    });
  }

  it('are the same to all readers', () => {
    const message = recordOf(`035757573f${'61'.repeat(63)}00`);
    const cursor = new RecordCursor();
    cursor.begin(message, 12);
    cursor.next();
    const reader = new WireReader(message, 12);
    assert.equal(cursor.name, reader.name().toLowerCase());
    assert.equal(cursor.at, message.length);
    assert.equal(reader.at, 12 + 4 + 64 + 1);
  });
});
