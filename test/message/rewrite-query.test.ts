import assert from 'node:assert/strict';
import { rewriteQuery } from '../../dist/message/rewrite-query.js';
import { queryBytes } from '../support/clients.js';
import { receiveOne } from '../support/queries.js';

const described = ({ id, name, key, type, class: ofClass, edns, raw }: ReturnType<typeof rewriteQuery>): unknown => ({
  id,
  name,
  key,
  type,
  ofClass,
  edns,
  raw: raw.toString('hex'),
});

describe('a rewritten query', () => {
  const query = receiveOne(queryBytes('WWW.Example.org', 'MX', { id: 7 }));

  it('has the new question, and else what its client sent', () => {
    const {
      id,
      name,
      key,
      type,
      class: ofClass,
    } = rewriteQuery(query, { name: 'Mail.Example.net', type: 1, class: 3 });
    assert.deepEqual([id, name, key, type, ofClass], [7, 'Mail.Example.net', 'mail.example.net', 'A', 'CH']);
    assert.deepEqual([query.name, query.type], ['WWW.Example.org', 'MX']);
  });

  it('stays as it is while others are made, shorter and longer, also from itself', () => {
    const names = ['a', `${'Long.'.repeat(40)}example`, '.', 'CASE.example', '\\000\\255.x'];
    const options = [{ code: 3, data: Buffer.alloc(0) }];
    const rewritten = names.map((name, i) => rewriteQuery(query, { name, ...(i % 2 === 0 ? { options } : {}) }));
    const before = rewritten.map(described);
    for (const [i, one] of rewritten.entries()) {
      for (const name of [...names].reverse()) rewriteQuery(one, { name, type: 28 });
      assert.throws(() => rewriteQuery(one, { name: 'x'.repeat(64) }), Error);
      assert.equal(one.name, names[i]);
    }
    assert.deepEqual(rewritten.map(described), before);
  });
});
