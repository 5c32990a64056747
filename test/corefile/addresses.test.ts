import assert from 'node:assert/strict';
import { loadCorefile, type Corefile } from '../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../dist/corefile/registry.js';
import type { TimeoutSettings } from '../../dist/corefile/listen-settings.js';
import { bind } from '../../dist/directives/bind/setup.js';
import { multisocket } from '../../dist/directives/multisocket/setup.js';

const registry = new DirectiveRegistry();
registry.register(bind);
registry.register(multisocket);
registry.register<TimeoutSettings>({
  name: 'timeouts',
  setup: { configure: ([use]) => ({ read: Number(use.arguments(1)[0]) }), listen: (timeouts) => ({ timeouts }) },
});

const load = (text: string): Corefile => loadCorefile(text, { registry, environment: {} });

/** `transport://address:port sockets: zone@block ...` of each address. */
const shown = (text: string): string[] =>
  load(text).addresses.map(
    ({ transport, address, port, sockets, zones }) =>
      `${transport}://${address}:${port} ${sockets}: ${zones.map(({ zone, block }) => `${zone}@${block}`).join(' ')}`,
  );
const warnings = (text: string): string[] => load(text).warnings.map(({ message }) => message);

describe('the addresses of a Corefile', () => {
  it('are all of the host without bind, with one socket without multisocket', () => {
    assert.deepEqual(shown('. {\n}'), ['dns://:53 1: .@0']);
  });

  it('have one entry each for the transports and ports of a block, which multisocket holds for', () => {
    assert.deepEqual(shown('a, tls://b, c:1053 10.0.0.0/15 {\n multisocket 5\n}'), [
      'dns://:53 5: a@0 0.10.in-addr.arpa@0 1.10.in-addr.arpa@0',
      'tls://:853 5: b@0',
      'dns://:1053 5: c@0',
    ]);
  });

  it('are as many as bind names, each with all its sockets', () => {
    assert.deepEqual(shown('. {\n bind 127.0.0.1 ::1\n multisocket 3\n}'), [
      'dns://127.0.0.1:53 3: .@0',
      'dns://::1:53 3: .@0',
    ]);
    assert.deepEqual(shown('. {\n bind 127.0.0.1\n bind ::1\n}'), ['dns://127.0.0.1:53 1: .@0', 'dns://::1:53 1: .@0']);
  });

  it('are shared by the blocks that name them, in whatever spelling', () => {
    assert.deepEqual(shown('a {\n bind ::1\n}\nb {\n bind 0:0::0001\n}'), ['dns://::1:53 1: a@0 b@1']);
  });

  it('take the number of sockets from their first block, and warn of what later ones say', () => {
    const text = 'a {\n multisocket 2\n}\nb {\n multisocket 3\n}\nc {\n multisocket 2\n}\nd {\n}';
    assert.deepEqual(shown(text), ['dns://:53 2: a@0 b@1 c@2 d@3']);
    assert.deepEqual(warnings(text), [
      'Corefile:5 - Warning: plugin/multisocket: 3 ignored for dns://:53, which has 2 from the server block at Corefile:1',
    ]);
    const [warning] = load(text).warnings;
    assert.deepEqual([warning.file, warning.line], ['Corefile', 5]);
  });

  it('have one socket when their first block has no multisocket', () => {
    const text = 'a {\n}\nb {\n multisocket 3\n}\nc {\n multisocket 1\n}';
    assert.deepEqual(shown(text), ['dns://:53 1: a@0 b@1 c@2']);
    assert.deepEqual(warnings(text), [
      'Corefile:4 - Warning: plugin/multisocket: 3 ignored for dns://:53, which has 1 from the server block at Corefile:1',
    ]);
  });

  it('may have different numbers of sockets', () => {
    const text =
      'a {\n bind 127.0.0.1\n multisocket 2\n}\na {\n bind 127.0.0.2\n multisocket 3\n}\na:1053 {\n multisocket 4\n}';
    assert.deepEqual(shown(text), ['dns://127.0.0.1:53 2: a@0', 'dns://127.0.0.2:53 3: a@1', 'dns://:1053 4: a@2']);
    assert.deepEqual(warnings(text), []);
  });

  it('have a warning each if a value has no effect for some only', () => {
    const text = 'a {\n bind 127.0.0.1\n multisocket 2\n}\nb {\n bind 127.0.0.1 127.0.0.2\n multisocket 3\n}';
    assert.deepEqual(shown(text), ['dns://127.0.0.1:53 2: a@0 b@1', 'dns://127.0.0.2:53 3: b@1']);
    assert.deepEqual(warnings(text), [
      'Corefile:7 - Warning: plugin/multisocket: 3 ignored for dns://127.0.0.1:53, which has 2 from the server block at Corefile:1',
    ]);
  });

  it('take timeouts from the first block that has any', () => {
    const text = 'a {\n}\nb {\n timeouts 5\n}\nc {\n timeouts 6\n}\nd {\n timeouts 5\n}';
    assert.deepEqual(load(text).addresses[0].timeouts, { read: 5 });
    assert.deepEqual(warnings(text), [
      'Corefile:7 - Warning: plugin/timeouts: ignored for dns://:53, which has that of the server block at Corefile:3',
    ]);
  });

  const faults: [string, string, number, string][] = [
    ['a zone twice in a block', '. . {\n}', 1, 'cannot serve dns://.:53 - it is already defined'],
    [
      'a zone twice in different spelling',
      'A.org {\n}\na.ORG. {\n}',
      3,
      'cannot serve dns://a.org.:53 - it is already defined',
    ],
    ['a zone twice in two blocks', '.:53 {\n}\ndns://. {\n}', 3, 'cannot serve dns://.:53 - it is already defined'],
    [
      'a zone twice by its network',
      '10.0.0.0/8 {\n}\n10.in-addr.arpa {\n}',
      3,
      'cannot serve dns://10.in-addr.arpa.:53 - it is already defined',
    ],
    [
      'a zone twice on one address',
      'a {\n bind ::1\n}\na {\n bind 127.0.0.1 ::1\n}',
      4,
      'cannot serve dns://a.:53 on ::1 - it is already defined',
    ],
    ['an address twice', 'a {\n bind ::1 ::1\n}', 1, 'cannot serve dns://a.:53 on ::1 - it is already defined'],
    [
      'a zone bound after it was unbound',
      'a {\n}\na {\n bind ::1\n}',
      3,
      'cannot serve dns://a.:53 on ::1 - zone overlap listener capacity with dns://a.:53',
    ],
    [
      'a zone unbound after it was bound',
      'a {\n bind ::1\n}\na {\n}',
      4,
      'cannot serve dns://a.:53 - zone overlap listener capacity with dns://a.:53 on ::1',
    ],
  ];
  for (const [what, text, line, message] of faults) {
    it(`refuse ${what}`, () => {
      assert.throws(() => load(text), {
        code: 'ERR_MULTISOCKET_COREFILE',
        file: 'Corefile',
        line,
        message: `Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }

  it('may have a zone once for each transport, port and address', () => {
    const text = 'a tls://a a:54 {\n}\nb {\n bind ::1\n}\nb {\n bind 127.0.0.1\n}';
    assert.equal(load(text).addresses.length, 5);
  });
});
