import assert from 'node:assert/strict';
import { encodeData } from '../../dist/zone/same-data.js';
import { ZoneData } from '../../dist/zone/zone-data.js';

const A = 1;
const SOA = 6;

/** An RRset with one address. */
function address(last: number): { type: number; ttl: number; rdata: Buffer[] } {
  return { type: A, ttl: 60, rdata: [encodeData(A, 'A', `192.0.2.${last}`)] };
}

function zone(): ZoneData {
  const data = new ZoneData('example.org');
  const soa = { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 };
  data.replace('example.org', [{ type: SOA, ttl: 60, rdata: [encodeData(SOA, 'SOA', soa)] }]);
  return data;
}

describe('the data of a zone', () => {
  it('have a name as long as it or one below it has records', () => {
    const data = zone();
    const exist = (): boolean[] =>
      ['c.b.a', 'b.a', 'a', 'x.a'].map((name) => data.names.at(`${name}.example.org`) !== undefined);
    assert.deepEqual(exist(), [false, false, false, false]);
    data.replace('c.b.a.example.org', [address(1)]);
    assert.deepEqual(exist(), [true, true, true, false]);
    data.replace('x.a.example.org', [address(2)]);
    data.replace('c.b.a.example.org', []);
    assert.deepEqual(exist(), [false, false, true, true]);
    data.replace('a.example.org', [address(3)]);
    data.replace('x.a.example.org', []);
    assert.deepEqual(exist(), [false, false, true, false]);
    data.replace('a.example.org', []);
    assert.deepEqual(exist(), [false, false, false, false]);
    assert.equal(data.size, 1);
  });

  it('take no memory, once compacted, for names and records that have gone', () => {
    let data = zone();
    data.replace('stays.deep.example.org', [address(1)]);
    for (let i = 0; i < 1000; i++) {
      data.replace(`host${i}.example.org`, [address(i % 256)]);
      data.replace(`host${i}.example.org`, []);
    }
    assert.equal(data.names.count, 1003);
    const records = [...data.records()];
    data = data.compacted();
    assert.equal(data.names.count, 3);
    assert.ok(data.sets.size < 100);
    assert.deepEqual([...data.records()], records);
    assert.equal(data.size, 2);
  });

  it('finds each of many names, with labels of any octets', () => {
    const data = zone();
    const names = Array.from(
      { length: 2000 },
      (_, i) => `\\${String(i % 33).padStart(3, '0')}h${i}.x\\.${i % 7}.example.org`,
    );
    for (const [i, name] of names.entries()) data.replace(name, [address(i % 256)]);
    for (const name of names) {
      const node = data.names.at(name);
      assert.ok(node !== undefined, name);
      assert.equal(data.names.nameOf(node), name);
    }
    assert.equal([...data.records()].length, 2001);
  });
});
