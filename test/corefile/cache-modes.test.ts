import assert from 'node:assert/strict';
import { cacheModes } from '../../dist/corefile/cache-modes.js';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../dist/corefile/registry.js';
import '../../dist/directives/index.js';

/** What keeps the cache of each block from being native; `native` when nothing does. */
function modesOf(text: string): (string | undefined)[] {
  const modes = cacheModes(loadCorefile(text, { environment: {} }));
  return modes.map((mode) => mode && (mode.chain ?? 'native'));
}

describe('the mode of cache', () => {
  it('is native where nothing before it sees the query, whatever comes after it', () => {
    assert.deepEqual(modesOf('. {\n cache\n whoami\n}\na {\n whoami\n}'), ['native', undefined]);
    const ahead =
      'multisocket 2\n bind 127.0.0.1\n reload\n ready :0\n health :0\n timeouts {\n idle 5s\n }\n errors\n any';
    assert.deepEqual(modesOf(`. {\n ${ahead}\n cache\n}`), ['native']);
    assert.deepEqual(modesOf('. {\n cache\n header {\n response set ra\n }\n loop\n forward . 127.0.0.1\n}'), [
      'native',
    ]);
  });

  const seeing: [string, string][] = [
    ['log', 'log'],
    ['acl {\n block net 192.0.2.0/24\n }', 'acl'],
    ['prometheus :0', 'prometheus'],
    ['rewrite name a b', 'rewrite'],
    ['loadbalance', 'loadbalance'],
    ['bufsize 512', 'bufsize'],
  ];
  for (const [directive, name] of seeing) {
    it(`is the chain behind ${name}, for that block alone`, () => {
      const corefile = `. {\n errors\n ${directive}\n cache\n}\na {\n cache\n}`;
      assert.deepEqual(modesOf(corefile), [`${name} sees each query`, 'native']);
    });
  }

  it('is the chain behind a directive that does not say otherwise', () => {
    const registry = new DirectiveRegistry();
    for (const [name, seesCached] of [
      ['one', undefined],
      ['two', false],
      ['cache', undefined],
    ] as const) {
      const sees = seesCached === undefined ? {} : { seesCached };
      registry.register({ name, before: undefined, setup: { configure: () => 0, start: () => ({}), ...sees } });
    }
    // `cache` has a place of its own, and what has none comes last.
    registry.register({ name: 'three', before: 'cache', setup: { configure: () => 0, start: () => ({}) } });
    registry.register({ name: 'four', before: 'cache', setup: { configure: () => 0 } });
    const load = (text: string): (string | undefined)[] =>
      cacheModes(loadCorefile(text, { registry, environment: {} }), registry).map((mode) => mode?.chain ?? 'native');
    assert.deepEqual(load('. {\n one\n two\n four\n cache\n}'), ['native']);
    assert.deepEqual(load('. {\n three\n cache\n}'), ['three sees each query']);
  });

  it('is the chain where the addresses of a block do not have the same zones', () => {
    const other = 'its addresses have other zones';
    assert.deepEqual(modesOf('. {\n bind 127.0.0.1 ::1\n cache\n}'), ['native']);
    assert.deepEqual(modesOf('.:53 .:54 {\n cache\n}\na:54 {\n}'), [other, undefined]);
    assert.deepEqual(modesOf('a:53 b:54 {\n cache\n}'), [other]);
  });

  it('is the chain where an address would have too many', () => {
    const blocks = (count: number): string => Array.from({ length: count }, (_, i) => `z${i} {\n cache\n}\n`).join('');
    assert.deepEqual(new Set(modesOf(blocks(4))), new Set(['native']));
    const many = 'more than 4 server blocks of an address have one';
    assert.deepEqual(modesOf(`${blocks(5)}other:54 {\n cache\n}`), [many, many, many, many, many, 'native']);
  });
});
