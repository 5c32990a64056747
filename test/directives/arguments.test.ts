/** Arguments that CoreDNS takes, though they are odd: they are taken here too, and warned of where they have no effect. */
import assert from 'node:assert/strict';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import '../../dist/directives/index.js';

function read(lines: string, key = '.'): { config: Record<string, unknown>; warnings: string[] } {
  const { blocks, warnings } = loadCorefile(`${key} {\n${lines}\n}`, { environment: {} });
  const [config] = blocks[0].directives.map((directive) => directive.config);
  const warned = warnings.map(({ message }) => message.replace(/^.*Warning: /, ''));
  return { config: (Array.isArray(config) ? config[0] : config) as Record<string, unknown>, warnings: warned };
}
const zonesOf = (text: string): unknown => read(`acl ${text} {\n block\n}`).config.zones;
const reloadOf = (text: string): unknown => read(`hosts f {\n reload ${text}\n}`).config.reload;
const idleOf = (text: string): unknown => read(`forward . 192.0.2.1 {\n max_idle_conns ${text}\n}`).config.maxIdleConns;

describe('arguments of directives', () => {
  it('that name zones may have a transport and a port', () => {
    assert.deepEqual(zonesOf('dns://Example.ORG:53 tls://a b:853 10.0.0.0/23'), [
      'example.org',
      'a',
      'b',
      '0.0.10.in-addr.arpa',
      '1.0.10.in-addr.arpa',
    ]);
  });

  for (const name of ['a..b', '.x', '""', 'x:', '::1/64', `${'x'.repeat(64)}.test`]) {
    it(`that name zones are passed over if they are invalid: ${name.slice(0, 9)}`, () => {
      for (const lines of [
        `acl ${name} {\n block\n}`,
        `hosts f ${name}`,
        `cache 5 ${name}`,
        `file f ${name}`,
        `log ${name} a`,
      ]) {
        if (lines.startsWith('log ""')) continue; // the root
        const { config, warnings } = read(lines);
        assert.deepEqual(config.zones, lines.startsWith('log') ? ['a'] : [], lines);
        assert.ok(
          warnings.some((warning) => /^plugin\/\w+: the zone ".*" is ignored: /.test(warning)),
          lines,
        );
      }
      const { config, warnings } = read(`template IN A {\n fallthrough ${name} b\n}`);
      assert.deepEqual(config.fallthrough, ['b']);
      assert.equal(warnings.length, 1);
    });
  }

  const durations: [string, number][] = [
    ['1h30m', 5_400_000],
    ['.5s', 500],
    ['1.s', 1000],
    ['1µs', 1],
    ['1μs', 1],
    ['1us', 1],
    ['1ns', 1],
    ['0', 0],
    ['-0s', 0],
    ['+2s', 2000],
    ['1h0m10.5s', 3_610_500],
    ['9000h', 2 ** 31 - 1],
  ];
  for (const [text, expected] of durations)
    it(`${text} is a duration of ${expected} ms`, () => {
      assert.equal(reloadOf(text), expected);
    });
  for (const text of ['5', '1d', 's', '.s', '1S', '1e3s', '0x1s', '""', '-1s', '2562048h', '1s5', '"1 s"'])
    it(`${text} is no duration of a reload`, () => {
      assert.throws(() => reloadOf(text), { code: 'ERR_MULTISOCKET_COREFILE', line: 3, message: /duration/ });
    });

  const numbers: [string, number][] = [
    ['0', 0],
    ['-0', 0],
    ['+3', 3],
    ['010', 10],
    ['9223372036854775807', 2 ** 31 - 1],
  ];
  for (const [text, expected] of numbers)
    it(`${text} is the number ${expected}`, () => {
      assert.equal(idleOf(text), expected);
    });
  for (const text of ['-1', '1.5', '1e3', '0x10', '1_000', '""', '9223372036854775808'])
    it(`${text} is no number of connections`, () => {
      assert.throws(() => idleOf(text), { code: 'ERR_MULTISOCKET_COREFILE', line: 3, message: /number/ });
    });

  it('may be negative where CoreDNS takes that for none, or for the least', () => {
    assert.equal(read('health :0 {\n lameduck -5s\n}').config.lameduck, 0);
    assert.deepEqual((read('errors {\n consolidate -1s a\n}').config.consolidate as { period: number }[])[0].period, 0);
    assert.equal(read('cache {\n prefetch 1 -1s\n success -1\n denial -1\n}').config.capacity, 2 * 1024);
  });

  const warned: [string, string][] = [
    ['bind 127.0.0.1 {\n except 127.0.0.1\n}', 'plugin/bind: no address is left: the server block is served nowhere'],
    [
      'forward . 192.0.2.1 {\n doh_method GET\n}',
      'plugin/forward: doh_method has no effect: no upstream is asked by HTTPS',
    ],
    ['rewrite name a..b c', 'plugin/rewrite: the rule never holds: "a..b" is not a valid name'],
    ['cache {\n success 1 2 3 4\n}', 'plugin/cache: ignored: 4'],
    ['file a b\nfile c b', 'plugin/file: the zone b is ignored: a later file has it'],
  ];
  for (const [lines, warning] of warned)
    it(`are warned of: ${JSON.stringify(lines)}`, () => {
      assert.deepEqual(read(lines).warnings, [warning]);
    });

  it('of the server block that no address is left for are served nowhere', () => {
    const { addresses } = loadCorefile('. {\n bind ::1 {\n except ::1\n }\n}\na:5 {\n}', { environment: {} });
    assert.deepEqual(
      addresses.map(({ port }) => port),
      [5],
    );
  });

  it('name ports that are left out: any that is free', () => {
    assert.deepEqual(read('health 127.0.0.1:').config.address, { host: '127.0.0.1', port: 0 });
    assert.deepEqual(read('ready :').config.address, { host: '', port: 0 });
  });

  it('name response codes as Go has them', () => {
    assert.equal(read('template IN A {\n rcode NOTIMPL\n}').config.rcode, 'NOTIMP');
    assert.deepEqual(read('forward . 192.0.2.1 {\n next badsig notimpl\n}').config.next, ['BADVERS', 'NOTIMP']);
  });

  for (const lines of ['template in A', 'template IN a', 'template IN A {\n rcode nxdomain\n}'])
    it(`name types, classes and codes of template in capitals: ${JSON.stringify(lines)}`, () => {
      assert.throws(() => read(lines), { code: 'ERR_MULTISOCKET_COREFILE' });
    });
});

describe('a Corefile that CoreDNS takes', () => {
  const load = (text: string): ReturnType<typeof loadCorefile> => loadCorefile(text, { environment: { X: 'a b' } });
  const zones = (text: string): string[] => load(text).blocks.flatMap((block) => block.zones.map(({ zone }) => zone));

  it('may have blocks without a key', () => {
    for (const text of ['{\n whoami\n}', '"" {\n whoami\n}', '{$NONE} {\n whoami\n}']) {
      const { warnings } = load(`${text}\nb {\n}`);
      assert.deepEqual(
        warnings.map(({ message }) => message),
        ['Corefile:1 - Warning: a server block without a key has no effect'],
      );
      assert.deepEqual(zones(`${text}\nb {\n}`), ['b']);
      assert.throws(() => load('{\n nope\n}'), /Unknown directive 'nope'/);
    }
  });

  it('may close a block that has no brace', () => {
    assert.deepEqual(zones('a\nwhoami\n}\nb {\n}'), ['a', 'b']);
  });

  it('may have white space in a key', () => {
    assert.deepEqual(zones('x.{$X} {\n}'), ['x.a\\032b']);
  });
});
