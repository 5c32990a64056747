import assert from 'node:assert/strict';
import { recommendSockets } from 'multisocket';

describe('recommendSockets()', () => {
  // The first two are the examples of CoreDNS's documentation.
  for (const [cpuUsed, cpuAvailable, sockets] of [
    [4, 8, 2],
    [8, 64, 8],
    [1, 1, 1],
    [3, 8, 2],
    [1.5, 1, 1],
    [0.2, 0.6, 3],
    [0.001, 512, 1024],
  ]) {
    it(`uses ${cpuUsed} of ${cpuAvailable}: ${sockets}`, () => {
      assert.equal(recommendSockets({ cpuUsed, cpuAvailable }), sockets);
    });
  }

  it('takes numbers of CPUs only', () => {
    for (const [cpuUsed, cpuAvailable, option] of [
      [0, 1, 'cpuUsed'],
      [-1, 1, 'cpuUsed'],
      [1, NaN, 'cpuAvailable'],
      [1, Infinity, 'cpuAvailable'],
    ] as const) {
      assert.throws(() => recommendSockets({ cpuUsed, cpuAvailable }), {
        code: 'ERR_OUT_OF_RANGE',
        message: new RegExp(option),
      });
    }
    const text = '4' as unknown as number;
    assert.throws(() => recommendSockets({ cpuUsed: text, cpuAvailable: 8 }), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
