import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../dist/corefile/registry.js';
import { bind } from '../../dist/directives/bind/setup.js';

const registry = new DirectiveRegistry();
registry.register(bind);
const addresses = (lines: string): string[] =>
  loadCorefile(`. {\n ${lines}\n}`, { registry, environment: {} }).addresses.map(({ address }) => address);

const [loopback, onLoopback = []] = Object.entries(networkInterfaces()).find(([, list]) => list?.[0]?.internal) ?? [''];
const loopbackAddresses = onLoopback.map(({ address }) => address);

describe('bind', () => {
  it('takes addresses, over all its uses', () => {
    assert.deepEqual(addresses('bind 1.2.3.4 ::5'), ['1.2.3.4', '::5']);
    assert.deepEqual(addresses('bind ::1 1.2.3.4\n bind 127.9.9.0'), ['::1', '1.2.3.4', '127.9.9.0']);
  });

  it('writes IPv6 addresses in one way', () => {
    assert.deepEqual(addresses('bind 2001:DB8:0:0::0001'), ['2001:db8::1']);
  });

  it('takes interfaces for their addresses', () => {
    assert.deepEqual(addresses(`bind 1.2.3.4 ${loopback}`), ['1.2.3.4', ...loopbackAddresses]);
  });

  it('leaves out the exceptions of the same use', () => {
    assert.deepEqual(addresses('bind 1.2.3.4 1.2.3.5 {\n except 1.2.3.4\n }\n bind 1.2.3.4'), ['1.2.3.5', '1.2.3.4']);
    assert.deepEqual(addresses(`bind 1.2.3.4 ${loopback} {\n except ${loopback}\n }`), ['1.2.3.4']);
    assert.deepEqual(addresses('bind ::1 ::2 ::3 {\n except 0::1\n except ::2\n }'), ['::3']);
  });

  const faults: [string, number, string][] = [
    ['bind', 2, 'at least one address or interface name is expected'],
    ['bind {\n except ::1\n }', 2, 'at least one address or interface name is expected'],
    ['bind 1.2.3.invalid', 2, 'not a valid IP address or interface name: "1.2.3.invalid"'],
    ['bind ::1 1.2.3.4 noone', 2, 'not a valid IP address or interface name: "noone"'],
    ['bind toString', 2, 'not a valid IP address or interface name: "toString"'],
    ['bind fe80::1%noone', 2, 'not a valid IP address or interface name: "fe80::1%noone"'],
    ['bind ::1 {\n except\n }', 3, 'at least one address or interface must be given to except subdirective'],
    ['bind ::1 {\n except noone\n }', 3, 'not a valid IP address or interface name: "noone"'],
    ['bind ::1 {\n other\n }', 3, 'invalid option "other"'],
    ['bind ::1 {\n except ::2 {\n }\n }', 3, "Unexpected token '{', expecting argument"],
  ];
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => addresses(text), {
        code: 'ERR_MULTISOCKET_COREFILE',
        file: 'Corefile',
        line,
        message: `plugin/bind: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }
});
