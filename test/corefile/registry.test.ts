import assert from 'node:assert/strict';
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';
import { CHAIN_ORDER, DirectiveRegistry, knownDirectives } from '../../dist/corefile/registry.js';
import '../../dist/directives/index.js';

const directive = (name: string, before?: string): DirectiveDefinition => ({
  name,
  before,
  setup: { configure: () => null },
});

describe('the directives that there are', () => {
  it('are ordered as in CoreDNS, whatever the order in which they come', () => {
    const registry = new DirectiveRegistry();
    for (const name of ['whoami', 'cache', 'log', 'bind', 'multisocket']) registry.register(directive(name));
    assert.deepEqual(registry.names(), ['multisocket', 'bind', 'log', 'cache', 'whoami']);
  });

  it('take those of a tool where it says, and at the end where it says nothing', () => {
    const registry = new DirectiveRegistry();
    for (const name of CHAIN_ORDER) registry.register(directive(name));
    registry.register(directive('own', 'forward'));
    registry.register(directive('before-own', 'own'));
    registry.register(directive('last'));
    assert.deepEqual(registry.names().slice(-6), ['before-own', 'own', 'forward', 'whoami', 'sign', 'last']);
    assert.equal(registry.get('own')?.name, 'own');
    assert.equal(registry.get('nobody'), undefined);
  });

  it('may stand before one that comes later, and be moved from where CoreDNS has them', () => {
    const registry = new DirectiveRegistry();
    registry.register(directive('own', 'forward'));
    registry.register(directive('whoami', 'own'));
    registry.register(directive('forward'));
    assert.deepEqual(registry.names(), ['whoami', 'own', 'forward']);
  });

  it('are refused when they make no sense', () => {
    const registry = new DirectiveRegistry();
    registry.register(directive('taken'));
    const setup = { configure: () => null };
    const faults: [unknown, string, RegExp][] = [
      [{ name: 1, setup }, 'ERR_INVALID_ARG_TYPE', /"name"/],
      [{ name: 'a' }, 'ERR_INVALID_ARG_TYPE', /"setup"/],
      [{ name: 'a', setup: null }, 'ERR_INVALID_ARG_TYPE', /"setup"/],
      [{ name: 'a', setup: {} }, 'ERR_INVALID_ARG_TYPE', /"setup.configure"/],
      [{ name: 'taken', setup }, 'ERR_INVALID_ARG_VALUE', /already.*'taken'/],
      [{ name: 'a', before: 'nobody', setup }, 'ERR_INVALID_ARG_VALUE', /"before".*'nobody'/],
      [{ name: 'a', before: 'a', setup }, 'ERR_INVALID_ARG_VALUE', /"before"/],
      ...['', 'a b', 'a{', '"a', '#', 'import', '}'].map((name): [unknown, string, RegExp] => [
        { name, setup },
        'ERR_INVALID_ARG_VALUE',
        /"name"/,
      ]),
    ];
    for (const [definition, code, message] of faults) {
      assert.throws(
        () => {
          registry.register(definition as DirectiveDefinition);
        },
        { code, message },
        JSON.stringify(definition),
      );
    }
    assert.deepEqual(registry.names(), ['taken']);
  });

  it('are those of the library in each thread', () => {
    for (const name of ['multisocket', 'bind']) assert.equal(knownDirectives.get(name)?.name, name);
  });
});
