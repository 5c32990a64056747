import assert from 'node:assert/strict';
import { loadCorefile } from '../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../dist/corefile/registry.js';
import { multisocket } from '../../dist/directives/multisocket/setup.js';
import { usableCpus } from '../../dist/socket/cpus.js';

const registry = new DirectiveRegistry();
registry.register(multisocket);
const sockets = (text: string): number => loadCorefile(text, { registry, environment: {} }).addresses[0].sockets;

describe('multisocket', () => {
  it('takes the number of sockets', () => {
    assert.equal(sockets('. {\n multisocket 5\n}'), 5);
    assert.equal(sockets('. {\n multisocket 1\n}'), 1);
    assert.equal(sockets('. {\n multisocket 1024\n}'), 1024);
    assert.equal(sockets('. {\n multisocket +07\n}'), 7);
  });

  it('is the usable CPUs without a number', () => {
    assert.equal(sockets('. {\n multisocket\n}'), usableCpus());
  });

  const wrong = 'Wrong argument count or unexpected line ending after';
  const faults: [string, number, string][] = [
    ['multisocket text', 3, 'invalid num sockets: "text" is not an integer'],
    ['multisocket 2.5', 3, 'invalid num sockets: "2.5" is not an integer'],
    ['multisocket 0x10', 3, 'invalid num sockets: "0x10" is not an integer'],
    ['multisocket ""', 3, 'invalid num sockets: "" is not an integer'],
    ['multisocket 0', 3, 'num sockets can not be zero or negative: 0'],
    ['multisocket -1', 3, 'num sockets can not be zero or negative: -1'],
    ['multisocket 1025', 3, 'num sockets exceeds maximum (1024): 1025'],
    ['multisocket 99999999999999999999', 3, 'num sockets exceeds maximum (1024): 99999999999999999999'],
    ['multisocket 2 2', 3, `${wrong} '2'`],
    ['multisocket 2\n multisocket 2', 4, `${wrong} '2'`],
    ['multisocket\n multisocket', 4, `${wrong} 'multisocket'`],
    ['multisocket 2 {\n }', 3, "Unexpected token '{', expecting argument"],
    ['multisocket {\n }', 3, "Unexpected token '{', expecting argument"],
  ];
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => sockets(`# comment\n. {\n ${text}\n}`), {
        code: 'ERR_MULTISOCKET_COREFILE',
        file: 'Corefile',
        line,
        message: `plugin/multisocket: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }
});
