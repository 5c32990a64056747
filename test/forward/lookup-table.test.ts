/** The questions that `forward` is asking, found by what an upstream would be sent. */
import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { LookupTable, type TableEntry } from '../../dist/forward/lookup-table.js';
import { hashQuestion } from '../../dist/forward/question.js';
import { opt, queryBytes } from '../support/clients.js';
import { receiveOne, type Query } from '../support/queries.js';

class Entry implements TableEntry {
  after: TableEntry | undefined;

  constructor(
    readonly query: Query,
    readonly stream = false,
    readonly hash = hashQuestion(query, stream),
  ) {}
}

function kept(message: Buffer): Query {
  const query = receiveOne(message);
  query.detach();
  return query;
}

describe('forward: the table of lookups', () => {
  it('finds each of 1,000 questions, in any spelling, until it is removed', () => {
    const table = new LookupTable<Entry>();
    const entries = Array.from({ length: 1000 }, (_, i) => new Entry(kept(queryBytes(`name${i}.example`, 'A'))));
    for (const entry of entries) table.add(entry);
    const find = (name: string): Entry | undefined => {
      const query = receiveOne(queryBytes(name, 'A'));
      return table.find(query, false, hashQuestion(query, false));
    };
    for (const [i, entry] of entries.entries()) assert.equal(find(`NAME${i}.eXample`), entry);
    assert.equal(find('name1000.example'), undefined);
    for (const [i, entry] of entries.entries()) if (i % 3 === 0) table.delete(entry);
    for (const [i, entry] of entries.entries()) {
      assert.equal(find(`name${i}.example`), i % 3 === 0 ? undefined : entry);
      assert.ok(i % 3 !== 0 || entry.after === undefined, 'a removed entry points nowhere');
    }
    table.delete(entries[0]);
    assert.equal(find('name1.example'), entries[1]);
  });

  it('tells entries with equal hashes apart', () => {
    const table = new LookupTable<Entry>();
    const entries = Array.from({ length: 10 }, (_, i) => new Entry(kept(queryBytes(`a${i}.example`, 'A')), false, 7));
    for (const entry of entries) table.add(entry);
    for (const entry of entries) assert.equal(table.find(entry.query, false, 7), entry);
    table.delete(entries[4]);
    for (const [i, entry] of entries.entries()) {
      assert.equal(table.find(entry.query, false, 7), i === 4 ? undefined : entry);
    }
    assert.equal(table.find(entries[0].query, true, 7), undefined, 'another transport');
  });

  it('tells questions apart by all that an upstream is sent', () => {
    const subnet = (ip: string): Buffer => {
      const options = [{ code: 8, ip, sourcePrefixLength: 24 }] as never;
      return queryBytes('x.example', 'A', { additionals: [opt(1232, { options })] });
    };
    const messages = [
      queryBytes('x.example', 'A', { flags: 0 }),
      queryBytes('x.example', 'A', { flags: packet.RECURSION_DESIRED }),
      queryBytes('x.example', 'A', { flags: packet.CHECKING_DISABLED }),
      queryBytes('x.example', 'UNKNOWN_65' as never),
      queryBytes('x.example', 'UNKNOWN_97' as never),
      queryBytes('x.example', 'A', { additionals: [opt(1232)] }),
      queryBytes('x.example', 'A', { additionals: [opt(1232, { flags: 0x8000 })] }),
      subnet('192.0.2.0'),
      subnet('198.51.100.0'),
    ];
    const hashes = messages.flatMap((message) => {
      const query = receiveOne(message);
      return [hashQuestion(query, false), hashQuestion(query, true)];
    });
    assert.equal(new Set(hashes).size, hashes.length);
    const queries = messages.map(kept);
    const table = new LookupTable<Entry>();
    for (const query of queries) table.add(new Entry(query, false, 0));
    for (const query of queries) assert.equal(table.find(query, false, 0)?.query, query);
  });
});
