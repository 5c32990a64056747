import assert from 'node:assert/strict';
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { packedImage } from '../../dist/zone/zone-image.js';
import { parseZone, Zone, type Change, type ZoneImage } from '../../dist/zone.js';

const TEXT = `
$TTL 300
@ IN SOA ns hostmaster 7 3600 900 604800 60
@ IN NS ns
ns IN A 192.0.2.53
ns IN AAAA 2001:db8::53
a.b IN MX 10 mail
a\\.\\000.b IN TXT "one" "two"
*.wild IN CNAME ns
${Array.from({ length: 500 }, (_, i) => `host${i} IN A 192.0.2.${i % 256}`).join('\n')}
`;

function zone(): Zone {
  return parseZone(TEXT, { origin: 'example.org' });
}

const add = (name: string): Change => ({ kind: 'add', record: { name, type: 'A', ttl: 60, data: '192.0.2.9' } });

/** All that a zone answers and holds. */
function contents(of: Zone): unknown {
  const questions = ['ns', 'a.b', 'b', 'x.wild', 'none', 'host17'].map((label) =>
    of.lookup(`${label}.example.org`, 'A'),
  );
  return [of.origin, of.serial, of.size, of.soa, [...of.records()], questions];
}

describe('the image of a zone', () => {
  it('makes the same zone on the other side of a message channel, in the same memory', async () => {
    const original = zone();
    const image = original.image();
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(image);
    const [received] = (await once(port2, 'message')) as [ZoneImage];
    port1.close();
    assert.deepEqual(contents(Zone.fromImage(received)), contents(original));
    for (const column of ['heads', 'nodes', 'labels', 'sets', 'octets'] as const) {
      const [before, after] = [image[column], received[column]];
      assert.ok(before.buffer instanceof SharedArrayBuffer, column);
      before[0] ^= 1;
      assert.equal(after[0], before[0], column);
      before[0] ^= 1;
    }
  });

  it('stays as it is when its zone changes, and when a zone made of it does', () => {
    const original = zone();
    const image = original.image();
    const octets = structuredClone([...image.nodes, ...image.heads, ...image.labels, ...image.sets, ...image.octets]);
    const before = contents(original);
    const other = Zone.fromImage(image);
    const third = Zone.fromImage(image);
    for (let i = 0; i < 300; i++) original.update([add(`new${i}.example.org`)]);
    other.update([{ kind: 'deleteName', name: 'ns.example.org' }, add('x.y.z.example.org')]);
    assert.deepEqual([...image.nodes, ...image.heads, ...image.labels, ...image.sets, ...image.octets], octets);
    assert.deepEqual(contents(third), before);
    assert.equal(original.size, 507 + 300);
    assert.equal(other.find('x.y.z.example.org', 'A').length, 1);
    assert.deepEqual(contents(Zone.fromImage(other.image())), contents(other));
    assert.deepEqual(contents(Zone.fromImage(original.image())), contents(original));
  });

  it('is the version of its moment, also between updates', () => {
    const original = zone();
    const versions = Array.from({ length: 5 }, (_, i) => {
      original.update([add(`v${i}.example.org`)]);
      return { image: original.image(), expected: contents(original) };
    });
    for (const { image, expected } of versions) assert.deepEqual(contents(Zone.fromImage(image)), expected);
  });

  it('is the same zone when it is packed, which may be changed too', () => {
    const original = zone();
    const image = original.image();
    const packed = packedImage(image);
    const columns = Object.values(packed).filter((value) => ArrayBuffer.isView(value));
    assert.equal(columns.length, 9);
    assert.equal(new Set(columns.map(({ buffer }) => buffer)).size, 1);
    assert.ok(packed.nodes.buffer.byteLength < 40_000);
    const other = Zone.fromImage(packed);
    assert.deepEqual(contents(other), contents(original));
    const before = contents(Zone.fromImage(packed));
    for (let i = 0; i < 2000; i++) {
      other.update([add(`more${i}.example.org`)]);
      original.update([add(`more${i}.example.org`)]);
    }
    assert.deepEqual(contents(other), contents(original));
    assert.deepEqual(contents(Zone.fromImage(packed)), before);
    assert.deepEqual(contents(Zone.fromImage(packedImage(other.image()))), contents(original));
  });
});
